"""What is said of a new certificate: its files, where to upload which, and the lines of the configuration that name them. Only words."""

from pathlib import Path

from timetable_sync.entra.certificate_facts import CertificateFacts, hexadecimal
from timetable_sync.entra.certificate_folder import CertificateFiles
from timetable_sync.settings.secret import SecretRef
from timetable_sync.settings.toml_text import toml_value


def written_lines(folder: Path, facts: CertificateFacts) -> list[str]:
    """What the files in ``folder`` are for."""
    files = CertificateFiles(folder)
    width = len(str(files.key))
    return [
        f"  {files.key!s:<{width}}  the private key: it never leaves this machine",
        f"  {files.certificate!s:<{width}}  the certificate",
        f"  {files.upload!s:<{width}}  the same, to upload: App registrations > Certificates & secrets > Upload certificate",
        f"  {'thumbprint':<{width}}  {hexadecimal(facts.sha1)}",
    ]


def entra_lines(table: str, folder: Path, passphrase: SecretRef | None = None) -> list[str]:
    """The part of the configuration that names them."""
    files = CertificateFiles(folder)
    lines = [
        f"  [{table}]",
        f"  certificate = {toml_value({'file': str(files.certificate)})}",
        f"  key         = {toml_value({'file': str(files.key)})}",
    ]
    return lines + ([] if passphrase is None else [f"  passphrase  = {passphrase}"])
