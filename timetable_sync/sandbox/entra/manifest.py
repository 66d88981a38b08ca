"""Reads ``keyCredentials`` as the portal's manifest has them, and refuses what the portal would refuse. Keeps nothing."""

import base64
import binascii
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding


class ManifestRefused(ValueError):
    """The manifest's key credentials are not as they must be; the message says which and why."""


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A certificate that an application may sign with."""

    key_id: str
    certificate_der: bytes
    sha1: bytes
    sha256: bytes
    not_before: float
    not_after: float

    def public_key(self) -> RSAPublicKey:
        """The key to check signatures with."""
        key = x509.load_der_x509_certificate(self.certificate_der).public_key()
        if not isinstance(key, RSAPublicKey):  # held by read_key
            raise TypeError("not an RSA key")
        return key


def _base64(value: Any, what: str) -> bytes:
    if not isinstance(value, str):
        raise ManifestRefused(f"{what} must be text")
    if "BEGIN CERTIFICATE" in value:
        raise ManifestRefused(f"{what} must be the base64 of the certificate's DER form, without the lines of PEM around it")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ManifestRefused(f"{what} is not base64") from None


def _moment(value: Any, what: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ManifestRefused(f"{what} is not a date: {value!r}") from None
    if moment.tzinfo is None:
        raise ManifestRefused(f"{what} has no time zone: {value!r}")
    return moment.astimezone(UTC)


def read_key(credential: dict[str, Any]) -> RegisteredKey:
    """The certificate of one entry of ``keyCredentials``; raises :class:`ManifestRefused`."""
    if credential.get("type") != "AsymmetricX509Cert":
        raise ManifestRefused(f"type must be AsymmetricX509Cert, not {credential.get('type')!r}")
    if credential.get("usage") != "Verify":
        raise ManifestRefused(f"usage must be Verify, not {credential.get('usage')!r}")
    try:
        key_id = str(uuid.UUID(str(credential.get("keyId"))))
    except ValueError:
        raise ManifestRefused(f"keyId is not a GUID: {credential.get('keyId')!r}") from None
    der = _base64(credential.get("value"), "value")
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError:
        raise ManifestRefused("value is not a certificate in DER form") from None
    if certificate.public_bytes(Encoding.DER) != der:
        raise ManifestRefused("value holds more than one certificate")
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ManifestRefused("the certificate's key is not an RSA key")
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    if _base64(credential.get("customKeyIdentifier"), "customKeyIdentifier") != sha1:
        raise ManifestRefused(
            "customKeyIdentifier is not the base64 of the certificate's SHA-1 digest (of its twenty bytes, not of their hexadecimal form)"
        )
    for name, own in (("startDate", certificate.not_valid_before_utc), ("endDate", certificate.not_valid_after_utc)):
        if _moment(credential.get(name), name) != own:
            raise ManifestRefused(f"{name} is {credential.get(name)}, but the certificate says {own:%Y-%m-%dT%H:%M:%SZ}")
    return RegisteredKey(
        key_id=key_id,
        certificate_der=der,
        sha1=sha1,
        sha256=hashlib.sha256(der).digest(),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )


def read_keys(manifest: dict[str, Any]) -> list[RegisteredKey]:
    """All keys of a manifest; raises :class:`ManifestRefused`."""
    credentials = manifest.get("keyCredentials")
    if not isinstance(credentials, list):
        raise ManifestRefused("the manifest has no list keyCredentials")
    keys = [read_key(one) for one in credentials]
    if len({key.key_id for key in keys}) != len(keys):
        raise ManifestRefused("two keys have the same keyId")
    return keys
