"""An answer as a text in which patterns may look for what a parser would find. Pure.

A pattern sees letters and no elements: so whatever could make something else of them than they seem leaves the whole answer to the parser.
What is found is taken out, and the rest is parsed as any other answer, which says whether it is whole, and in which namespaces.
"""

#: Within an element any letter but "<" is taken, as all that more costs is paid for each letter; what XML does not know, and line ends
#: other than LF, of which a parser makes LF, are looked for in the whole. https://www.w3.org/TR/xml/#charsets
TEXT = "[^<]*"
#: An attribute's value that no parser reads otherwise.
NAME = r'[^"<&\t\n]+'
#: What a prefix may look like.
PREFIX = r"[A-Za-z_][\w.-]*"

_NOT_TEXT = bytes(set(range(0x20)) - set(b"\t\n"))
_NO_LETTERS = ("\ufffe", "\uffff")


def text_of(content: bytes) -> str:
    """The text of an answer; nothing where it has letters that a parser refuses or reads otherwise."""
    if len(content.translate(None, _NOT_TEXT)) < len(content):
        return ""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if any(letter in text for letter in _NO_LETTERS) or ("]" in text and "]]>" in text) else text


def is_odd(around: str) -> bool:
    """Whether what is left of an answer has comments, sections and the like, which may hold what looks like an event and is none.

    Or another encoding than the one that it was read in.
    """
    return "<!" in around or "us-ascii" in around.lower()
