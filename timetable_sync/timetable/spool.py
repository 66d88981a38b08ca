"""A temporary file that rows are sorted in and events wait in, so that memory does not grow with the timetable.

It is unlinked as soon as it is open where the system allows that (POSIX), so that nothing is left behind by a process that is killed;
others cannot read it (mkstemp gives mode 0600). What SQLite needs beside it to sort, it makes and unlinks in the same way:
https://www.sqlite.org/tempfiles.html
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.ledger_entry import BETWEEN, LINE
from timetable_sync.timetable.columns import StoredRow

#: Without a journal nothing can be rolled back and nothing survives a crash: neither is wanted of a file that nobody will open again.
_PRAGMAS = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA temp_store = FILE",
    "PRAGMA cache_size = -8000",
)
_LOOK = "subject, location, body, categories, busy, reminder, sensitivity, zone"
_AT_ONCE = 1_000

#: How an event looks: subject, location, body, categories, busy, reminder, sensitivity, its zone where it is not the timetable's.
Look = tuple[str, str | None, str | None, str | None, str, int | None, str, str | None]

#: An event on its way into the spool: the numbers of its calendar and of its look, start, key, end, fingerprint. Most lessons of an
#: activity look the same: with their looks apart, what is written is half as wide, and costs half of its time.
NewEvent = tuple[int, int, int, str, int, str]

#: An event out of the spool: start, key, end, its look, its fingerprint.
EventRow = tuple[int, str, int, Look, str]


class Spool:
    """Safe to use from several threads. Raises TimetableUnusable when the disk is full.

    ``children`` is how many sets each child query gives.
    """

    def __init__(self, folder: Path | None, children: Sequence[int] = ()) -> None:
        self._children = [width + 2 for width in children]
        # Calendars are numbered: their addresses would be most of what is written and put in order.
        self._calendars: dict[str, int] = {}
        self._looks = 0
        self._new_looks: list[Look] = []
        self._lock = threading.Lock()
        self._folder = folder or Path(tempfile.gettempdir())
        try:
            handle, name = tempfile.mkstemp(prefix="timetable-sync-", suffix=".spool", dir=folder)
        except OSError as error:
            raise self._trouble(error) from None
        os.close(handle)
        self._file = Path(name)
        self._database = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        if os.name == "posix":
            self._file.unlink()
        with self._working():
            for pragma in _PRAGMAS:
                self._database.execute(pragma).fetchall()
            self._database.execute("BEGIN")
            self._database.execute("CREATE TABLE meeting (head, start, finish, number, rest)")
            self._database.execute(f"CREATE TABLE look ({_LOOK})")
            self._database.execute("CREATE TABLE event (calendar, look, start, key, finish, fingerprint)")
            for number, width in enumerate(self._children):
                parts = ", ".join(f"c{place}" for place in range(width))
                self._database.execute(f"CREATE TABLE child{number} ({parts})")

    def close(self) -> None:
        """Nothing of it remains."""
        with self._lock:
            self._database.close()
        self._file.unlink(missing_ok=True)

    def add_rows(self, rows: Iterable[StoredRow]) -> None:
        """Keep good rows."""
        with self._working():
            self._database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", rows)

    def rows(self) -> Iterator[StoredRow]:
        """All rows, sorted by period, activity, week, start and end."""
        cursor = self._database.cursor()
        with self._working():
            cursor.execute("SELECT * FROM meeting ORDER BY head, start, finish")
        while True:
            with self._working():
                batch = cursor.fetchmany(_AT_ONCE)
            if not batch:
                return
            yield from batch

    def add_child_rows(self, number: int, rows: Iterable[Sequence[str]]) -> None:
        """Keep rows of a child query: key, weeks, and a text for each set."""
        marks = ", ".join("?" * self._children[number])
        with self._working():
            self._database.executemany(f"INSERT INTO child{number} VALUES ({marks})", rows)  # noqa: S608 - a number and question marks

    def order_children(self) -> None:
        """All rows of child queries are there: put them in the order of their keys, each once."""
        for number, width in enumerate(self._children):
            parts = ", ".join(f"c{place}" for place in range(width))
            with self._working():
                self._database.execute(f"CREATE INDEX child{number}_by_key ON child{number} ({parts})")

    def child_rows(self, number: int, key: str) -> list[tuple[str, ...]]:
        """The different rows of one key."""
        with self._working():
            return self._database.execute(f"SELECT DISTINCT * FROM child{number} WHERE c0 = ?", (key,)).fetchall()  # noqa: S608 - a number

    def calendar(self, address: str) -> int:
        """The number that the calendar's events are kept under."""
        return self._calendars.setdefault(address, len(self._calendars))

    def add_look(self, look: Look) -> int:
        """Keep how events look. Gives its number."""
        self._looks += 1
        self._new_looks.append(look)
        return self._looks

    def add_events(self, events: Iterable[NewEvent]) -> None:
        """Keep events, and the looks that were added before them."""
        with self._working():
            # In their order, so that the numbers are SQLite's own for rows: https://www.sqlite.org/autoinc.html
            self._database.executemany("INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._new_looks)
            self._database.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", events)
        self._new_looks = []

    def settle(self) -> None:
        """All events are there: make them quick to find. The rows have done their duty."""
        with self._working():
            for table in ("meeting", *(f"child{number}" for number in range(len(self._children)))):
                self._database.execute(f"DROP TABLE {table}")
            self._database.execute("CREATE INDEX event_of_calendar ON event (calendar)")
            self._database.execute("COMMIT")

    def events(self, address: str) -> list[EventRow]:
        """One calendar's events by start and key."""
        rows = self._of(address, "SELECT start, key, finish, look, fingerprint FROM event WHERE calendar = ? ORDER BY start, key")
        # Each look once, as most are those of many events.
        query = f"SELECT rowid, {_LOOK} FROM look WHERE rowid IN (SELECT look FROM event WHERE calendar = ?)"  # noqa: S608 - constants
        looks: dict[int, Look] = {number: tuple(look) for number, *look in self._of(address, query)}
        return [(start, key, finish, looks[look], fingerprint) for start, key, finish, look, fingerprint in rows]

    def count(self, address: str) -> int:
        """How many events a calendar has."""
        (row,) = self._of(address, "SELECT count(*) FROM event WHERE calendar = ?")
        return int(row[0])

    def lines(self, address: str) -> str | None:
        """The keys of one calendar's events with their fingerprints, as for a digest; None where it has none."""
        # In one piece: a row for each costs more than all the rest of a quiet calendar on our side.
        line = f"key || '{BETWEEN}' || fingerprint"
        (row,) = self._of(address, f"SELECT group_concat({line}, '{LINE}') FROM event WHERE calendar = ?")  # noqa: S608 - constants
        lines: str | None = row[0]
        return lines

    def _of(self, address: str, query: str) -> list[Any]:
        with self._working():
            return self._database.execute(query, (self._calendars.get(address),)).fetchall()

    @contextmanager
    def _working(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise self._trouble(error) from None

    def _trouble(self, error: Exception) -> TimetableUnusable:
        return TimetableUnusable(
            f"the timetable could not be put in order in {self._folder}: {error}", "Make room there, or let TMPDIR name another folder."
        )
