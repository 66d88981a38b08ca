"""Creates an RSA key and a certificate that it signs itself, and writes both into a folder of their own.

The folder appears whole or not at all, and nothing is overwritten. The key can be read by its owner only from its first byte on. A kill, a
full disk or a power cut leaves no half pair: the files are written into a hidden folder beside, forced to disk, then renamed in one step.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from timetable_sync.errors import UsageError

#: What Entra ID takes. https://learn.microsoft.com/entra/identity-platform/howto-create-self-signed-certificate
SIZES = (2048, 3072, 4096)

#: Many tenants refuse a certificate that is to live for longer.
# https://learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy
USUAL_LIFE = timedelta(days=365)

#: So long before it was made it begins to be valid, so that a clock that is behind takes no offence.
_EARLIER = timedelta(minutes=5)

#: The longest that a date in a certificate can stand for without trouble.
_LONGEST = 36_525

_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """What is to be written down. The key appears in no repr."""

    certificate_pem: bytes
    der: bytes
    key_pem: bytes = field(repr=False)


def make_certificate(*, subject: str, bits: int, days: int, now: datetime, passphrase: bytes | None = None) -> NewCertificate:
    """A fresh key of ``bits``, and its certificate from five minutes before ``now`` (aware), valid for ``days``.

    ``subject`` is a distinguished name ("CN=timetable-sync,O=Example"), or the common name alone. With ``passphrase`` the key is
    encrypted. Raises UsageError for what no certificate can be made of.
    """
    if bits not in SIZES:
        raise UsageError(f"a key of {bits} bits cannot be made", f"Choose one of {', '.join(map(str, SIZES))}.")
    if not 1 <= days <= _LONGEST:
        raise UsageError(f"a certificate cannot be valid for {days} days", f"Choose from 1 to {_LONGEST}; many tenants allow 365.")
    if passphrase is not None and not 1 <= len(passphrase) <= 1023:
        raise UsageError("the passphrase is empty or too long", "Choose one of 1 to 1023 bytes, or leave the key without one.")
    name = _name(subject)
    begins = now.replace(microsecond=0) - _EARLIER
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return NewCertificate(
        certificate_pem=certificate.public_bytes(Encoding.PEM),
        der=certificate.public_bytes(Encoding.DER),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
    )


def _name(subject: str) -> x509.Name:
    try:
        if "=" not in subject:
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.strip())])
        else:
            name = x509.Name.from_rfc4514_string(subject)
    except ValueError:
        name = x509.Name([])
    if not list(name):
        raise UsageError(
            f'"{subject}" is no name for a certificate',
            'Write it as in "CN=timetable-sync,O=Example University", each value of at most 64 letters.',
        )
    return name


CERTIFICATE, KEY, UPLOAD = "certificate.pem", "certificate-key.pem", "certificate.cer"

_UNFINISHED = "unfinished-"

#: What was begun so long ago and never finished was killed (seconds): making a key takes no more than some.
_LONG_AGO = 600.0


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where things lie: certificate and key as PEM, and the certificate alone for the portal's upload (DER)."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """PEM."""
        return self.folder / CERTIFICATE

    @property
    def key(self) -> Path:
        """PEM, mode 0600."""
        return self.folder / KEY

    @property
    def upload(self) -> Path:
        """DER, with the ending that the portal asks for."""
        return self.folder / UPLOAD


def refuse_unless_free(folder: Path) -> None:
    """Raises UsageError where something stands at ``folder``, or nothing can be put there."""
    if os.path.lexists(folder):
        raise UsageError(f"{folder} is there already, and nothing is ever overwritten", "Name another folder.")
    if not folder.parent.is_dir():
        raise UsageError(f"{folder.parent} is not a folder", "Make it first, or name another one.")


def write_certificate(folder: Path, made: NewCertificate) -> CertificateFiles:
    """Make ``folder`` with the three files in it. Raises UsageError where it exists or cannot be written; then nothing of it is left."""
    folder = folder.absolute()
    refuse_unless_free(folder)
    try:
        _clear_unfinished(folder)
        with _beside(folder) as place:
            for name, content, mode in ((KEY, made.key_pem, 0o600), (CERTIFICATE, made.certificate_pem, 0o644), (UPLOAD, made.der, 0o644)):
                _write(place / name, content, mode)
            _force(place)
            # In one step. A folder that appeared meanwhile is refused by the system, unless it is empty.
            place.rename(folder)
        _force(folder.parent)
    except OSError as error:
        raise UsageError(
            f"the certificate cannot be written to {folder}: {error.strerror or error}",
            "Nothing was left there. Mend it, and type it again.",
        ) from None
    return CertificateFiles(folder)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A hidden folder that only its owner can enter (mkdtemp's own mode). What is still there at the end, goes."""
    place = Path(mkdtemp(prefix=f".{folder.name}.{_UNFINISHED}", dir=folder.parent))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _clear_unfinished(folder: Path) -> None:
    """What an earlier call left that was killed. It never was of any use: its key stands in no manifest."""
    for left in folder.parent.glob(f".{folder.name}.{_UNFINISHED}*"):
        if time.time() - left.stat().st_mtime > _LONG_AGO:
            shutil.rmtree(left, ignore_errors=True)


def _write(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _force(folder: Path) -> None:
    """The names in ``folder`` to disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
