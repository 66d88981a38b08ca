"""Three calendars on the evening before a night in which everything there is to do has to be done; and what must be so after any night."""

import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine, make_url
from sqlalchemy.pool import NullPool
from structlog.testing import capture_logs

from tests.proof.faults.haste import no_waiting
from tests.proof.faults.held import only_held_answers_time_out
from tests.proof.figures import Finding, Wrong
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate, ready_app
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.config.load import Loaded, load
from timetable_sync.model.marker import PROPERTY_SET, Marker
from timetable_sync.night import NightRequest, run_night
from timetable_sync.reports.summary import RunSummary, Status

#: Tuesday, 13 October 2026, 02:00 in London.
NOW = datetime(2026, 10, 13, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
COMP, MATH, PHYS = (f"{name}@groups.example.ac.uk" for name in ("comp101", "math101", "phys101"))

#: activity, module, start (local), title, room
Meeting = tuple[str, str, datetime, str, str]
Events = dict[str, list[dict[str, Any]]]

CONFIGURATION = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
rooms = { column = "room", many = true }
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
location = "{{ rooms | join(', ') }}"
body = "{{ title }} in {{ rooms | join(', ') }}"
categories = ["Timetable"]
[run]
calendars_at_once = 3
deadline = "40 minutes"
[ews]
batch = 3
"""


def weekly(activity: str, module: str, weeks: Sequence[int], title: str, room: str = "R1", hour: int = 9) -> list[Meeting]:
    """On Wednesdays from 14 October 2026, over the clock change of the 25th."""
    # Naive on purpose: so it stands in the database, in the zone of the configuration.
    first = datetime(2026, 10, 14, hour)  # noqa: DTZ001
    return [(activity, module, first + timedelta(weeks=week), title, room) for week in weeks]


#: As the calendars were filled.
BEFORE: list[Meeting] = [
    *weekly("C1", "COMP101", range(8), "Logic"),
    *weekly("C2", "COMP101", range(4), "Sets", hour=11),
    *weekly("M1", "MATH101", range(8), "Algebra"),
    *weekly("P1", "PHYS101", range(6), "Optics"),
]
#: As the timetable is now: some gone, some moved, some renamed, some new; PHYS101 as it was.
AFTER: list[Meeting] = [
    *weekly("C1", "COMP101", range(7), "Logic"),
    *weekly("C2", "COMP101", range(1, 4), "Set theory", hour=11),
    *weekly("C3", "COMP101", range(4), "Graphs", hour=14),
    *weekly("M1", "MATH101", range(6), "Algebra"),
    *weekly("M1", "MATH101", [6], "Algebra", room="R2", hour=15),
    *weekly("M2", "MATH101", range(2), "Numbers", hour=16),
    *weekly("P1", "PHYS101", range(6), "Optics"),
]


#: What is looked at after each case.
LOOKED_FOR = (
    Wrong.DUPLICATE,
    Wrong.WRONG_DELETE,
    Wrong.DELETED_FOR_GOOD,
    Wrong.FOREIGN_CHANGED,
    Wrong.WRONG_CONTENT,
    Wrong.MAIL,
    Wrong.NOT_CONVERGED,
    Wrong.SAID,
    Wrong.NOT_TRIED,
)

#: Those whose timetable has changed: they are read, whatever their stamps say.
CHANGED = (COMP, MATH)


def wanted(meetings: Sequence[Meeting]) -> dict[str, list[tuple[str, str, str, str]]]:
    """What ought to stand by address: start, end, subject, location; worked out here, by nothing of the package."""
    found: dict[str, list[tuple[str, str, str, str]]] = {COMP: [], MATH: [], PHYS: []}
    for _, module, start, title, room in meetings:
        begin = start.replace(tzinfo=ZONE).astimezone(UTC)
        end = start.replace(hour=start.hour + 1, tzinfo=ZONE).astimezone(UTC)
        found[f"{module.lower()}@groups.example.ac.uk"].append((f"{begin:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", title, room))
    return {address: sorted(events) for address, events in found.items()}


def _lessons(meetings: Sequence[Meeting]) -> set[tuple[str, ...]]:
    """Activity and week of each, as they stand in an event's key."""
    return {(activity, f"{start:%G-W%V}") for activity, _, start, _, _ in meetings}


def _lesson(key: str) -> tuple[str, ...]:
    """Activity and week of a key."""
    return tuple(key.split("/")[2:4])


def publish_elsewhere(url: str, meetings: Sequence[Meeting]) -> None:
    """As :func:`publish`, in any database."""
    engine = create_engine(url)
    texts = [Column(name, String(200)) for name in ("activity", "module", "title", "room")]
    table = Table("meeting", MetaData(), *texts, Column("starts", DateTime), Column("ends", DateTime))
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        rows = [
            {"activity": activity, "module": module, "starts": start, "ends": start + timedelta(hours=1), "title": title, "room": room}
            for activity, module, start, title, room in meetings
        ]
        connection.execute(table.insert(), rows)
    engine.dispose()


def publish(database: Path, meetings: Sequence[Meeting]) -> None:
    """From now on the timetable is this; every lesson takes an hour."""
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE IF EXISTS meeting")
        connection.execute("CREATE TABLE meeting (activity, module, starts, ends, title, room)")
        connection.executemany(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?)",
            [
                (activity, module, f"{start:%Y-%m-%d %H:%M}", f"{start + timedelta(hours=1):%Y-%m-%d %H:%M}", title, room)
                for activity, module, start, title, room in meetings
            ],
        )
    connection.close()


