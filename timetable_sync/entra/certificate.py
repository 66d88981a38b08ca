"""The certificate that the application signs in with. A value with its private key, which it shows to nobody.

Reading the file formats is ``certificate_file``'s; here is what they must amount to: one RSA certificate, and the key that belongs to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1, sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from timetable_sync.entra.certificate_file import PrivateKey, read_contents
from timetable_sync.errors import CredentialsRefused, UsageError
from timetable_sync.settings.secret import SecretRef
from timetable_sync.settings.sections.entra import Entra


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its RSA key. ``sha1`` and ``sha256`` are the raw digests of its DER form; times are aware, in UTC.

    ``file`` says where it was read from. The key appears in no repr.
    """

    subject: str
    not_before: datetime
    not_after: datetime
    sha1: bytes
    sha256: bytes
    der: bytes = field(repr=False)
    key: RSAPrivateKey = field(repr=False, compare=False)
    file: str = ""

    @property
    def thumbprint(self) -> str:
        """The SHA-1 thumbprint as the portal shows it: ``3FA1...``, 40 hexadecimal digits."""
        return self.sha1.hex().upper()

    def refuse_unless_valid(self, now: datetime) -> None:
        """Raises CredentialsRefused outside the certificate's own dates. ``now`` is aware."""
        if now > self.not_after:
            raise CredentialsRefused(
                f"the certificate {self.file} expired on {_day(self.not_after)} (this machine's clock says {_day(now)})",
                "Register a new one in Entra ID (App registrations > Certificates & secrets) and name it in entra.certificate.",
            )
        if now < self.not_before:
            raise CredentialsRefused(
                f"the certificate {self.file} is not valid before {_day(self.not_before)} (this machine's clock says {_day(now)})",
                "Check this machine's clock, or wait until then.",
            )


def load_certificate(entra: Entra, *, environ: Mapping[str, str] | None = None, now: datetime | None = None) -> Certificate:
    """The configured certificate, valid at ``now`` (aware; by default: now).

    Raises CredentialsRefused, or UsageError where a reference leads nowhere; neither carries a secret.
    """
    certificate = read_certificate(entra, environ=environ)
    certificate.refuse_unless_valid(datetime.now(UTC) if now is None else now)
    return certificate


def read_certificate(entra: Entra, *, environ: Mapping[str, str] | None = None) -> Certificate:
    """The configured certificate whatever its dates. Raises as :func:`load_certificate` does."""
    if entra.certificate is None:
        raise UsageError("entra.certificate is not set", "Name where the certificate lies.")
    passphrase = None if entra.passphrase is None else entra.passphrase.read_text("entra.passphrase", environ).encode()
    file = _where(entra.certificate, environ)
    contents = read_contents(entra.certificate.read("entra.certificate", environ), file, passphrase)
    if not contents.certificates:
        raise CredentialsRefused(
            f"entra.certificate: {file} holds no certificate",
            'A PEM file with "BEGIN CERTIFICATE", or a PKCS#12 file (.pfx, .p12), is expected there.',
        )
    if entra.key is None:
        if not contents.keys:
            raise CredentialsRefused(
                f"entra.certificate: {file} holds no private key, and entra.key is not set", "Name the key's file in entra.key."
            )
        return _matched(contents.certificates, contents.keys, file, file)
    key_file = _where(entra.key, environ)
    keys = read_contents(entra.key.read("entra.key", environ), key_file, passphrase).keys
    if not keys:
        raise CredentialsRefused(f"entra.key: {key_file} holds no private key", 'A PEM file with "BEGIN PRIVATE KEY" is expected there.')
    return _matched(contents.certificates, keys, file, key_file)


def _matched(certificates: tuple[x509.Certificate, ...], keys: tuple[PrivateKey, ...], certificate_file: str, key_file: str) -> Certificate:
    """The certificate of a chain that one of the keys belongs to."""
    for key in keys:
        for certificate in certificates:
            if not _belongs(key, certificate):
                continue
            if not isinstance(key, RSAPrivateKey):
                raise CredentialsRefused(
                    f"the key in {key_file} is not an RSA key, and Entra ID takes no other for an application",
                    "Make a certificate with an RSA key of 2048 bits or more.",
                )
            return _certificate(certificate, key, certificate_file)
    raise CredentialsRefused(
        f"the key in {key_file} does not belong to the certificate in {certificate_file}",
        "Name the certificate and the key that were made together.",
    )


def _belongs(key: PrivateKey, certificate: x509.Certificate) -> bool:
    try:
        return certificate.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False  # a public key of a kind that cannot be ours


def _certificate(certificate: x509.Certificate, key: RSAPrivateKey, file: str) -> Certificate:
    der = certificate.public_bytes(Encoding.DER)
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha1=sha1(der, usedforsecurity=False).digest(),  # the name that Entra ID has for it, not a safeguard
        sha256=sha256(der).digest(),
        der=der,
        key=key,
        file=file,
    )


def _where(reference: SecretRef, environ: Mapping[str, str] | None) -> str:
    """Where a secret lies, as it is said in a message."""
    path = reference.path(environ)
    return f"environment variable {reference.env}" if path is None else str(path)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M} UTC"
