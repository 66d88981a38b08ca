"""Clean the text that timetables hold: every kind of blank, look-alike hyphens, HTML, and what XML cannot carry.

What is done, in this order: bytes are decoded as UTF-8; HTML tags become blanks and entities characters, where there are any;
Unicode is composed (NFC); U+2010 and U+2011 become the ordinary hyphen; control characters, lone surrogates, directional
controls and zero-width blanks go; every other blank, the no-break ones too, becomes a space; spaces are folded and trimmed.
Text of which nothing is left is None.
"""

import html
import re
import unicodedata
from functools import lru_cache

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w*);")
_BLANKS = re.compile(r"[\s\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_HYPHENS = str.maketrans({"\u2010": "-", "\u2011": "-"})
#: Controls (but the blanks among them), surrogates, non-characters - see the Char production of XML 1.0,
#: https://www.w3.org/TR/xml/#charsets - and the directional controls and zero-width blanks that only disguise text.
#: U+200D joins emoji, U+200C is needed in Persian: both stay.
_UNFIT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def clean(value: object) -> str | None:
    """``value`` of a text column as clean text on one line, or None for nothing. Numbers are written out."""
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _clean(value if isinstance(value, str) else str(value))


@lru_cache(maxsize=50_000)
def _clean(text: str) -> str | None:
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_HYPHENS)
    text = _BLANKS.sub(" ", _UNFIT.sub("", text)).strip()
    return text or None


def cut(text: str, units: int) -> str:
    """``text`` cut to at most ``units`` UTF-16 units, which is how Exchange counts; no character is cut in two."""
    if len(text) * 2 <= units:
        return text
    while len(text) + sum(character > "\uffff" for character in text) > units:
        over = len(text) + sum(character > "\uffff" for character in text) - units
        text = text[: -max(1, over // 2)]
    return text.rstrip()
