"""Whether a text that a calendar service lists is the one we wrote, given that listings cut long strings."""

#: FindItem cuts strings after 255 UTF-16 units; one less when a surrogate pair would be cut in two.
_CUT_FROM = 254


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, which is how Exchange counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def same_text(expected: str, listed: str) -> bool:
    """Whether ``listed`` is ``expected``, perhaps cut by the listing. Blanks at the ends do not count: services trim them."""
    expected, listed = expected.strip(), listed.strip()
    if expected == listed:
        return True
    return expected.startswith(listed) and utf16_length(listed) >= _CUT_FROM
