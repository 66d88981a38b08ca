"""A manifest as text: where its ``keyCredentials`` are, how one is added while every other character stays, and whether it is right.

A manifest is right if the certificate is in it as it must be; entries that are over are named.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined]  # there since Python 2.6, and not in typeshed
from typing import Any

from timetable_sync.entra.certificate_facts import CertificateFacts, base64_of
from timetable_sync.entra.manifest import ManifestForm, Registered, entry_of, moment_text, name_in, registered
from timetable_sync.errors import UsageError

_KEY = "keyCredentials"
_BLANK = " \t\r\n"
_AGAIN = "Download it anew: App registrations > Manifest > Download."

#: Keys of a whole manifest that only one of the forms has.
# https://learn.microsoft.com/entra/identity-platform/azure-active-directory-graph-app-manifest-deprecation
_ONLY_GRAPH = frozenset({"displayName", "web", "spa", "api", "publicClient"})
_ONLY_PORTAL = frozenset({"name", "replyUrlsWithType", "oauth2Permissions", "oauth2AllowImplicitFlow", "accessTokenAcceptedVersion"})


@dataclass(frozen=True, slots=True)
class Span:
    """From the first character to behind the last one."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ManifestText:
    """A manifest that could be read. ``entries`` are its key credentials with their places, in its order.

    ``credentials`` is the place of the whole list, None where the manifest has none; ``whole`` that of the manifest's braces.
    """

    text: str
    form: ManifestForm | None
    whole: Span
    credentials: Span | None
    entries: tuple[tuple[Span, Registered], ...]

    def find(self, certificate: CertificateFacts) -> Registered | None:
        """The entry of ``certificate``; None where it has none."""
        return next((found for _, found in self.entries if found.is_for(certificate)), None)


def read_manifest(text: str, where: str, form: ManifestForm | None = None) -> ManifestText:
    """The manifest in ``text``, which ``where`` names in messages. Raises UsageError for what is none, and for one in another ``form``."""
    try:
        whole, values = _object(text, _skip(text, 1 if text.startswith("\ufeff") else 0))
        if text[whole.end :].strip(_BLANK):
            raise ValueError("something stands after it")
        found = [(span, value) for name, span, value in values if name == _KEY]
        if len(found) > 1:
            raise ValueError(f"{_KEY} stands in it twice")
        span, listed = found[0] if found else (None, None)
        if not isinstance(listed, list | None):
            raise ValueError(f"{_KEY} is no list")
        places = list(_items(text, span.begin)) if span is not None and listed is not None else []
        if not all(isinstance(value, dict) for _, value in places):
            raise ValueError(f"an entry of {_KEY} is no object")
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{where} is not the manifest of an app registration: {_plain(error)}",
            "Download it anew: App registrations > Manifest > Download.",
        ) from None
    known = _form([value for _, value in places], {name for name, _, _ in values})
    if form is not None and known is not None and form is not known:
        raise UsageError(f"{where} is written in the form of {known}, not of {form}", f"Leave --format away, or say --format {known}.")
    used = known or form or ManifestForm.PORTAL
    return ManifestText(text, known or form, whole, span, tuple((place, registered(value, used)) for place, value in places))


def with_certificate(manifest: ManifestText, certificate: CertificateFacts) -> str:
    """The manifest's text with ``certificate`` in it, once and right; the same text where that is so already.

    Everything else stays character by character. An entry of this certificate that is not right is put right under its own keyId.
    """
    form = manifest.form or ManifestForm.PORTAL
    text = manifest.text
    layout = _Layout.of(manifest)
    for place, found in manifest.entries:
        if found.is_for(certificate):
            mended = _mended(found.entry, certificate, form)
            return text if mended == found.entry else _spliced(text, place, layout.shown(mended, 2))
    entry = layout.shown(entry_of(certificate, form), 2)
    if manifest.entries:
        last = manifest.entries[-1][0]
        return _spliced(text, Span(last.end, last.end), f",{layout.line(2)}{entry}")
    listed = f"[{layout.line(2)}{entry}{layout.line(1)}]"
    if manifest.credentials is not None:
        return _spliced(text, manifest.credentials, listed)
    # No such key at all: it becomes the last one.
    inside = text[manifest.whole.begin + 1 : manifest.whole.end - 1].rstrip(_BLANK)
    at = manifest.whole.begin + 1 + len(inside)
    comma = "," if inside else ""
    return _spliced(text, Span(at, manifest.whole.end - 1), f'{comma}{layout.line(1)}"{_KEY}": {listed}{layout.line(0)}')


def _mended(entry: Mapping[str, Any], certificate: CertificateFacts, form: ManifestForm) -> dict[str, Any]:
    """``entry`` with what is wrong in it put right. What is right, in whatever spelling, stays; so does what a download leaves out."""
    found, wanted, mended = registered(entry, form), entry_of(certificate, form, str(entry.get("keyId") or "")), dict(entry)
    right = {
        name_in(form, "startDate"): found.starts == certificate.not_before,
        name_in(form, "endDate"): found.ends == certificate.not_after,
        # Graph works it out by itself, and answers in hexadecimal.
        "customKeyIdentifier": form is ManifestForm.GRAPH or entry.get("customKeyIdentifier") == wanted.get("customKeyIdentifier"),
        name_in(form, "value"): found.der == certificate.der or (name_in(form, "value") in entry and entry[name_in(form, "value")] is None),
        "displayName": True,
    }
    for name, value in wanted.items():
        if not right.get(name, entry.get(name) == value):
            mended[name] = value
    return mended


