"""Makes any text of a timetable or a calendar fit to be shown: one line, no control characters, nothing that cannot be encoded.

Never changes letters: what differs before stays different after, or a report would show two equal sides of a change.
"""

from typing import Final

_PICTURES: Final = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_C1: Final = {code: f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{code:04X}\N{MATHEMATICAL RIGHT ANGLE BRACKET}" for code in range(0x80, 0xA0)}
#: Embeddings, overrides and isolates turn the rest of a line around when nobody closes them (Unicode Annex 9, section 2).
_DIRECTIONS: Final = {
    code: f"\N{MATHEMATICAL LEFT ANGLE BRACKET}U+{code:04X}\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
    for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
#: A lone surrogate cannot be encoded; databases and drivers nevertheless let some through.
_SURROGATES: Final = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_NOT_CHARACTERS: Final = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}

_LINES: Final[dict[int, int | str]] = {
    **_PICTURES,
    **_C1,
    **_DIRECTIONS,
    **_SURROGATES,
    **_NOT_CHARACTERS,
    ord("\t"): " ",
    ord("\n"): "\n",
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n",
}
_ONE_LINE: Final = {**_LINES, **dict.fromkeys((0x0A, 0x85, 0x2028, 0x2029), "\N{RETURN SYMBOL}")}


def legible(text: str) -> str:
    """``text`` on one line: line ends become a sign, control characters their pictures, lone surrogates U+FFFD."""
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_ONE_LINE)


def legible_lines(text: str) -> str:
    """As :func:`legible`, but line ends stay."""
    if text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_LINES)


def encodable(text: str) -> str:
    """``text`` with lone surrogates replaced by U+FFFD and nothing else changed."""
    if text.isascii() or text.isprintable():
        return text
    return text.translate(_SURROGATES)


def shortened(text: str, longest: int) -> str:
    """``text``, or its first ``longest`` characters and how many there were."""
    if len(text) <= longest:
        return text
    return f"{text[:longest].rstrip()}\N{HORIZONTAL ELLIPSIS} ({len(text):,} characters)"
