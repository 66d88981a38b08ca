"""A small world for whole nights: a SQLite timetable, a certificate, a configuration file; the calendars are in memory."""

import sqlite3
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.plain_configuration import TIMETABLE
from timetable_sync.apply.progress import Progress, Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.calendars.memory.backend import MemoryBackend
from timetable_sync.config.load import load
from timetable_sync.entra.certificate_making import NewCertificate, make_certificate
from timetable_sync.night import NightRequest, run_night
from timetable_sync.reports.summary import RunSummary

#: The night from which everything is counted: Tuesday 13 October 2026, 02:00 in London; the clocks change on 25 October.
NOW = datetime(2026, 10, 13, 1, 0, tzinfo=UTC)

Meeting = tuple[str | None, str | None, str | None, str | None, str | None, str | None]
"""activity, module, start, end, title, room"""


class NightWorld:
    """Everything a night needs, in ``folder``.

    ``more`` is TOML to put at the end of the configuration, ``timetable`` its [timetable] instead of the usual one.
    """

    def __init__(self, folder: Path, more: str = "", timetable: str | None = None) -> None:
        self.folder = folder
        self.backend = MemoryBackend()
        self.now = NOW
        self._certificate()
        self.database = folder / "timetable.db"
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE meeting (activity, module, starts, ends, title, room)")
        self.configuration = folder / "timetable-sync.toml"
        self.configuration.write_text((_TIMETABLE if timetable is None else timetable) + _CONFIGURATION + more, "utf-8")

    def calendar(self, module: str) -> str:
        """Make the module's calendar; gives its address."""
        address = f"{module.lower()}@groups.example.ac.uk"
        self.backend.store.open_calendar(address)
        return address

    def timetable(self, meetings: Iterable[Meeting]) -> None:
        """From now on the timetable is this."""
        with sqlite3.connect(self.database) as database:
            database.execute("DELETE FROM meeting")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?)", meetings)

    def night(
        self,
        *,
        dry_run: bool = False,
        forced: Iterable[str] = (),
        calendars: tuple[str, ...] = (),
        begun: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> RunSummary:
        """One night at ``now``. ``begun`` is called once it works alone; ``stop`` asks it to end, and is what it waits on."""
        request = NightRequest(self.now, dry_run, calendars, frozenset(forced))
        return run_night(
            load(self.configuration, {}),
            request,
            progress=progress or Silent(),
            stop=stop or threading.Event(),
            connect=lambda settings, token: self.backend,
            pace=RetryPolicy(first=0.001, longest=0.01, attempts=4),
            begun=begun,
        )

    def _certificate(self) -> None:
        made = _made()
        file = self.folder / "certificate.pem"
        file.touch(mode=0o600)
        file.write_bytes(made.certificate_pem + made.key_pem)


@cache
def _made() -> NewCertificate:
    """One for all worlds of this process: a key takes a while, and no world minds whose it is."""
    return make_certificate(subject="night", bits=2048, days=300, now=datetime.now(UTC))


_TIMETABLE = TIMETABLE.format(period="2026/27") + 'rooms = { column = "room", many = true }\n'

_CONFIGURATION = """
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
location = "{{ rooms | join(', ') }}"
categories = ["Timetable"]
[entra]
tenant = "t"
client = "c"
certificate = { file = "certificate.pem" }
[state]
url = "sqlite:///state.db"
"""