def _form(entries: list[Any], names: set[str]) -> ManifestForm | None:
    """Whose words it is written in, by its entries, else by its other keys; None where nothing tells."""
    graph = any({"startDateTime", "endDateTime", "key"} & entry.keys() for entry in entries)
    portal = any({"startDate", "endDate", "value"} & entry.keys() for entry in entries)
    if graph == portal:
        graph, portal = bool(names & _ONLY_GRAPH), bool(names & _ONLY_PORTAL)
    if graph == portal:
        return None
    return ManifestForm.GRAPH if graph else ManifestForm.PORTAL


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the file is laid out: its line ends and the indentation of one level; none of both where it stands on one line."""

    end: str
    indent: str

    @staticmethod
    def of(manifest: ManifestText) -> "_Layout":
        text, begin = manifest.text, manifest.whole.begin + 1
        blank = text[begin : _skip(text, begin)]
        if "\n" not in blank:
            return _Layout("", "")
        return _Layout("\r\n" if "\r\n" in blank else "\n", blank.rpartition("\n")[2] or "  ")

    def line(self, level: int) -> str:
        """A new line, as deep as ``level``."""
        return self.end + self.indent * level if self.end else ""

    def shown(self, entry: Mapping[str, Any], level: int) -> str:
        """``entry`` as it stands in the file, without the indentation of its first line."""
        if not self.end:
            return json.dumps(entry, ensure_ascii=False)
        return json.dumps(entry, ensure_ascii=False, indent=self.indent).replace("\n", self.line(level))


def _spliced(text: str, place: Span, new: str) -> str:
    return text[: place.begin] + new + text[place.end :]


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _object(text: str, begin: int) -> tuple[Span, list[tuple[str, Span, Any]]]:
    """The object that begins at ``begin``: its own place, and each key with its value and the value's place."""
    if text[begin : begin + 1] != "{":
        raise ValueError("it does not begin with {")
    found: list[tuple[str, Span, Any]] = []
    at = _skip(text, begin + 1)
    if text[at : at + 1] == "}":
        return Span(begin, at + 1), found
    while True:
        if text[at : at + 1] != '"':
            raise ValueError(f"a key is missing {_line(text, at)}")
        name, at = scanstring(text, at + 1)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise ValueError(f"a colon is missing {_line(text, at)}")
        place, value = _value(text, _skip(text, at + 1))
        found.append((name, place, value))
        at = _skip(text, place.end)
        if text[at : at + 1] == "}":
            return Span(begin, at + 1), found
        if text[at : at + 1] != ",":
            raise ValueError(f"a comma is missing {_line(text, at)}")
        at = _skip(text, at + 1)


def _items(text: str, begin: int) -> Iterator[tuple[Span, Any]]:
    """The items of the list that begins at ``begin``; it is known to be one."""
    at = _skip(text, begin + 1)
    while text[at] != "]":
        place, value = _value(text, at)
        yield place, value
        at = _skip(text, place.end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _value(text: str, begin: int) -> tuple[Span, Any]:
    value, end = JSONDecoder().raw_decode(text, begin)
    return Span(begin, end), value


def _line(text: str, at: int) -> str:
    return f"in line {text.count(chr(10), 0, at) + 1}"


def _plain(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON (line {error.lineno}: {error.msg})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """``found`` is the certificate's entry, None where it has none; ``wrong`` says what of it is not as it must be, a line each.

    ``expired`` are all entries that are over, ``living`` counts those that are not.
    """

    found: Registered | None
    wrong: tuple[str, ...]
    expired: tuple[Registered, ...]
    living: int

    @property
    def good(self) -> bool:
        """Whether Entra ID would take a sign-in with this certificate, by this manifest."""
        return self.found is not None and not self.wrong


def check_manifest(manifest: ManifestText, certificate: CertificateFacts, now: datetime) -> ManifestCheck:
    """Judge ``manifest`` for ``certificate`` at ``now`` (aware)."""
    entries = [entry for _, entry in manifest.entries]
    found = manifest.find(certificate)
    over = tuple(entry for entry in entries if entry.expired(now))
    return ManifestCheck(found, () if found is None else tuple(_wrong(found, certificate, now)), over, len(entries) - len(over))


def _wrong(found: Registered, certificate: CertificateFacts, now: datetime) -> list[str]:
    wrong = []
    for name, says, own in (
        (name_in(found.form, "startDate"), found.starts, certificate.not_before),
        (name_in(found.form, "endDate"), found.ends, certificate.not_after),
    ):
        if says != own:
            shown = found.entry.get(name)
            wrong.append(f"{name} is {shown if shown is not None else 'not there'}, but the certificate says {moment_text(own)}")
    if found.form is ManifestForm.PORTAL and found.entry.get("customKeyIdentifier") != base64_of(certificate.sha1):
        wrong.append(
            f"customKeyIdentifier is {found.entry.get('customKeyIdentifier')}, and must be {base64_of(certificate.sha1)}: "
            "base64 of the SHA-1 digest, not of its hexadecimal form"
        )
    value = name_in(found.form, "value")
    if found.der is None and found.entry.get(value) is not None:
        wrong.append(f"{value} is not the base64 of the certificate's DER form, without the lines of PEM around it")
    wrong += [
        f"{name} is {found.entry.get(name)}, and must be {must}"
        for name, must in (("type", "AsymmetricX509Cert"), ("usage", "Verify"))
        if found.entry.get(name) != must
    ]
    if certificate.not_after < now:
        wrong.append(f"the certificate is over since {moment_text(certificate.not_after)}")
    elif certificate.not_before > now:
        wrong.append(f"the certificate begins at {moment_text(certificate.not_before)} only")
    return wrong
