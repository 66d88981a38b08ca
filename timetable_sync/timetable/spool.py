"""A temporary file that rows are sorted in and events wait in, so that memory does not grow with the timetable.

It is unlinked as soon as it is open where the system allows that (POSIX), so that nothing is left behind by a process that is killed;
others cannot read it.
"""

import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.timetable.columns import MeetingRow

_PRAGMAS = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -16000;"
_SCHEMA = """
CREATE TABLE meeting (period TEXT, activity TEXT, start INTEGER, finish INTEGER, number INTEGER, cancelled INTEGER, rest TEXT);
CREATE TABLE event (address TEXT, start INTEGER, key TEXT, rest TEXT);
CREATE TABLE calendar (address TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
"""


class Spool:
    """Safe to read from several threads once written. Raises TimetableUnusable when the disk is full."""

    def __init__(self, folder: Path | None = None) -> None:
        handle, name = tempfile.mkstemp(prefix="timetable-sync-", suffix=".spool", dir=folder)
        os.close(handle)
        self._file = Path(name)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        # Nothing here outlives the run: no journal, no waiting for the disk.
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -16000;"
        )
        self._database.executescript(_SCHEMA)
        if os.name == "posix":
            self._file.unlink()

    def close(self) -> None:
        """Nothing of it remains."""
        self._database.close()
        self._file.unlink(missing_ok=True)

    def add_meetings(self, rows: Iterable[tuple[int, MeetingRow]]) -> None:
        """Keep rows, each with its number in the query's result."""
        self._write(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    row.period,
                    row.activity,
                    int(row.start.timestamp()),
                    int(row.end.timestamp()),
                    number,
                    row.cancelled,
                    json.dumps((row.calendars, row.texts, row.sets)),
                )
                for number, row in rows
            ),
        )

    def meetings(self) -> Iterator[tuple[int, MeetingRow]]:
        """All rows, by period, activity, start and end."""
        cursor = self._database.cursor()
        cursor.execute("SELECT * FROM meeting ORDER BY period, activity, start, finish, number")
        for period, activity, start, end, number, cancelled, rest in cursor:
            calendars, texts, sets = json.loads(rest)
            yield number, MeetingRow(period, activity, _moment(start), _moment(end), bool(cancelled), tuple(calendars), texts, sets)

    def add_events(self, events: Iterable[tuple[str, Event]]) -> None:
        """Keep events, each with the address of its calendar."""
        self._write(
            "INSERT INTO event VALUES (?, ?, ?, ?)",
            ((address, int(event.start.timestamp()), event.key, json.dumps(_flat(event))) for address, event in events),
        )

    def add_calendars(self, calendars: Iterable[tuple[str, str]]) -> None:
        """Keep addresses and names; of several names for one address, the first by the alphabet."""
        self._write(
            "INSERT INTO calendar VALUES (?, ?) ON CONFLICT (address) DO UPDATE SET name = min(name, excluded.name)",
            calendars,
        )

    def settle(self) -> None:
        """All is written: make it quick to read."""
        self._write("CREATE INDEX event_by_calendar ON event (address, start, key)", [()])

    def calendars(self) -> list[tuple[str, str]]:
        """Addresses and names."""
        with self._lock:
            return self._database.execute("SELECT address, name FROM calendar ORDER BY address").fetchall()

    def events(self, address: str) -> list[Event]:
        """One calendar's events by start and key."""
        with self._lock:
            rows = self._database.execute("SELECT start, key, rest FROM event WHERE address = ? ORDER BY start, key", (address,)).fetchall()
        return [_event(start, key, json.loads(rest)) for start, key, rest in rows]

    def _write(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            with self._lock:
                self._database.execute("BEGIN")
                self._database.executemany(sql, rows)
                self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise TimetableUnusable(
                f"the timetable could not be sorted in {self._file.parent}: {error}", "Make room there, or set TMPDIR to another folder."
            ) from None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _flat(event: Event) -> tuple[Any, ...]:
    return (
        int(event.end.timestamp()),
        event.zone,
        event.subject,
        event.location,
        event.body,
        event.body_kind,
        event.categories,
        event.busy,
        event.reminder,
        event.sensitivity,
    )


def _event(start: int, key: str, rest: list[Any]) -> Event:
    end, zone, subject, location, body, kind, categories, busy, reminder, sensitivity = rest
    return Event(
        key,
        _moment(start),
        _moment(end),
        zone,
        subject,
        location,
        body,
        kind,
        None if categories is None else tuple(categories),
        Busy(busy),
        reminder,
        Sensitivity(sensitivity),
    )
