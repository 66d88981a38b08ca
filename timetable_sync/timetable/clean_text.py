"""Cleans the texts of timetables, and makes parts of mail addresses out of names.

The same text in gives the same text out, for ever: a name must never change its meaning, and a slug decides which mailbox is written.

What is done, to every text:

- composed (NFC), as the same name typed on two systems must be one name;
- every blank (NBSP, thin and ideographic spaces, tabs, line ends) is a space; several are one; none stand at the ends, so that
  CHAR padding vanishes; a text of blanks alone is no text (None);
- the non-breaking and the typographic hyphen (U+2011, U+2010) become "-": they look and mean the same, and people search for "-".
  Dashes (U+2013, U+2014) stay: in a title they mean something else;
- what XML 1.0 cannot carry is removed (https://www.w3.org/TR/xml/#charsets: control characters, lone surrogates, U+FFFE, U+FFFF),
  as is what is invisible and only makes two equal names differ: zero-width space, byte-order mark, soft hyphen, and the marks
  that turn the writing direction. The joiners U+200C and U+200D stay, as scripts and emoji need them.

Descriptions (titles, types, rooms, staff, groups, columns of the site's own) are also freed of HTML; names that identify (key, activity,
period, calendar) are not, as nothing in them may be taken for markup.
"""

import html
import re
import unicodedata
from functools import lru_cache

#: Longer texts are cleaned each time rather than remembered, so that the memory of equal texts stays small.
_WORTH_REMEMBERING = 200

_HYPHENS = {0x2010: "-", 0x2011: "-"}
_REMOVED = [
    *range(0x00, 0x09),
    *range(0x0E, 0x1C),
    0x7F,
    *range(0x80, 0x85),
    *range(0x86, 0xA0),
    0xAD,  # soft hyphen
    0x061C,  # Arabic letter mark
    0x200B,  # zero-width space
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),  # embeddings and overrides
    *range(0x2060, 0x2065),  # word joiner and invisible operators
    *range(0x2066, 0x2070),  # isolates and deprecated format characters
    0xFEFF,
    *range(0xD800, 0xE000),
    *range(0xFDD0, 0xFDF0),
    *(plane * 0x10000 + last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]
_TABLE: dict[int, str | None] = {**dict.fromkeys(_REMOVED), **_HYPHENS}
_ODD_BLANKS: dict[int, str] = dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F), " ")

# Only tags that HTML has, with attributes as HTML writes them: "a<b and c>d" and "std::vector<int>" are text.
_BLOCK = "address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
_INLINE = "a|abbr|acronym|b|big|center|cite|code|del|em|font|i|img|ins|kbd|label|mark|o:p|q|s|small|span|strike|strong|sub|sup|tt|u|wbr"
_ATTRIBUTES = r"""(?:\s+[A-Za-z][\w:.-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*"""
_TAGS = re.compile(rf"</?(?:(?P<block>{_BLOCK})|{_INLINE}){_ATTRIBUTES}\s*/?>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
# With its semicolon: "R&D" and "AT&T;" are text, "&nbsp;" is not.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def _cleaned(text: str) -> str | None:
    if not text.isascii():
        # Removed before composing: an accent may stand behind what is removed.
        text = unicodedata.normalize("NFC", text.translate(_TABLE))
    elif not text.isprintable():
        text = text.translate(_TABLE)
    return " ".join(text.split()) or None


@lru_cache(maxsize=16_384)
def _remembered_name(text: str) -> str | None:
    return _cleaned(text)


@lru_cache(maxsize=16_384)
def _remembered_prose(text: str) -> str | None:
    return _cleaned(without_markup(text))


def clean_name(text: str) -> str | None:
    """``text`` cleaned, its markup left alone; None if nothing is left. For what identifies."""
    return _remembered_name(text) if len(text) <= _WORTH_REMEMBERING else _cleaned(text)


def clean_prose(text: str) -> str | None:
    """``text`` without HTML, cleaned; None if nothing is left. For what describes."""
    return _remembered_prose(text) if len(text) <= _WORTH_REMEMBERING else _cleaned(without_markup(text))


def without_markup(text: str) -> str:
    """``text`` without HTML tags, its entities as the characters they stand for.

    Tags go first, so that an escaped "&lt;b&gt;" ends as the text "<b>" and not as nothing.
    """
    if "<" in text:
        text = _TAGS.sub(lambda found: " " if found["block"] else "", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text


def fit_for_xml(text: str) -> str:
    """``text`` without what XML cannot carry and without invisible characters; blanks and line ends stay, the latter as "\\n"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return unicodedata.normalize("NFC", text.translate(_TABLE).translate(_ODD_BLANKS))


def utf16_length(text: str) -> int:
    """The length as Exchange counts it: in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, longest: int) -> str:
    """The beginning of ``text``, at most ``longest`` UTF-16 code units; no character is split from what combines with it."""
    if len(text) * 2 <= longest or utf16_length(text) <= longest:
        return text
    units = at = 0
    for letter in text:
        units += 2 if letter > "\uffff" else 1
        if units > longest:
            break
        at += 1
    while at and _belongs_to_the_one_before(text, at):
        at -= 1
    return text[:at].rstrip()


def _belongs_to_the_one_before(text: str, at: int) -> bool:
    letter = text[at]
    return bool(unicodedata.combining(letter)) or letter in "\u200d\ufe0e\ufe0f" or text[at - 1] == "\u200d"


#: Letters that Unicode does not take apart into a Latin letter and a mark.
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i", "ŋ": "n",
        "&": " and ", "+": " plus ",
        # Cyrillic, as road signs write it (ISO 9 is for libraries).
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k", "л": "l", "м": "m",
        "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
        "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ё": "e", "є": "ye", "і": "i", "ї": "i", "ґ": "g",
        # Greek.
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n",
        "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip
_ELSE = re.compile(r"[^a-z0-9._]+")
_DOTS = re.compile(r"[.-]*\.[.-]*")


def slug(text: object) -> str:
    """Lower case; accents off, Cyrillic and Greek as Latin; all but a-z, 0-9, dot and underscore a hyphen; no dot or hyphen at the ends.

    "C S 101" is "c-s-101", "Génie civil & énergie" is "genie-civil-and-energie". What has no such letters at all gives nothing.
    """
    letters = unicodedata.normalize("NFKD", str(text).lower().translate(_LETTERS)).lower()
    plain = "".join(letter for letter in letters.translate(_LETTERS) if not unicodedata.combining(letter))
    return _DOTS.sub(".", _ELSE.sub("-", plain)).strip(".-")
