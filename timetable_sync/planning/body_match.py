"""Whether a body that was read back says what we wrote.

Exchange does not give a body back as it got it: HTML is wrapped, rewritten and, when asked for as text, laid out with
bullets and numbers of lists, rules of underscores, link targets in angle brackets and pictures in square ones. So the words are
compared, in their order; links are left out, and so is what the layout may have added.
"""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

from timetable_sync.model.event import BodyKind

_LINK = re.compile(r"<?\b(?:https?|mailto|cid):[^\s>\]]*>?|\[cid:[^\]]*\]", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>?")
#: Letters and digits: of underscores, rules are drawn.
_WORD = re.compile(r"[^\W_]+")
#: What stands before an entry of a numbered list: "1.", "iv)".
_LABEL = re.compile(r"^[^\S\n]*(?:\d{1,4}|[a-z]|[ivxlc]{2,7})[.)](?=\s)", re.IGNORECASE | re.MULTILINE)


class _TextOnly(HTMLParser):
    """Collects the text of an HTML body; what stands in style, script and head is none. With ``pictures``, their names are text too."""

    _UNSEEN = frozenset({"style", "script", "head", "title"})

    def __init__(self, *, pictures: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.numbered = self.pictured = False
        self._pictures = pictures
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in self._UNSEEN
        self.numbered = self.numbered or tag == "ol"
        name = (dict(attrs).get("alt") or "") if tag == "img" else ""
        self.pictured = self.pictured or bool(name)
        self.parts.append(f" {name} " if self._pictures and not self._unseen else " ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in self._UNSEEN))
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


@dataclass(frozen=True, slots=True)
class _Text:
    """An HTML body's text, and whether the layout adds to it: numbers of lists, names of pictures."""

    text: str
    numbered: bool = False
    pictured: bool = False


def _text_of(html: str, *, pictures: bool = False) -> _Text:
    parser = _TextOnly(pictures=pictures)
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:
        # html.parser (CPython 3.11's, for one) stumbles so over a marked section of a kind it has never heard of, as in "<![endif[".
        return _Text(unescape(_TAG.sub(" ", html)))
    return _Text("".join(parser.parts), parser.numbered, parser.pictured)


def _words(text: str) -> str:
    # Joined without blanks: a tag inside a word ("<b>A</b>bc") splits it on one side only.
    return "".join(_WORD.findall(_LINK.sub(" ", text)))


def same_body(expected: str, kind: BodyKind, read: str) -> bool:
    """Whether the plain text ``read`` has the words of ``expected`` (text or HTML), in the same order."""
    if kind == "text":
        return _words(expected) == _words(read)
    plain = _text_of(expected)
    wanted = {_words(plain.text)}
    if plain.pictured:
        wanted.add(_words(_text_of(expected, pictures=True).text))
    return _words(read) in wanted or (plain.numbered and _words(_LABEL.sub("", read)) in wanted)
