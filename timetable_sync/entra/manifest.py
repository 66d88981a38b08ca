"""``keyCredentials``: what an app registration's manifest says of a certificate, in the two forms there are. Pure; holds nothing secret.

The portal's old form: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
Microsoft Graph's: https://learn.microsoft.com/graph/api/resources/keycredential
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha1
from typing import Any

from timetable_sync.entra.certificate_facts import CertificateFacts, base64_of, facts_of

#: displayName is cut there: the page on Graph's form.
_LONGEST_NAME = 90


class ManifestForm(StrEnum):
    """Whose words a manifest is written in."""

    PORTAL = "portal"
    GRAPH = "graph"


#: What Graph calls it, by the portal's name.
_GRAPH_NAMES = {"startDate": "startDateTime", "endDate": "endDateTime", "value": "key"}


def name_in(form: ManifestForm, name: str) -> str:
    """How ``form`` calls a key of an entry, given the portal's name of it."""
    return _GRAPH_NAMES.get(name, name) if form is ManifestForm.GRAPH else name


def entry_of(certificate: CertificateFacts, form: ManifestForm, key_id: str = "") -> dict[str, Any]:
    """The entry for ``certificate``, under ``key_id`` or the one that follows from it.

    The dates are the certificate's own to the second: with others, the portal refuses the upload. Graph works
    ``customKeyIdentifier`` out by itself.
    """
    dates = {"startDate": moment_text(certificate.not_before), "endDate": moment_text(certificate.not_after)}
    value = base64_of(certificate.der)
    if form is ManifestForm.GRAPH:
        return {
            "displayName": certificate.subject[:_LONGEST_NAME],
            "endDateTime": dates["endDate"],
            "key": value,
            "keyId": key_id or certificate.key_id,
            "startDateTime": dates["startDate"],
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }
    return {
        "customKeyIdentifier": base64_of(certificate.sha1),
        "endDate": dates["endDate"],
        "keyId": key_id or certificate.key_id,
        "startDate": dates["startDate"],
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "value": value,
    }


def manifest_of(der: bytes) -> dict[str, Any]:
    """A manifest in the portal's form with the certificate ``der`` (its DER form) in it, and nothing else."""
    return {"keyCredentials": [entry_of(facts_of(der), ManifestForm.PORTAL)]}


def moment_text(moment: datetime) -> str:
    """To the second, in UTC, as both forms write it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry as it was found. ``der`` and ``sha1`` are None where it does not say; moments too, or where they make no sense.

    A downloaded manifest has no ``value`` in it (null): the certificate is then known by ``customKeyIdentifier`` alone.
    """

    entry: Mapping[str, Any]
    form: ManifestForm
    key_id: str
    name: str
    starts: datetime | None
    ends: datetime | None
    sha1: bytes | None
    der: bytes | None

    @property
    def thumbprint(self) -> bytes | None:
        """The SHA-1 digest of its certificate, if that can be told."""
        return self.sha1 if self.der is None else sha1(self.der, usedforsecurity=False).digest()

    def is_for(self, certificate: CertificateFacts) -> bool:
        """Whether it is this certificate's."""
        return self.der == certificate.der if self.der is not None else self.sha1 == certificate.sha1

    def expired(self, now: datetime) -> bool:
        """Whether it is over at ``now`` (aware)."""
        return self.ends is not None and self.ends < now


def registered(entry: Mapping[str, Any], form: ManifestForm) -> Registered:
    """What one entry of ``keyCredentials`` says, as far as it can be made out."""
    der = _decoded(entry.get(name_in(form, "value")))
    return Registered(
        entry=entry,
        form=form,
        key_id=_text(entry.get("keyId")),
        name=_text(entry.get("displayName")),
        starts=_moment(entry.get(name_in(form, "startDate"))),
        ends=_moment(entry.get(name_in(form, "endDate"))),
        sha1=thumbprint_of(entry.get("customKeyIdentifier")),
        der=der,
    )


def thumbprint_of(text: object) -> bytes | None:
    """A SHA-1 digest written as base64 of its bytes, in hexadecimal (as Graph answers), or as base64 of that; None for anything else."""
    if not isinstance(text, str):
        return None
    for candidate in (text.replace(":", "").replace(" ", ""), (_decoded(text) or b"").decode("ascii", "replace")):
        try:
            digest = bytes.fromhex(candidate)
        except ValueError:
            continue
        if len(digest) == 20:
            return digest
    digest = _decoded(text) or b""
    return digest if len(digest) == 20 else None


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where its zone leads out of the calendar
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
