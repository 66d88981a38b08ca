"""The certificate that the application signs in with. A value with its private key, which it shows to nobody.

Reading the file formats is ``certificate_file``'s; here is what they must amount to: one RSA certificate, and the key that belongs to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.entra import Entra, NextCertificate
from timetable_sync.entra.certificate_facts import CertificateFacts, facts_of, hexadecimal
from timetable_sync.entra.certificate_file import PrivateKey, read_contents
from timetable_sync.errors import CredentialsRefused, UsageError


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, as ``facts`` has it, and its RSA key, which appears in no repr. ``file`` says where it was read from."""

    facts: CertificateFacts
    key: RSAPrivateKey = field(repr=False, compare=False)
    file: str = ""

    @property
    def subject(self) -> str:
        """Its name, as RFC 4514 writes it."""
        return self.facts.subject

    @property
    def not_before(self) -> datetime:
        """From when it is valid; aware, in UTC."""
        return self.facts.not_before

    @property
    def not_after(self) -> datetime:
        """Until when it is valid; aware, in UTC."""
        return self.facts.not_after

    @property
    def sha1(self) -> bytes:
        """The raw digest of its DER form."""
        return self.facts.sha1

    @property
    def sha256(self) -> bytes:
        """The raw digest of its DER form."""
        return self.facts.sha256

    @property
    def der(self) -> bytes:
        """It, without the key."""
        return self.facts.der

    @property
    def thumbprint(self) -> str:
        """The SHA-1 thumbprint as the portal shows it: ``3FA1...``, 40 hexadecimal digits."""
        return hexadecimal(self.facts.sha1)

    def refuse_unless_valid(self, now: datetime) -> None:
        """Raises CredentialsRefused outside the certificate's own dates. ``now`` is aware."""
        if now > self.not_after:
            raise CredentialsRefused(
                f"the certificate {self.file} expired on {_day(self.not_after)} (this machine's clock says {_day(now)})",
                "Make a new one (timetable-sync certificate new) and register it: App registrations > Certificates & secrets.",
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
    return _read(entra, "entra", environ)


def read_next_certificate(following: NextCertificate, *, environ: Mapping[str, str] | None = None) -> Certificate:
    """The certificate of ``entra.next`` whatever its dates. Raises as :func:`load_certificate` does."""
    return _read(following, "entra.next", environ)


def _read(named: Entra | NextCertificate, table: str, environ: Mapping[str, str] | None) -> Certificate:
    """``table`` is where the references stand, for messages."""
    if named.certificate is None:
        raise UsageError(f"{table}.certificate is not set", "Name where the certificate lies.")
    passphrase = None if named.passphrase is None else named.passphrase.read_text(f"{table}.passphrase", environ).encode()
    file = _where(named.certificate, environ)
    contents = read_contents(named.certificate.read(f"{table}.certificate", environ), file, passphrase, named=f"{table}.passphrase")
    if not contents.certificates:
        raise CredentialsRefused(
            f"{table}.certificate: {file} holds no certificate",
            'A PEM file with "BEGIN CERTIFICATE", or a PKCS#12 file (.pfx, .p12), is expected there.',
        )
    if named.key is None:
        if not contents.keys:
            raise CredentialsRefused(
                f"{table}.certificate: {file} holds no private key, and {table}.key is not set", f"Name the key's file in {table}.key."
            )
        return _matched(contents.certificates, contents.keys, file, file)
    key_file = _where(named.key, environ)
    keys = read_contents(named.key.read(f"{table}.key", environ), key_file, passphrase, named=f"{table}.passphrase").keys
    if not keys:
        raise CredentialsRefused(f"{table}.key: {key_file} holds no private key", 'A PEM file with "BEGIN PRIVATE KEY" is expected there.')
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
    return Certificate(facts_of(certificate.public_bytes(Encoding.DER)), key, file)


def _where(reference: SecretRef, environ: Mapping[str, str] | None) -> str:
    """Where a secret lies, as it is said in a message."""
    path = reference.path(environ)
    return f"environment variable {reference.env}" if path is None else str(path)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M} UTC"
