"""Takes secrets out of text that is about to be shown or kept. The last line of defence: it never replaces not saying them at all.

Imports nothing of ours. Knows shapes, not values: bearer tokens, JWTs, assertions, passwords in URLs and in form fields.
"""

import re
from collections.abc import Mapping
from typing import Final

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

_HINTS = ("eyj", "bearer", "://", "private key", *_FIELDS, *_HEADERS)


def _named(found: re.Match[str]) -> str:
    quote = found["quote"] or ""
    return f"{found['before']}{quote}{REDACTED}{quote}"


def redact(text: str) -> str:
    """``text`` without what looks like a secret; each is replaced by ``[redacted]``."""
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
