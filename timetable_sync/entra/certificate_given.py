"""A certificate that a command line names, whoever made it: PEM (also a chain, also with its key), DER or PKCS#12. Keeps no key."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from timetable_sync.entra.certificate_facts import CertificateFacts, facts_of
from timetable_sync.entra.certificate_file import Contents, read_contents
from timetable_sync.errors import CredentialsRefused, UsageError


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
