"""The demo's folder: the college's configuration file, its timetable database, and where everything else lies.

A folder that holds anything else is refused, and only what a demo made is removed. The configuration is as an ordinary college would write
it; only the addresses are the sandbox's. The database is five tables in SQLite, rewritten as a whole whenever the timetable changes.
"""

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from timetable_sync.demo.registration import CLIENT, TENANT
from timetable_sync.demo.timetable import DOMAIN, NAME, PERIOD, ZONE, Lesson
from timetable_sync.errors import UsageError


def configuration(sandbox_url: str) -> str:
    """TOML. Every path in it is relative to the file."""
    return f"""\
# {NAME}: group calendars from the timetable in college.sqlite.

[timetable]
url       = "sqlite:///college.sqlite"
time_zone = "{ZONE}"
period    = "{PERIOD}"
query     = "file:timetable.sql"

[timetable.columns]
activity  = "activity_code"
calendar  = "group_code"                  # a joint lecture has several, in several rows
start     = "starts_at"
end       = "ends_at"
title     = "title"
module    = "module_code"
type      = "kind"
rooms     = {{ column = "room", many = true }}
staff     = {{ column = "lecturer", many = true }}
groups    = {{ column = "group_code", many = true }}
cancelled = {{ column = "status", values = ["X"], action = "mark" }}

[calendars]
address = "{{{{ calendar | lower }}}}@{DOMAIN}"
allow   = ["*@{DOMAIN}"]   # nothing else is ever written

[event]
subject    = "{{{{ module }}}} {{{{ type }}}}: {{{{ title }}}}"
location   = "{{{{ rooms | join(', ') or 'room to be announced' }}}}"
body       = \"\"\"
{{{{ staff | join(', ') or 'Lecturer to be announced' }}}}
For {{{{ groups | join(', ') }}}}\"\"\"
categories = ["Timetable"]

[[event.rules]]
when       = {{ type = "Test" }}
categories = ["Timetable", "Test"]
reminder   = "1 day"

[entra]
tenant      = "{TENANT}"
client      = "{CLIENT}"
certificate = {{ file = "certificate.pem" }}
key         = {{ file = "certificate-key.pem" }}
authority   = "{sandbox_url}"   # the sandbox; without this line, Microsoft's

[ews]
endpoint = "{sandbox_url}/EWS/Exchange.asmx"

[state]
url = "sqlite:///state.db"

[report]
directory = "reports"
"""


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


DEFAULT = Path("timetable-sync-demo")

#: How its README begins, by which a demo's folder is known again.
_SIGN = "This folder was made by: timetable-sync demo"

_README = """\
{sign}
It may be deleted as a whole at any time. Another demo writes it anew.

timetable-sync.toml    the configuration, as an ordinary college would write it
timetable.sql          the query that it names
college.sqlite         the timetable database of a made-up college
certificate.pem        the certificate that the application signs in with, and its key beside it
manifest.json          what was entered in the app registration: keyCredentials, as in the portal's manifest
state.db               the ledger and the history of every change
sandbox.json           the state of the local Entra ID and Exchange, with every calendar in it
plan.html              the dry run's report: look at this one first
plan.json              the same for programs
reports/               a report of each night

To go on by hand, in this folder: let the local Entra ID and Exchange serve these calendars again,

    timetable-sync sandbox serve --port {port} --state sandbox.json

and in another terminal, change college.sqlite as you like, then

    timetable-sync run --now 2026-10-22T02:00 --dry-run --report plan.html
    timetable-sync run --now 2026-10-22T02:00
"""


class DemoFolder:
    """One folder. Nothing is touched before :meth:`prepare`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.readme = root / "README.txt"
        self.configuration = root / "timetable-sync.toml"
        self.query = root / "timetable.sql"
        self.timetable = root / "college.sqlite"
        self.certificate = root / "certificate.pem"
        self.key = root / "certificate-key.pem"
        self.manifest = root / "manifest.json"
        self.state = root / "state.db"
        self.sandbox_state = root / "sandbox.json"
        self.sandbox_ready = root / "sandbox-ready.json"
        self.sandbox_log = root / "sandbox.log"
        self.plan = root / "plan.html"
        self.plan_json = root / "plan.json"
        self.reports = root / "reports"

    def prepare(self) -> None:
        """Make it, or empty it of what an earlier demo left. Raises UsageError for a folder that is not a demo's."""
        try:
            if self.root.is_dir() and any(self.root.iterdir()) and not self._is_a_demo():
                raise UsageError(
                    f"{self.root} is not empty and was not made by a demo, so it is left alone",
                    "Name another folder: timetable-sync demo --folder DIR",
                )
            self.root.mkdir(parents=True, exist_ok=True)
            self._remove_earlier()
            self.readme.write_text(f"{_SIGN}\n", "utf-8")
            self.reports.mkdir()
        except OSError as error:
            raise UsageError(
                f"{self.root} cannot be used: {error.strerror or error}", "Name another folder: timetable-sync demo --folder DIR"
            ) from None

    def explain(self, url: str) -> None:
        """Say in the folder's README what lies here, and how to go on by hand."""
        self.readme.write_text(_README.format(sign=_SIGN, port=url.rpartition(":")[2]), "utf-8")

    def _is_a_demo(self) -> bool:
        try:
            return self.readme.read_text("utf-8").startswith(_SIGN)
        except (OSError, UnicodeDecodeError):
            return False

    def _remove_earlier(self) -> None:
        for path in vars(self).values():
            if path == self.root:
                continue
            if path == self.reports:
                shutil.rmtree(path, ignore_errors=True)
                continue
            for one in (
                path,
                path.with_name(f"{path.name}-wal"),
                path.with_name(f"{path.name}-shm"),
                path.with_name(f"{path.name}-journal"),
            ):
                one.unlink(missing_ok=True)
