"""What a certificate says of itself, in the forms that Entra ID, its portal and openssl show. Pure; holds nothing secret."""

import uuid
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1, sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

#: For names of keys that follow from the certificate, so that the same one gets the same name wherever it is written down.
_NAMES = uuid.UUID("b0f9b7c1-6b0e-5f0d-9c38-2f7d4c1f7a55")


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Digests are raw, of the DER form. Times are aware, in UTC. ``bits`` is 0 for a key that is not RSA."""

    subject: str
    issuer: str
    serial: int
    bits: int
    not_before: datetime
    not_after: datetime
    sha1: bytes
    sha256: bytes
    der: bytes = field(repr=False)

    @property
    def self_signed(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.subject == self.issuer

    @property
    def key_id(self) -> str:
        """The GUID that we name its key with; it follows from the certificate."""
        return str(uuid.uuid5(_NAMES, self.sha256.hex()))

    def days_left(self, now: datetime) -> int:
        """Whole days from ``now`` (aware) to its end; below zero once it is over."""
        return (self.not_after - now).days


def facts_of(der: bytes) -> CertificateFacts:
    """Of a certificate in DER form. Raises ValueError for what is none."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        key: object = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None  # of a kind that cannot be ours; all else can be told
    try:
        subject, issuer = certificate.subject, certificate.issuer
    except TypeError as error:  # the library's word for a name of bits
        raise ValueError("a name in it is no text") from error
    return CertificateFacts(
        subject=subject.rfc4514_string(),
        issuer=issuer.rfc4514_string(),
        serial=certificate.serial_number,
        bits=key.key_size if isinstance(key, RSAPublicKey) else 0,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha1=sha1(der, usedforsecurity=False).digest(),  # the name that Entra ID has for it, not a safeguard
        sha256=sha256(der).digest(),
        der=der,
    )


def hexadecimal(digest: bytes) -> str:
    """As the portal shows thumbprints: ``3FA1...``."""
    return digest.hex().upper()


def base64_of(digest: bytes) -> str:
    """As ``customKeyIdentifier`` has it."""
    return b64encode(digest).decode("ascii")
