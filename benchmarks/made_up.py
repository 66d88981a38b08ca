"""Made-up timetables of any size: so many calendars, each with so many meetings, all within a window that begins in September."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

#: The night that is measured.
NOW = "2026-09-21T02:00"
_MONDAY = datetime.fromisoformat("2026-09-28 08:00")
_WEEKS = 20
_TITLES = ("Algorithms & Data", "Microeconomics", "Ethics", "Organic Chemistry", "Signals", "History of Europe", "Statistics")


def make_timetable(file: Path, calendars: int, events: int) -> None:
    """An SQLite database ``file`` with one table, ``meeting``; ``events`` is for each calendar."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE meeting (activity, module, starts, ends, title, kind, room, staff)")
        database.executemany(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_meeting(calendar, number) for calendar in range(calendars) for number in range(events)),
        )


def change(file: Path, every: int) -> int:
    """One in ``every`` meetings gets another room; says how many."""
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute("UPDATE meeting SET room = 'Annexe ' || room WHERE rowid % ? = 0", (every,)).rowcount


def _meeting(calendar: int, number: int) -> tuple[str, ...]:
    activity, week = divmod(number, _WEEKS)
    slot = (activity * 7 + calendar) % 60
    start = _MONDAY + timedelta(weeks=week, days=slot % 5, hours=slot // 5)
    title = _TITLES[(calendar + activity) % len(_TITLES)]
    return (
        f"A{calendar:05d}-{activity:03d}",
        f"MOD{calendar:05d}",
        f"{start:%Y-%m-%d %H:%M}",
        f"{start + timedelta(minutes=50):%Y-%m-%d %H:%M}",
        f"{title} {activity % 4 + 1}",
        ("Lecture", "Seminar", "Laboratory")[activity % 3],
        f"Building {activity % 9}, room {(calendar * 13 + activity) % 400}",
        f"Dr. Person {(calendar + activity) % 900}",
    )
