"""The state databases of a history: the one in use, its backups, and the other host's."""

import shutil
from pathlib import Path

from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.state.store import open_state


class Ledgers:
    """All as files beside ``file``, which is the one in use. An empty one is made once: to make each anew would take most of the time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._empty, self._backup, self._elsewhere = (file.with_name(name) for name in ("empty.db", "backup.db", "elsewhere.db"))
        self._empty.unlink(missing_ok=True)
        with open_state(StateDatabase(url=f"sqlite:///{self._empty}")):
            pass

    def begin(self) -> None:
        """A new history: an empty one, no backup, nothing known on the other host."""
        self.lose()
        self._backup.unlink(missing_ok=True)
        shutil.copyfile(self._empty, self._elsewhere)

    def lose(self) -> None:
        """As it was before the first night."""
        self._use(self._empty)

    def keep(self) -> None:
        """A backup is made."""
        shutil.copyfile(self._file, self._backup)

    def restore(self) -> None:
        """The backup is put back, where there is one."""
        if self._backup.exists():
            self._use(self._backup)

    def change_host(self) -> None:
        """What was the other host's is in use, and the other way round."""
        aside = self._file.with_name("aside.db")
        shutil.copyfile(self._file, aside)
        self._use(self._elsewhere)
        shutil.copyfile(aside, self._elsewhere)

    def _use(self, other: Path) -> None:
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(other, self._file)