@dataclass(frozen=True)
class Standing:
    """All that is in the calendars and in Deleted Items, and how many mails were sent."""

    calendars: Events
    deleted: Events
    mails: int

    def ours(self, address: str) -> dict[str, list[str]]:
        """The ids of our events that stand in a calendar, by key."""
        return _by_key(self.calendars[address])

    def ever(self, address: str) -> Counter[str]:
        """How many of our events stand there or lie in Deleted Items, by key: deleting changes an event's id, as in Exchange."""
        return Counter({key: len(ids) for key, ids in _by_key(self.calendars[address] + self.deleted[address]).items()})

    def foreign(self, address: str) -> dict[str, dict[str, Any]]:
        """What is not ours, in full, by id."""
        return {event["id"]: event for event in self.calendars[address] if _key(event) is None}


def _key(event: Mapping[str, Any]) -> str | None:
    found = next((one[3] for one in event["extended"] if one[0] == PROPERTY_SET), None)
    return None if found is None else Marker.parse(found).key


def _by_key(events: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        if (key := _key(event)) is not None:
            found.setdefault(key, []).append(event["id"])
    return found


def _beside(url: str, *statements: str) -> None:
    """Tell a PostgreSQL server, from beside the database that is meant."""
    engine = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.format(name=make_url(url).database))


def _nothing_to_do(summary: RunSummary) -> bool:
    return all(report.status is Status.UNCHANGED and not report.changes for report in summary.calendars)


