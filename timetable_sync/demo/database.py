"""The made-up college's timetable database: five tables in SQLite, rewritten as a whole whenever the timetable changes."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from timetable_sync.demo.college import Lesson

#: What the configuration's query file holds. One lesson comes in as many rows as it has groups x rooms x lecturers.
QUERY = """\
-- Aldermoor College's timetable. One lesson comes in several rows, one for each group, room and lecturer of it;
-- timetable-sync merges them: see [timetable.columns] in timetable-sync.toml.
SELECT activity.activity_code,
       activity.module_code,
       activity.kind,
       activity.title,
       meeting.starts_at,
       meeting.ends_at,
       meeting.status,
       meeting_group.group_code,
       meeting_room.room,
       meeting_staff.lecturer
  FROM meeting
  JOIN activity      ON activity.activity_code = meeting.activity_code
  JOIN meeting_group ON meeting_group.meeting_id = meeting.meeting_id
  LEFT JOIN meeting_room  ON meeting_room.meeting_id = meeting.meeting_id
  LEFT JOIN meeting_staff ON meeting_staff.meeting_id = meeting.meeting_id
"""

_TABLES = """
DROP TABLE IF EXISTS activity;
DROP TABLE IF EXISTS meeting;
DROP TABLE IF EXISTS meeting_group;
DROP TABLE IF EXISTS meeting_room;
DROP TABLE IF EXISTS meeting_staff;
CREATE TABLE activity (activity_code TEXT PRIMARY KEY, module_code TEXT NOT NULL, kind CHAR(10) NOT NULL, title TEXT NOT NULL);
CREATE TABLE meeting (
    meeting_id INTEGER PRIMARY KEY, activity_code TEXT NOT NULL, starts_at TEXT NOT NULL, ends_at TEXT NOT NULL, status CHAR(1) NOT NULL
);
CREATE TABLE meeting_group (meeting_id INTEGER NOT NULL, group_code TEXT NOT NULL);
CREATE TABLE meeting_room (meeting_id INTEGER NOT NULL, room TEXT NOT NULL);
CREATE TABLE meeting_staff (meeting_id INTEGER NOT NULL, lecturer CHAR(10) NOT NULL);
CREATE INDEX meeting_groups ON meeting_group (meeting_id);
CREATE INDEX meeting_rooms ON meeting_room (meeting_id);
CREATE INDEX meeting_staffs ON meeting_staff (meeting_id);
"""


def write(file: Path, lessons: Iterable[Lesson]) -> int:
    """Make ``file`` hold ``lessons`` and nothing else; how many rows the query gives. In one transaction, as a publication does."""
    # Ids are made anew each time, as some products do: timetable-sync has to do without them.
    numbered = list(enumerate(lessons, 1))
    activities = {lesson.activity: (lesson.activity, lesson.module, lesson.kind, lesson.title) for _, lesson in numbered}
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.executescript("BEGIN IMMEDIATE;" + _TABLES)
        database.executemany("INSERT INTO activity VALUES (?, ?, ?, ?)", activities.values())
        database.executemany(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, ?)",
            ((number, one.activity, f"{one.starts:%Y-%m-%d %H:%M}", f"{one.ends:%Y-%m-%d %H:%M}", one.status) for number, one in numbered),
        )
        database.executemany(
            "INSERT INTO meeting_group VALUES (?, ?)", ((number, group) for number, one in numbered for group in one.groups)
        )
        database.executemany("INSERT INTO meeting_room VALUES (?, ?)", ((number, room) for number, one in numbered for room in one.rooms))
        database.executemany("INSERT INTO meeting_staff VALUES (?, ?)", ((number, name) for number, one in numbered for name in one.staff))
        database.execute("COMMIT")
        (rows,) = database.execute(f"SELECT count(*) FROM ({QUERY})").fetchone()  # noqa: S608 - our own query, a line above
    return int(rows)
