"""A manifest's file: read with its size and mode, replaced in one step, the old one kept beside it. Decides nothing about its content."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from timetable_sync.errors import UsageError

#: A manifest may be 1,200 entries long at most, so no manifest is larger (bytes).
_LARGEST = 16 * 1024 * 1024


def read_manifest_text(path: Path) -> str:
    """The file's text, a mark at its beginning and line ends included. Raises UsageError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "Download it: App registrations > Manifest > Download.") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is too large for a manifest", "Download it anew: App registrations > Manifest > Download.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", "Download it anew: App registrations > Manifest > Download.") from None


def replace_manifest(path: Path, text: str) -> Path:
    """Put ``text`` in the place of the file, in one step, with its mode. Gives the path that the old file is kept under.

    Raises UsageError where that is not possible; then the file is as it was.
    """
    path = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        new = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
                os.fsync(file.fileno())
            kept = _kept(path)
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be changed: {error.strerror or error}", "It is as it was. Mend it, and type it again.") from None
    return kept


def _kept(path: Path) -> Path:
    """A second name for the old file, one that is free."""
    for number in range(1, 1000):
        beside = path.with_name(f"{path.name}.before{'' if number == 1 else f'-{number}'}")
        try:
            os.link(path, beside)
        except FileExistsError:
            continue
        except OSError:  # a file system without second names
            with beside.open("xb") as copy:
                copy.write(path.read_bytes())
                copy.flush()
                os.fsync(copy.fileno())
        return beside
    raise UsageError(f"a thousand old files are kept beside {path}", "Remove what is no longer wanted.")
