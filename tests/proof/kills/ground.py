"""Where nights are killed: a few calendars with people's appointments in them, two timetables, and what has to be true at any time.

The checks ask the sandbox, and no part of what they judge: an event of ours is known by the named property, a lesson by the first word of
its subject.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import make_url

from tests.plain_configuration import plain_configuration
from tests.proof.figures import Finding, Wrong
from tests.proof.kills.forked import Ended, Launcher
from tests.proof.kills.relay import PAUSES, Relay
from tests.sandbox_process import SandboxProcess, make_certificate, ready_app

_MARKER = ("4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "name:TimetableSync")

_CONFIGURATION = """
batch = 2
[event]
subject = "{{{{ activity }}}} {{{{ title }}}}"
[run]
calendars_at_once = 2
[state]
url = "{state}"
lease = "{lease}"
[report]
directory = "reports"
[schedule]
cron = "{cron}"
time_zone = "UTC"
"""

#: A schedule that comes so late that no test sees it.
FAR = "0 2 1 jan *"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One row of the timetable."""

    activity: str
    module: str
    start: datetime
    title: str

    @property
    def address(self) -> str:
        """Its calendar."""
        return f"{self.module.lower()}@groups.example.ac.uk"

    @property
    def seen(self) -> tuple[str, str, str]:
        """As the sandbox shows it."""
        end = self.start + timedelta(hours=1)
        return f"{self.activity} {self.title}", f"{self.start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


def timetables() -> tuple[list[Lesson], list[Lesson]]:
    """What stood in the evening, and what stands at night: lessons renamed, moved, gone, new; a calendar that comes, one that goes."""
    first = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=4)
    evening, night = [], []
    for module in ("COMP101", "MATH101"):
        lessons = [Lesson(f"{module}-{n}", module, first + timedelta(days=n), "Logic") for n in range(8)]
        evening += lessons
        night += [
            *(Lesson(one.activity, module, one.start, "Sets") for one in lessons[:2]),
            Lesson(lessons[2].activity, module, lessons[2].start + timedelta(hours=2), "Logic"),
            *lessons[3:6],
            *(Lesson(f"{module}-new{n}", module, first + timedelta(days=n), "Graphs") for n in range(3)),
        ]
    evening += [Lesson(f"OLD101-{n}", "OLD101", first + timedelta(days=n), "Latin") for n in range(2)]
    night += [Lesson(f"NEW101-{n}", "NEW101", first + timedelta(days=n), "Robots") for n in range(3)]
    return evening, night


