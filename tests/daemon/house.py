"""An installation with a daemon in it: a timetable of days to come, a sandbox, a state database, and the daemon as a process."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

import sqlalchemy as sa

from tests.hurried import python_path
from tests.plain_configuration import plain_configuration
from tests.sandbox_process import SandboxProcess, make_certificate, ready_app
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.state.run_records import RunRecord
from timetable_sync.state.store import open_state

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
Found = TypeVar("Found")

_CONFIGURATION = """
[run]
calendars_at_once = 1
[state]
url = "{state}"
lease = "{lease}"
[schedule]
cron = "{cron}"
{schedule}
"""

#: A schedule that comes so late that no test sees it.
FAR = "0 2 1 jan *"


def until(what: Callable[[], Found | None], seconds: float = PATIENCE) -> Found:
    """What ``what`` gives, once that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


class House:
    """Everything in ``folder``; its modules' mailboxes are empty at the beginning. ``state`` is a URL, an SQLite file by default;
    ``also`` is done in each process before all else."""

    def __init__(
        self, folder: Path, sandbox: SandboxProcess, *, state: str = "", modules: Iterable[str] = ("COMP101", "MATH101"), also: str = ""
    ) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.modules = tuple(modules)
        self.state_url = state or f"sqlite:///{folder / 'state.db'}"
        self.configuration = folder / "timetable-sync.toml"
        self._path = python_path(folder, ROOT, also=also)
        ready_app(sandbox.client, make_certificate(folder))
        sandbox.client.clear_faults()
        for module in self.modules:
            sandbox.client.remove_mailbox(self.address(module))
            sandbox.client.add_mailbox(self.address(module))
        self.lessons(2)
        self.configure()

    def configure(self, cron: str = FAR, *, lease: str = "20 seconds", schedule: str = "", more: str = "") -> None:
        """Write the configuration's file anew."""
        text = _CONFIGURATION.format(state=self.state_url, lease=lease, cron=cron, schedule=schedule)
        self.configuration.write_text(plain_configuration(self.sandbox.url) + text + more, "utf-8")

    def lessons(self, many: int, title: str = "Logic") -> None:
        """From now on the timetable has so many lessons in each module."""
        monday = datetime.now(UTC) + timedelta(days=3)
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute("CREATE TABLE IF NOT EXISTS meeting (activity, module, starts, ends, title)")
            database.execute("DELETE FROM meeting")
            database.executemany(
                "INSERT INTO meeting VALUES (?, ?, ?, ?, ?)",
                [
                    (f"{module}-{number}", module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", title)
                    for module in self.modules
                    for number in range(many)
                    for day in (monday + timedelta(days=number),)
                ],
            )

    @staticmethod
    def address(module: str) -> str:
        return f"{module.lower()}@groups.example.ac.uk"

    def titles(self) -> list[str]:
        """The subjects of all events that stand, of this house's calendars."""
        everything = self.sandbox.client.all_events()
        return sorted(str(event["subject"]) for module in self.modules for event in everything.get(self.address(module), []))

    def runs(self) -> list[RunRecord]:
        """Oldest first."""
        with open_state(StateDatabase(url=self.state_url), read_only=True) as state:
            return state.runs("timetable", None)[::-1]

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Looks into the state database past our own code."""
        engine = sa.create_engine(self.state_url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(sa.text(sql))]
        engine.dispose()
        return found

    def written(self) -> dict[int, int]:
        """How many changes of each run succeeded, by the history."""
        rows = self.ask("SELECT run_id, count(*) FROM history WHERE error = '' OR error IS NULL GROUP BY run_id")
        return {int(str(run)): int(str(many)) for run, many in rows}

    def finished(self) -> list[RunRecord]:
        return [run for run in self.runs() if run.finished is not None]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        return {**inherited, "PYTHONPATH": self._path, **(more or {})}


class DaemonProcess:
    """``timetable-sync daemon`` in a house; a context manager that kills it at the end. ``script`` is Python to run before it."""

    def __init__(self, house: House, name: str = "daemon", *, environment: Mapping[str, str] | None = None, script: str = "") -> None:
        self.log = house.folder / f"{name}.log"
        program = f"{script}\nfrom timetable_sync.cli.app import main\nmain()\n"
        command = [sys.executable, "-c", program] if script else [sys.executable, "-m", "timetable_sync"]
        with self.log.open("ab") as log:
            self._before = log.tell()
            self.process = subprocess.Popen(
                [*command, "daemon", "--config", str(house.configuration)],
                env=house.environment(environment),
                cwd=house.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        """Its log, and its nights', since it was started."""
        return self.log.read_bytes()[self._before :].decode("utf-8", "replace")

    def wait_for(self, words: str, seconds: float = PATIENCE) -> str:
        """Its log, once these words stand in it."""

        def there() -> str:
            assert self.process.poll() is None or words in self.said(), self.said()
            return self.said() if words in self.said() else ""

        try:
            return until(there, seconds)
        except AssertionError:
            raise AssertionError(f"it never said {words!r}, but:\n{self.said()}") from None

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = 30) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """Without any warning."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "DaemonProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


class Systemd:
    """Takes what a service tells: the other end of ``NOTIFY_SOCKET``. ``abstract`` takes a socket without a file."""

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"@timetable-sync-test-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(folder / "notify")
        self._socket.bind("\0" + name[1:] if abstract else name)
        self._socket.settimeout(0.05)
        self.environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "4000000"}
        self._told: SimpleQueue[str] = SimpleQueue()
        self._over = Event()
        # At once, as systemd does: who tells waits where a socket's queue is full.
        self._ear = Thread(target=self._hear)
        self._ear.start()

    def _hear(self) -> None:
        while not self._over.is_set():
            try:
                text = self._socket.recv(65_536).decode()
            except TimeoutError:
                continue
            for line in text.splitlines():
                self._told.put(line)

    def listen(self, seconds: float = 0.2) -> list[str]:
        """The lines that were told and not taken yet, and those told within so long."""
        time.sleep(seconds)
        lines = []
        while not self._told.empty():
            lines.append(self._told.get())
        return lines

    def wait_for(self, start: str, seconds: float = PATIENCE) -> str:
        """The first line that begins so, of those not taken yet; the ones before it are gone."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._told.get(timeout=left)
            except Empty:
                break
            if line.startswith(start):
                return line
        raise AssertionError(f"it never told {start}")

    def close(self) -> None:
        self._over.set()
        self._ear.join()
        self._socket.close()
