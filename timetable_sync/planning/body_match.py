"""Whether a body that was read back says what we wrote.

Exchange does not give a body back as it got it: HTML is wrapped, rewritten and, when asked for as text, laid out with
bullets, link targets in angle brackets and pictures in square ones. So the words are compared, in their order, and links left out.
"""

import re
from html import unescape
from html.parser import HTMLParser

from timetable_sync.model.event import BodyKind

_LINK = re.compile(r"<?\b(?:https?|mailto|cid):[^\s>\]]*>?|\[cid:[^\]]*\]", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>?")
_WORD = re.compile(r"\w+")


class _TextOnly(HTMLParser):
    """Collects the text of an HTML body; what stands in style, script and head is none."""

    _UNSEEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in self._UNSEEN
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in self._UNSEEN))
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def _text_of(html: str) -> str:
    parser = _TextOnly()
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:
        # html.parser (CPython 3.11's, for one) stumbles so over a marked section of a kind it has never heard of, as in "<![endif[".
        return unescape(_TAG.sub(" ", html))
    return "".join(parser.parts)


def _words(text: str) -> str:
    # Joined without blanks: a tag inside a word ("<b>A</b>bc") splits it on one side only.
    return "".join(_WORD.findall(_LINK.sub(" ", text)))


def same_body(expected: str, kind: BodyKind, read: str) -> bool:
    """Whether the plain text ``read`` has the words of ``expected`` (text or HTML), in the same order."""
    if kind == "html":
        expected = _text_of(expected)
    return _words(expected) == _words(read)