class Record:
    """The state database, as files or on a server, that can be put back to where it was."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self._server = server
        self._template = f"{make_url(server).database}_evening" if server else ""
        self.url = server or f"sqlite:///{folder / 'state.db'}"

    def keep(self) -> None:
        """As it is now, it is to be put back."""
        if self._server:
            self._tell(f"DROP DATABASE IF EXISTS {self._template}")
            self._tell(f"CREATE DATABASE {self._template} TEMPLATE {make_url(self._server).database}")
        else:
            with sqlite3.connect(self.folder / "state.db") as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.folder / "state.db", self.folder / "evening.db")

    def put_back(self, *, empty: bool) -> None:
        """As it was kept, or as it was before anything was."""
        if self._server:
            name = make_url(self._server).database
            self._tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._tell(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {self._template}"))
            return
        for leftover in self.folder.glob("state.db*"):
            leftover.unlink()
        if not empty:
            shutil.copy(self.folder / "evening.db", self.folder / "state.db")

    def drop(self) -> None:
        """What was kept on a server."""
        if self._server:
            self._tell(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Looks into it past our own code."""
        if self._server:
            with psycopg.connect(_libpq(self._server)) as connection:
                return [tuple(row) for row in connection.execute(sql.encode())]
        with sqlite3.connect(self.folder / "state.db") as database:
            return [tuple(row) for row in database.execute(sql)]

    def change(self, sql: str) -> None:
        """Changes it past our own code."""
        if self._server:
            with psycopg.connect(_libpq(self._server)) as connection:
                connection.execute(sql.encode())
            return
        with sqlite3.connect(self.folder / "state.db") as database:
            database.execute(sql)

    def _tell(self, sql: str) -> None:
        with psycopg.connect(_libpq(self._server, "postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())


def _libpq(url: str, database: str = "") -> str:
    made = make_url(url).set(drivername="postgresql")
    return (made.set(database=database) if database else made).render_as_string(hide_password=False)


@dataclass
class Ground:
    """All of it in ``folder``. ``first`` says that the next night is the very first, into empty calendars and an empty record."""

    folder: Path
    sandbox: SandboxProcess
    relay: Relay
    launcher: Launcher
    record: Record
    evening: list[Lesson]
    night: list[Lesson]
    foreign: dict[str, dict[str, Any]] = field(default_factory=dict)
    stood: dict[str, dict[str, str]] = field(default_factory=dict)
    first: bool = False

    def configure(self, *, cron: str = FAR, lease: str = "5 minutes") -> None:
        """Write the configuration's file anew."""
        text = plain_configuration(self.relay.url) + _CONFIGURATION.format(state=self.record.url, lease=lease, cron=cron)
        (self.folder / "timetable-sync.toml").write_text(text, "utf-8")

    def prepare(self) -> None:
        """Empty calendars and people's appointments are kept as ``empty``, what the evening's timetable makes of them as ``evening``."""
        client = self.sandbox.client
        ready_app(client, make_certificate(self.folder))
        addresses = sorted({lesson.address for lesson in (*self.evening, *self.night)})
        for address in addresses:
            client.remove_mailbox(address)
            client.add_mailbox(address)
            for at, lesson in enumerate(one for one in self.evening if one.address == address):
                if at < 3:
                    end = lesson.start + timedelta(hours=1)
                    mine = client.add_appointment(address, f"Coffee {at}", lesson.start.isoformat(), end.isoformat())
                    if at == 1:
                        client.make_series(address, mine)
                    if at == 2:
                        client.add_attendee(address, mine, "dean@example.ac.uk")
        self.configure()
        self._timetable(self.evening)
        client.snapshot("empty")
        self.done(self.launcher.run("run"), 0)
        self.foreign = self._foreign()
        self.stood = {address: {_lesson(one): str(one["id"]) for one in events} for address, events in self.ours().items()}
        if wrong := self.unequal(self.evening):
            raise RuntimeError(f"the evening is not as it should be: {wrong}")
        client.snapshot("evening")
        self.record.keep()

    @property
    def wanted(self) -> list[Lesson]:
        """The timetable of the night."""
        return self.evening if self.first else self.night

    def begin_again(self, *, first: bool) -> None:
        """Everything as it was before the night."""
        self.first = first
        self.relay.quiet()
        self.relay.forgets()
        self.sandbox.client.restore("empty" if first else "evening")
        self.record.put_back(empty=first)
        self._timetable(self.wanted)
        shutil.rmtree(self.folder / "reports", ignore_errors=True)

    def ours(self) -> dict[str, list[dict[str, Any]]]:
        """What bears the mark, by address."""
        return {address: [one for one in events if _marked(one)] for address, events in self.sandbox.client.all_events().items()}

    def wrong_at_any_time(self) -> list[Finding]:
        """Duplicates; lessons that are gone though they stood and are to stand; people's appointments that are not what they were; mail."""
        wrong, ours = list[Finding](), self.ours()
        for address, events in ours.items():
            times = Counter(map(_lesson, events))
            doubled = {lesson: many for lesson, many in times.items() if many > 1}
            wrong += [Finding(Wrong.DUPLICATE, f"duplicate: {one} stands {many} times in {address}") for one, many in doubled.items()]
        if not self.first:
            keep = {(one.address, one.activity) for one in self.evening} & {(one.address, one.activity) for one in self.night}
            stand = {(address, _lesson(one)) for address, events in ours.items() for one in events}
            wrong += [Finding(Wrong.WRONG_DELETE, f"lost: {lesson} in {address}") for address, lesson in sorted(keep - stand)]
        was, now = self.foreign, self._foreign()
        touched = [f"foreign touched: {event['subject']} in {event['calendar']}" for name, event in was.items() if now.get(name) != event]
        made = [f"foreign made: {event['subject']} in {event['calendar']}" for name, event in now.items() if name not in was]
        wrong += [Finding(Wrong.FOREIGN_CHANGED, one) for one in (*touched, *made)]
        mails = self.sandbox.client.mails()
        return [*wrong, *([Finding(Wrong.MAIL, f"mail: {mails}")] if mails else [])]

    def unequal(self, wanted: list[Lesson]) -> list[Finding]:
        """Where calendars are not what the timetable says."""
        stand = Counter((address, *_seen(one)) for address, events in self.ours().items() for one in events)
        ought = Counter((lesson.address, *lesson.seen) for lesson in wanted)
        too_much, lost = [f"too much: {one}" for one in (stand - ought)], [f"lost: {one}" for one in (ought - stand)]
        return [Finding(Wrong.NOT_CONVERGED, one) for one in (*too_much, *lost)]

    def wrong_in_the_end(self) -> list[Finding]:
        """Also: calendars that are not the timetable, events made anew, foreign ones in Deleted Items, a wrong ledger."""
        wrong = [*self.wrong_at_any_time(), *self.unequal(self.wanted)]
        ours = self.ours()
        for address, events in ours.items():
            if not self.first:
                ids = {_lesson(one): str(one["id"]) for one in events}
                before = self.stood.get(address, {})
                anew = [f"made anew: {lesson} in {address}" for lesson in ids.keys() & before.keys() if ids[lesson] != before[lesson]]
                wrong += [Finding(Wrong.MADE_ANEW, one) for one in anew]
            deleted = self.sandbox.client.deleted_items(address)
            foreign = [f"deleted: {one['subject']} in {address}" for one in deleted if not _marked(one)]
            wrong += [Finding(Wrong.FOREIGN_CHANGED, one) for one in foreign]
        ledger = {(address, item) for address, item in self.record.ask("SELECT address, item_id FROM ledger")}
        stand = {(address, str(one["id"])) for address, events in ours.items() for one in events}
        wrong += [Finding(Wrong.RECORD, f"ledger: {address} {item[-12:]}") for address, item in sorted(ledger ^ stand)]
        return wrong

    def done(self, ended: Ended, *codes: int) -> None:
        """Raises where a command did not end with one of these."""
        if ended.code not in codes:
            raise RuntimeError(f"it ended with {ended.code}:\n{ended.said}")

    def _timetable(self, lessons: list[Lesson]) -> None:
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute("CREATE TABLE IF NOT EXISTS meeting (activity, module, starts, ends, title)")
            database.execute("DELETE FROM meeting")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", [_row(one) for one in lessons])

    def _foreign(self) -> dict[str, dict[str, Any]]:
        found = self.sandbox.client.all_events()
        return {one["id"]: {**one, "calendar": address} for address, events in found.items() for one in events if not _marked(one)}


def _row(lesson: Lesson) -> tuple[str, str, str, str, str]:
    start = lesson.start.astimezone(ZoneInfo("Europe/London"))
    return lesson.activity, lesson.module, f"{start:%Y-%m-%d %H:%M}", f"{start + timedelta(hours=1):%Y-%m-%d %H:%M}", lesson.title


def _marked(event: Mapping[str, Any]) -> bool:
    return any((str(one[0]).lower(), str(one[1])) == _MARKER for one in event["extended"])


def _lesson(event: Mapping[str, Any]) -> str:
    return str(event["subject"]).split(" ", 1)[0]


def _seen(event: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(event["subject"]), str(event["start"]), str(event["end"])


@contextmanager
def ground(folder: Path, *, server: str = "") -> Iterator[Ground]:
    """Ready to be killed on. ``server`` is the URL of a PostgreSQL database for the state; without it, that is SQLite's."""
    with SandboxProcess() as sandbox, Launcher(folder) as launcher:
        relay = Relay(int(sandbox.url.rpartition(":")[2]))
        launcher.environment[PAUSES] = relay.url
        record = Record(folder, server)
        try:
            made = Ground(folder, sandbox, relay, launcher, record, *timetables())
            made.prepare()
            yield made
        finally:
            relay.close()
            record.drop()
