"""Reads certificates and private keys out of bytes: PEM (chains, several blocks, encrypted keys), DER and PKCS#12.

It opens no file and logs nothing. :func:`read_given` reads a certificate that a command line names, whoever made it, and keeps no key.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key, pkcs12

from timetable_sync.entra.certificate_facts import CertificateFacts, facts_of
from timetable_sync.errors import CredentialsRefused, UsageError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_BLOCK = re.compile(rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\s.*?-----END (?P=label)-----", re.DOTALL)
_PKCS12 = re.compile(rb"^\x30(?:\x80|[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, in its order. The keys appear in no repr."""

    certificates: tuple[x509.Certificate, ...] = ()
    keys: tuple[PrivateKey, ...] = field(default=(), repr=False)


def read_contents(data: bytes, file: str, passphrase: bytes | None, *, named: str = "entra.passphrase", keys: bool = True) -> Contents:
    """All certificates and private keys in ``data``; without ``keys``, those of PEM stay closed.

    ``file`` names it in messages, and ``named`` is where its passphrase is to be given. A passphrase that is not needed does no harm.
    Raises CredentialsRefused for a wrong or missing one, and for what is neither certificate nor key; the message holds nothing of the
    data.
    """
    source = _Source(file, passphrase, named)
    blocks = list(_BLOCK.finditer(data))
    if blocks:
        return _from_pem(blocks, source, keys_wanted=keys)
    if _PKCS12.match(data):
        return _from_pkcs12(data, source)
    return _from_der(data, source)


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    passphrase: bytes | None = field(repr=False)
    named: str

    def locked(self) -> CredentialsRefused:
        if not self.passphrase:
            return CredentialsRefused(
                f"the key in {self.file} is encrypted, and {self.named} is not set", "Name its passphrase by reference there."
            )
        return CredentialsRefused(
            f"the passphrase does not open the key in {self.file}", f"Check what {self.named} refers to, line ends included."
        )

    def damaged(self, what: str) -> CredentialsRefused:
        return CredentialsRefused(
            f"the {what} in {self.file} is damaged and cannot be read", "Copy the file again from where it was made, as a whole."
        )


def _from_pem(blocks: list[re.Match[bytes]], source: _Source, *, keys_wanted: bool) -> Contents:
    certificates: list[x509.Certificate] = []
    keys: list[PrivateKey] = []
    for block in blocks:
        if block["label"] in (b"CERTIFICATE", b"X509 CERTIFICATE"):
            try:
                certificates.append(_legible(x509.load_pem_x509_certificate(block[0])))
            except (ValueError, x509.InvalidVersion):
                raise source.damaged("certificate") from None
        elif keys_wanted and block["label"].endswith(b"PRIVATE KEY"):
            encrypted = block["label"].startswith(b"ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in block[0]
            keys.append(_key(load_pem_private_key, block[0], source, encrypted=encrypted))
    return Contents(tuple(certificates), tuple(keys))


def _from_der(data: bytes, source: _Source) -> Contents:
    try:
        certificate = x509.load_der_x509_certificate(data)
    except x509.InvalidVersion:  # it is a certificate, of a version that there is not
        raise source.damaged("certificate") from None
    except ValueError:
        pass
    else:
        try:
            return Contents((_legible(certificate),))
        except ValueError:
            raise source.damaged("certificate") from None
    try:
        return Contents((), (_private(load_der_private_key(data, None), source),))
    except TypeError:  # it is a key, and encrypted
        return Contents((), (_key(load_der_private_key, data, source, encrypted=True),))
    except (ValueError, UnsupportedAlgorithm):
        raise CredentialsRefused(
            f"{source.file} holds neither a certificate nor a private key",
            'A PEM file ("-----BEGIN CERTIFICATE-----") or a PKCS#12 file (.pfx, .p12) is expected there.',
        ) from None


def _from_pkcs12(data: bytes, source: _Source) -> Contents:
    # A file "without a passphrase" has none or an empty one, depending on who made it.
    for attempt in (source.passphrase,) if source.passphrase else (None, b""):
        try:
            found = pkcs12.load_pkcs12(data, attempt)
        except x509.InvalidVersion:
            raise source.damaged("certificate") from None
        except (ValueError, UnsupportedAlgorithm):
            continue
        own = () if found.cert is None else (found.cert.certificate,)
        keys = () if found.key is None else (_private(found.key, source),)
        try:
            return Contents(tuple(map(_legible, own + tuple(other.certificate for other in found.additional_certs))), keys)
        except ValueError:
            raise source.damaged("certificate") from None
    raise source.locked()


def _legible(certificate: x509.Certificate) -> x509.Certificate:
    """It, once all that is ever asked of it could be read: the library looks at names, dates and key only then. Raises ValueError."""
    facts_of(certificate.public_bytes(Encoding.DER))
    return certificate


def _key(load: Any, data: bytes, source: _Source, *, encrypted: bool) -> PrivateKey:
    if encrypted and not source.passphrase:
        raise source.locked()
    try:
        return _private(load(data, source.passphrase if encrypted else None), source)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise (source.locked() if encrypted else source.damaged("private key")) from None


def _private(key: object, source: _Source) -> PrivateKey:
    if isinstance(key, PrivateKey):
        return key
    raise CredentialsRefused(
        f"the key in {source.file} is of a kind that cannot sign for a certificate", "An RSA key of 2048 bits or more is expected there."
    )


def read_given(path: Path, passphrase: bytes | None = None, *, named: str = "--passphrase-file") -> CertificateFacts:
    """The certificate in ``path``; of several, the one that signed none of the others.

    ``named`` is where a passphrase is given, for messages: a PKCS#12 file may need one, a PEM file never does, as its key stays closed.
    Raises UsageError for a file that cannot be read, CredentialsRefused for one that holds no certificate.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "Check the path and who may read it.") from None
    contents = read_contents(data, str(path), passphrase, named=named, keys=False)
    if not contents.certificates:
        raise CredentialsRefused(
            f"{path} holds no certificate", 'A PEM file with "BEGIN CERTIFICATE", or a PKCS#12 file, is expected there.'
        )
    return facts_of(_own(contents).public_bytes(Encoding.DER))


def _own(contents: Contents) -> x509.Certificate:
    issuers = {one.issuer for one in contents.certificates if one.issuer != one.subject}
    return next((one for one in contents.certificates if one.subject not in issuers), contents.certificates[0])
