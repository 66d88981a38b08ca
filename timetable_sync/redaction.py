"""Takes secrets out of text that is about to be shown or kept. The last line of defence: it never replaces not saying them at all.

Imports nothing of ours. Knows shapes (bearer tokens, JWTs, assertions, passwords in URLs and in form fields), and the values of those
secrets that were read meanwhile, in whatever form they come by: an error that nobody foresaw may hold one in any sentence.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

REDACTED: Final = "[redacted]"

#: Names whose values are secret whatever they look like: form fields, JSON keys, keyword arguments ...
_FIELDS: Final = (
    "client_assertion",
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "passphrase",
    "password",
    "passwd",
    "pwd",
    "private_key",
    "secret",
)
#: ... and headers.
_HEADERS: Final = ("proxy-authorization", "authorization", "set-cookie", "cookie")
_SECRET_KEYS: Final = frozenset((*_FIELDS, *_HEADERS, *(name.replace("-", "_") for name in _HEADERS)))

# Compact JWS, and a JWT that was cut short by whoever printed it: "eyJ" is the start of base64url of '{"'.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}")
_BEARER = re.compile(r"\b(Bearer)(\s+|%20)(?=\S*\d|\S{20})(?!\[redacted\])[A-Za-z0-9._~+/=%-]{8,}", re.IGNORECASE)
_QUOTED = r"(?P<quote>\\{0,3}[\"'])(?:(?!(?P=quote)).)*(?P=quote)"
# name=value of a form, a URL's query or a call, and "name": "value" of JSON or a printed dictionary. Not name: value without quotes: that
# is how our own messages name a key of the configuration ("entra.passphrase: the file cannot be read").
_FIELD = re.compile(
    rf"(?P<before>\b(?:{'|'.join(_FIELDS)})(?:\\{{0,3}}[\"']\s*:|\s*=)\s*b?)(?:{_QUOTED}|(?<=[=\s])(?!\[redacted\])[^\s&,;\"'\\)}}\]{{\[]+)",
    re.IGNORECASE,
)
# A header's value is all that follows on its line, or all within its quotes.
_HEADER = re.compile(
    rf"(?P<before>\b(?:{'|'.join(_HEADERS)})(?:\\{{0,3}}[\"'])?\s*[:=]\s*b?)(?:{_QUOTED}|[^\s\"'\\][^\r\n\"'\\}}]*)", re.IGNORECASE
)
# user:password@ of a URL. A password may hold anything but a slash or a blank; the last @ before the host ends it.
_URL = re.compile(r"(?P<head>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@\"']*):(?!\[redacted\])[^\s/\"']+@")
_KEY_BLOCK = re.compile(r"-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----.*?(?:-----END (?P=kind)-----|\Z)", re.DOTALL)

#: A shorter secret is not looked for by its value: it would be found within ordinary words.
SHORTEST: Final = 8
#: A part of an address that is longer is no word of a path, such as "services".
_NO_WORD: Final = 16
#: Of a longer form its beginning is looked for as well, if it is no mere word: errors cut what they show (int() after 200 characters:
#: PyLong_FromUnicodeObject() in Objects/longobject.c), and a reader of logs would have most of it.
_BEGUN: Final = 12
_DIGIT = re.compile("[0-9]")
_known: dict[str, None] = {}
_known_ones: re.Pattern[str] | None = None
_lock = Lock()

_HINTS = ("eyj", "bearer", "://", "private key", *_FIELDS, *_HEADERS)


def _named(found: re.Match[str]) -> str:
    quote = found["quote"] or ""
    return f"{found['before']}{quote}{REDACTED}{quote}"


def keep_out(secret: str) -> None:
    """From now on :func:`redact` takes ``secret`` out by its value, also where it is encoded; of several lines, each.

    Of an address (a webhook's, a ping's), also the parts that are secret in it: user, password, long steps of its path, its query's values.
    """
    global _known_ones  # noqa: PLW0603 - of the process, as secrets are
    found = dict.fromkeys(form for part in _parts(secret) if len(part) >= SHORTEST for form in _forms(part))
    with _lock:
        if found.keys() - _known.keys():
            _known.update(found)
            whole = sorted(_known, key=len, reverse=True)
            begun = dict.fromkeys(
                form[: max(_BEGUN, len(form) // 2)] for form in whole if len(form) > _BEGUN and _DIGIT.search(form[:_BEGUN])
            )
            cut = [rf"(?:{'|'.join(map(re.escape, begun))})[^\s\"']*"] if begun else []
            _known_ones = re.compile("|".join([*map(re.escape, whole), *cut]))


def _parts(secret: str) -> Iterator[str]:
    for line in filter(None, map(str.strip, secret.splitlines())):
        yield line
        if "://" in line:
            try:
                parts = urlsplit(line)
            except ValueError:
                continue
            user, _, host = parts.netloc.rpartition("@")
            user, _, password = user.partition(":")
            # Some services have their secret where a host would stand: slack://token/token.
            steps = [user, *([] if "." in host else [host]), *parts.path.split("/"), *re.split("[&=]", parts.query), parts.fragment]
            words = [password, *(step for step in steps if _DIGIT.search(step) or len(step) >= _NO_WORD)]
            yield from dict.fromkeys(form for word in words for form in (word, unquote(word)))


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    yield from (secret, quote(raw, safe=""), quote(raw), quote_plus(raw), repr(secret)[1:-1], repr(raw)[2:-1], json.dumps(secret)[1:-1])
    # A text within a text that was itself shown.
    yield from (repr(json.dumps(secret)[1:-1])[1:-1], json.dumps(repr(secret)[1:-1])[1:-1])
    yield from (raw.hex(), raw.hex().upper())
    # What stands before it (a user's name and a colon) shifts base64 by one or two places, and shares the characters at its ends with it.
    for before in range(3):
        text = b64encode(bytes(before) + raw).decode("ascii").rstrip("=")
        middle = text[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        if len(middle) >= SHORTEST:
            yield from (middle, middle.replace("+", "-").replace("/", "_"))


def redact(text: str) -> str:
    """``text`` without what looks like a secret or is known as one; each is replaced by ``[redacted]``."""
    if _known_ones is not None:
        text = _known_ones.sub(REDACTED, text)
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    text = _KEY_BLOCK.sub(REDACTED, text)
    text = _HEADER.sub(_named, text)
    text = _FIELD.sub(_named, text)
    text = _JWT.sub(REDACTED, text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return _URL.sub(rf"\g<head>:{REDACTED}@", text)


def redact_value(value: object, name: str = "") -> object:
    """``value`` with every text in it redacted; a value that stands under a secret's name goes altogether.

    Mappings and sequences are copied, bytes and unknown objects are turned into text, numbers, truths and None stay.
    """
    if name.lower() in _SECRET_KEYS and value not in (None, ""):
        return REDACTED
    match value:
        case None | bool() | int() | float():
            cleaned: object = value
        case str():
            cleaned = redact(value)
        case bytes() | bytearray():
            cleaned = redact(bytes(value).decode("utf-8", "backslashreplace"))
        case Mapping():
            cleaned = {str(key): redact_value(inner, str(key)) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            cleaned = [redact_value(inner) for inner in value]
        case _:
            cleaned = redact(str(value))
    return cleaned
