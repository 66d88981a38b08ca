"""Where a link leads, in one form for all ways of writing the same address. Pure."""

import re
from urllib.parse import quote, unquote_to_bytes

#: An address in a text, which Outlook makes a link of. A mail address has no scheme there.
IN_TEXT = re.compile(r"(?:https?://|ftp://|mailto:|www\.)[^\s<>]+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE)

#: What stands behind an address and is no part of it.
_BEHIND = ".,;:!?'\")]}"

_PARTS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:)(?P<host>//[^/?#]*)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ENCODED = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_ENDS_OF_LINES = re.compile(r"[\r\n\t]+")
_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")

#: Microsoft Defender puts its own address in place of another and keeps that as ``url``; one for each national cloud.
#: https://learn.microsoft.com/defender-office-365/safe-links-about
_SAFE_LINK = re.compile(
    r"https://[a-z0-9-]+\.safelinks\.protection\.(?:outlook\.com|office365\.us|outlook\.cn|apps\.mil)/[^?#]*\?(?:[^#]*&)?url=([^&#]*)",
    re.IGNORECASE,
)


def target_of(address: str) -> str:
    """The target of ``address``: equal for two that lead to the same place, and only for these.

    Scheme and host in small letters, a bare host without its slash, percent-encoding only where it is needed (RFC 3986, 6.2.2 and 6.2.3);
    a Safe Link's is that of the address that it stands for.
    """
    address = _ENDS_OF_LINES.sub("", address).strip()
    while (safe := _SAFE_LINK.match(address)) is not None:
        address = unquote_to_bytes(safe[1]).decode("utf-8", "replace")
    found = _PARTS.fullmatch(address)
    if found is None:
        return _encoded(address)
    scheme, host, rest = found["scheme"].lower(), (found["host"] or ""), found["rest"]
    if scheme == "mailto:":
        name, at, domain = rest.partition("@")
        domain, mark, more = domain.partition("?")
        rest = name + at + domain.lower() + mark + more
    user, at, name = host.rpartition("@")
    return _encoded(scheme + user + at + name.lower() + ("" if host and rest == "/" else rest))


def targets_of_text(text: str) -> frozenset[str]:
    """The targets that a link may have which is made of an address in a text."""
    if "@" in text and not re.match(r"\w+:|www\.", text, re.IGNORECASE):
        return frozenset({target_of("mailto:" + text)})
    if text.lower().startswith("www."):
        return frozenset({target_of("http://" + text), target_of("https://" + text)})
    return frozenset({target_of(text)})


def without_signs_behind(address: str) -> str:
    """An address that was found in a text, without what ends the sentence."""
    return address.rstrip(_BEHIND)


def _encoded(text: str) -> str:
    plain = _ENCODED.sub(lambda run: "".join(_decoded(byte) for byte in unquote_to_bytes(run[0])), text)
    # What is reserved means something else encoded than bare, and stays as it is.
    return quote(plain, safe="!#$%&'()*+,/:;=?@[]~", errors="surrogatepass")


def _decoded(byte: int) -> str:
    sign = bytes([byte])
    return sign.decode("ascii") if _UNRESERVED.match(sign) else f"%{byte:02X}"
