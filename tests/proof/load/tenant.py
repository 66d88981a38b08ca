"""A tenant with many calendars to be filled, and nights in it with so many workers."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.plain_configuration import plain_configuration
from tests.sandbox_process import SandboxProcess, make_certificate, ready_app

ROOT = Path(__file__).resolve().parents[3]

_CONFIGURATION = """
[run]
calendars_at_once = {workers}
deadline = "{deadline}"
[state]
url = "sqlite:///state.db"
"""


class Tenant:
    """``many`` empty calendars and a timetable with ``lessons`` in each; of the first ``large`` modules, forty times as many."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, many: int, *, lessons: int = 3, large: int = 0) -> None:
        self.folder = folder
        self.sandbox = sandbox
        ready_app(sandbox.client, make_certificate(folder))
        self.modules = [f"COMP{number}" for number in range(1001, 1001 + many)]
        first = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=2)
        self._lessons = [
            (module, f"{module}-{n}", first + timedelta(days=n))
            for at, module in enumerate(self.modules)
            for n in range(lessons * (40 if at < large else 1))
        ]
        with sqlite3.connect(folder / "timetable.db") as database:
            database.execute("CREATE TABLE meeting (activity, module, starts, ends, title)")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", [_row(*lesson) for lesson in self._lessons])
        self.afresh()

    @property
    def configuration(self) -> Path:
        """The configuration's file."""
        return self.folder / "timetable-sync.toml"

    def afresh(self) -> None:
        """Empty calendars, nothing on record, nothing limited."""
        client = self.sandbox.client
        client.clear_faults()
        client.set_budgets(None)
        for module in self.modules:
            client.remove_mailbox(_address(module))
        client.add_mailboxes([_address(module) for module in self.modules])
        for file in self.folder.glob("state.db*"):
            file.unlink()
        client.reset_requests()

    def configure(self, workers: int, deadline: str = "3 hours") -> None:
        """So many calendars at once, for so long."""
        text = _CONFIGURATION.format(workers=workers, deadline=deadline)
        self.configuration.write_text(plain_configuration(self.sandbox.url) + text, "utf-8")

    def begin(self) -> "subprocess.Popen[str]":
        """``timetable-sync run``, at work; its report is ``night.json``."""
        (self.folder / "night.json").unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        return subprocess.Popen(
            [sys.executable, "-m", "timetable_sync", "run", "--report", "night.json"],
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, seconds: float = 1200) -> "subprocess.CompletedProcess[str]":
        """The same to its end."""
        with self.begin() as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return subprocess.CompletedProcess(process.args, -1, f"it froze: {process.communicate()[0]}")
        return subprocess.CompletedProcess(process.args, process.returncode, said)

    def report(self) -> dict[str, Any]:
        """What the last night said."""
        found: dict[str, Any] = json.loads((self.folder / "night.json").read_text("utf-8"))
        return found

    def record(self) -> list[tuple[int | None, bool]]:
        """Exit code of each run on record, and whether it came to its end."""
        with sqlite3.connect(self.folder / "state.db") as database:
            return [(code, finished is not None) for code, finished in database.execute("SELECT exit_code, finished FROM run ORDER BY id")]

    def wrong(self) -> list[str]:
        """The modules whose calendars are not what the timetable says."""
        found = self.sandbox.client.all_events()
        ought = {module: Counter[tuple[str, str]]() for module in self.modules}
        for module, activity, start in self._lessons:
            ought[module][activity, f"{start:%Y-%m-%dT%H:%M:%SZ}"] += 1
        return [module for module in self.modules if _seen(found.get(_address(module), ())) != ought[module]]


def _seen(events: Iterable[dict[str, Any]]) -> "Counter[tuple[str, str]]":
    return Counter((str(event["subject"]), str(event["start"])) for event in events)


def _address(module: str) -> str:
    return f"{module.lower()}@groups.example.ac.uk"


def _row(module: str, activity: str, start: datetime) -> tuple[str, str, str, str, str]:
    local = start.astimezone(ZoneInfo("Europe/London"))
    return activity, module, f"{local:%Y-%m-%d %H:%M}", f"{local + timedelta(hours=1):%Y-%m-%d %H:%M}", activity
