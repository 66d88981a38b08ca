"""Make a part of a mail address out of a name. Pure, and the same for ever: what it gives decides which mailbox is written."""

import re
import unicodedata

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
