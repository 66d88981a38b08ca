"""Keeps the sandbox's world in a file: read at the start, written whole and atomically after changes. Knows no HTTP."""

import contextlib
import os
import tempfile
from pathlib import Path

from timetable_sync.errors import UsageError
from timetable_sync.sandbox.world import World


class StateFile:
    """One file that holds one world. It holds the sandbox's signing key too, so that only its owner may read it."""

    def __init__(self, path: Path, world: World) -> None:
        self.path = path
        self._world = world
        self._saved: tuple[object, ...] | None = None

    def load(self) -> None:
        """Take over what the file holds, if it is there; raises UsageError where it holds something else."""
        if not self.path.exists():
            return
        try:
            self._world.load(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"the sandbox's state file {self.path} cannot be read: {type(error).__name__}: {error}",
                "Name another file with --state, or remove this one.",
            ) from error
        self._saved = self._sign()

    def _sign(self) -> tuple[object, ...]:
        world = self._world
        return (
            tuple((one.address, one.origin, *one.aliases.items(), one.changes, one.deletions) for one in world.mailboxes.values()),
            tuple(id(one) for one in world.directory.applications.values()),
            tuple(key.key_id for one in world.directory.applications.values() for key in one.keys),
            len(world.mails),
            world.clock.ahead,
        )

    def changed(self) -> str | None:
        """What is to be written, if anything but the counts of requests changed since it was last asked."""
        sign = self._sign()
        if sign == self._saved:
            return None
        self._saved = sign
        return self._world.as_json()

    def save(self) -> None:
        """Write the world as it is now."""
        self._saved = self._sign()
        write_atomically(self.path, self._world.as_json())


def write_atomically(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` so that a reader sees the old or the new file, never half of one."""
    handle, name = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
