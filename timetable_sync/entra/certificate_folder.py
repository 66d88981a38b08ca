"""Writes a new certificate and its key into a folder of their own, which appears whole or not at all. Overwrites nothing.

The key can be read by its owner only from its first byte on. A kill, a full disk or a power cut leaves no half pair: the files are written
into a hidden folder beside, forced to disk, and then renamed in one step.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from timetable_sync.entra.certificate_making import NewCertificate
from timetable_sync.errors import UsageError

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
