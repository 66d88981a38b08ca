"""A small timetable with something wrong of every kind, and the configuration that reads it."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from timetable_sync.config.load import Loaded, load

CONFIGURATION = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "file:timetable.sql"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
rooms = { column = "room", many = true }
[calendars]
address = "{{ calendar | slug }}@groups.example.ac.uk"
allow = ["*01@groups.example.ac.uk"]
report_only = ["MATH*"]
[event]
location = "{{ rooms | join(', ') }}"
[entra]
tenant = "00000000-0000-0000-0000-000000000000"
client = "11111111-1111-1111-1111-111111111111"
certificate = { file = "certificate.pem" }
[state]
url = "sqlite:///state.db"
"""

#: Activity, module, start, end, title, room. The clocks go back on Sunday 25 October 2026, at 01:00 UTC.
MEETINGS = [
    ("A/1", "COMP101", "2026-10-13 09:00", "2026-10-13 10:00", "Logic", "R1"),
    ("A/1", "COMP101", "2026-10-13 09:00", "2026-10-13 10:00", "Logic", "R2"),
    ("A/1", "COMP101", "2026-10-20 09:00", "2026-10-20 10:00", "Logic", "R1"),
    ("B", "COMP101", "2026-10-13 09:30", "2026-10-13 11:00", "Sets", "R3"),
    ("C", "MATH101", "2026-10-14 09:00", "2026-10-14 09:01", "Placeholder", None),
    ("D", "MATH101", "2026-10-14 09:30", "2026-10-14 17:30", "Field day", " "),
    ("E", "MATH101", "2026-10-25 01:15", "2026-10-25 01:45", "Night watch", "R1"),
    ("F", "PHYS102", "2026-10-15 09:00", "2026-10-15 10:00", "Optics", "R1"),
    ("G", "COMP101", "2026-10-16 09:00", "2026-10-16 08:00", "Backwards", "R1"),
]

NOW = "2026-10-01T02:00"
MOMENT = datetime(2026, 10, 1, 1, tzinfo=UTC)


def made(folder: Path) -> Loaded:
    """The college, in ``folder``, and its configuration, loaded."""
    (folder / "timetable-sync.toml").write_text(CONFIGURATION, "utf-8")
    (folder / "timetable.sql").write_text("-- all of it\nSELECT * FROM meeting;\n", "utf-8")
    with sqlite3.connect(folder / "timetable.db") as connection:
        connection.execute("CREATE TABLE meeting (activity, module, starts, ends, title, room)")
        connection.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?)", MEETINGS)
    connection.close()
    return load(folder / "timetable-sync.toml", {}, files=False)