class Scene:
    """One sandbox and one installation, brought back to the same evening before each case."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, *, timetable_url: str = "", state_url: str = "") -> None:
        self.folder, self.sandbox, self.client = folder, sandbox, sandbox.client
        self.files: CertificateFiles = make_certificate(folder)
        self.timetable_url, self.state_url = timetable_url, state_url
        configuration = folder / "timetable-sync.toml"
        configuration.write_text(CONFIGURATION, "utf-8")
        self._environment = {
            "TIMETABLE_SYNC_TIMETABLE__URL": timetable_url or f"sqlite:///{folder / 'timetable.db'}",
            "TIMETABLE_SYNC_STATE__URL": state_url or f"sqlite:///{folder / 'state.db'}",
            "TIMETABLE_SYNC_ENTRA__TENANT": TENANT,
            "TIMETABLE_SYNC_ENTRA__CLIENT": CLIENT_ID,
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{self.files.cert_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{self.files.key_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": sandbox.url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{sandbox.url}/EWS/Exchange.asmx",
        }
        self.loaded = self.configured()
        #: A fault that every case has besides its own: only how long a request takes.
        self.slow: dict[str, Any] | None = None
        #: So that the order of requests is always the same.
        self.one_by_one = self.configured(TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE="1")
        self.impatient = self.configured(
            TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE="1", TIMETABLE_SYNC_EWS__TIMEOUT="1 second", TIMETABLE_SYNC_ENTRA__TIMEOUT="1 second"
        )
        self._build()

    def configured(self, **environment: str) -> Loaded:
        """The configuration, with more of the environment."""
        return load(self.folder / "timetable-sync.toml", {**self._environment, **environment})

    def _build(self) -> None:
        client = self.client
        ready_app(client, self.files)
        client.add_mailboxes([COMP, MATH, PHYS])
        self._publish(BEFORE)
        for address, subject in ((COMP, "Coffee"), (COMP, "Open day"), (MATH, "Logic"), (PHYS, "Committee")):
            client.add_appointment(address, subject, "2026-10-14T08:00:00Z", "2026-10-14T09:00:00Z", body="Milk?")
        self._quiet_night()
        # So that the signs of the calendars are old enough to be believed.
        client.advance_clock(150)
        self._quiet_night()
        assert self.standing_of(client.all_events()) == wanted(BEFORE)
        self._people()
        self._publish(AFTER)
        client.reset_requests()
        client.snapshot("evening")
        self._keep_state()
        self.evening = self.look()

    def _publish(self, meetings: Sequence[Meeting]) -> None:
        if self.timetable_url:
            publish_elsewhere(self.timetable_url, meetings)
        else:
            publish(self.folder / "timetable.db", meetings)

    def _keep_state(self) -> None:
        if self.state_url:
            _beside(self.state_url, "CREATE DATABASE {name}_evening TEMPLATE {name}")
        else:
            shutil.copy(self.folder / "state.db", self.folder / "evening.db")

    def _state_again(self) -> None:
        if self.state_url:
            _beside(self.state_url, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", "CREATE DATABASE {name} TEMPLATE {name}_evening")
            return
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"state.db{ending}").unlink(missing_ok=True)
        shutil.copy(self.folder / "evening.db", self.folder / "state.db")

    def leases_end(self) -> None:
        """It is some minutes later: a lease that could not be given back has ended."""
        engine = create_engine(self.state_url or f"sqlite:///{self.folder / 'state.db'}", poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE lease SET until = since, runs_out = 0")

    def close(self) -> None:
        """Take away what it made beside what it was given."""
        if self.state_url:
            _beside(self.state_url, "DROP DATABASE IF EXISTS {name}_evening WITH (FORCE)")

    def _quiet_night(self) -> None:
        """One that has to go well, as nothing is wrong yet."""
        night = self.night()
        if night.exit_code:
            raise AssertionError(f"a night without a fault: {night.failure or night.cut_short or [one.trouble for one in night.calendars]}")

    def _people(self) -> None:
        """Two bodies are edited, one event is moved, one deleted."""
        events = {address: [one for one in self.client.events(address) if _key(one) is not None] for address in (COMP, MATH, PHYS)}
        self.client.edit_event(COMP, events[COMP][6]["id"], body="Bring your laptops")
        self.client.edit_event(PHYS, events[PHYS][2]["id"], body="Bring your glasses")
        self.client.edit_event(PHYS, events[PHYS][3]["id"], location="Elsewhere")
        self.client.delete_event(MATH, events[MATH][3]["id"])

    def evening_again(self) -> None:
        """All as it was on the evening before: calendars, application, state; no faults."""
        self.client.clear_faults()
        self.client.catch_up()
        self.client.restore("evening")
        self.client.reset_requests()
        self._state_again()

    def night(self, *, dry_run: bool = False, loaded: Loaded | None = None, pace: RetryPolicy | None = None) -> RunSummary:
        """One night; it waits in no time, and an impatient one for no answer in vain but for those that are held back."""
        time_outs = only_held_answers_time_out(self.client.held) if loaded is self.impatient else nullcontext()
        with no_waiting(self.client.catch_up), time_outs, capture_logs():
            request = NightRequest(NOW, dry_run)
            return run_night(loaded or self.loaded, request, progress=Silent(), stop=threading.Event(), pace=pace)

    def look(self) -> Standing:
        """What stands where, once the service has done all that it was asked."""
        self.client.catch_up()
        deleted = {address: self.client.deleted_items(address) for address in (COMP, MATH, PHYS)}
        return Standing(self.client.all_events(), deleted, self.client.mails())

    @staticmethod
    def standing_of(events: Events) -> dict[str, list[tuple[str, str, str, str]]]:
        """Ours of what stands, in the form of :func:`wanted`."""
        return {
            address: sorted((e["start"], e["end"], e["subject"], e["location"]) for e in found if _key(e) is not None)
            for address, found in events.items()
        }

    def broken(self, before: Standing | None = None) -> list[Finding]:
        """The harm that a night did, whatever befell it and whatever it said; ``before`` is how it was before that night."""
        before, after = before or self.evening, self.look()
        found = []
        if after.mails != before.mails:
            found.append(Finding(Wrong.MAIL, f"{after.mails - before.mails} mails were sent"))
        keep, as_wanted = _lessons(AFTER), wanted(AFTER)
        stood, stand = self.standing_of(before.calendars), self.standing_of(after.calendars)
        for address in (COMP, MATH, PHYS):
            if after.foreign(address) != before.foreign(address):
                found.append(Finding(Wrong.FOREIGN_CHANGED, f"{address}: what is not ours was touched"))
            ever, then, now = before.ever(address), before.ours(address), after.ours(address)
            for key, ids in now.items():
                if len(ids) > max(1, len(then.get(key, ()))):
                    found.append(Finding(Wrong.DUPLICATE, f"{address}: {len(ids)} of {key}"))
            for key, count in (after.ever(address) - ever).items():
                if count > (key not in then):
                    what = f"{address}: {key} was made {count} times in one night, and stood {len(then.get(key, ()))} times before"
                    found.append(Finding(Wrong.DUPLICATE, what))
            if gone := ever - after.ever(address):
                found.append(Finding(Wrong.DELETED_FOR_GOOD, f"{address}: not in Deleted Items: {', '.join(sorted(gone))}"))
            if lost := [key for key in then if key not in now and _lesson(key) in keep]:
                found.append(Finding(Wrong.WRONG_DELETE, f"{address}: the timetable still wants {', '.join(sorted(lost))}"))
            if other := [one for one in stand[address] if one not in stood[address] and one not in as_wanted[address]]:
                found.append(Finding(Wrong.WRONG_CONTENT, f"{address}: neither as it was nor as it should be: {other}"))
        return found

    def converged(self) -> list[Finding]:
        """One clean night, then, if it did anything, a look at what the next would do: what is not as it should be."""
        self.client.clear_faults()
        before = self.look()
        clean = self.night()
        found = [Finding(one.wrong, f"the clean night: {one.what}") for one in self.broken(before)]
        if clean.exit_code:
            reasons = [trouble.message for report in clean.calendars if (trouble := report.trouble) is not None]
            why = clean.failure or clean.cut_short or reasons
            found.append(Finding(Wrong.NOT_CONVERGED, f"the clean night ended with {clean.exit_code}: {why}"))
        if self.standing_of(self.client.all_events()) != wanted(AFTER):
            found.append(Finding(Wrong.NOT_CONVERGED, "after the clean night the calendars are not equal to the timetable"))
        if _nothing_to_do(clean):
            return found
        plan = self.night(dry_run=True)
        if plan.exit_code or not _nothing_to_do(plan):
            found.append(Finding(Wrong.NOT_CONVERGED, "the next plan is not empty"))
        return found
