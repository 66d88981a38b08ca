"""Whole nights, from a real database to calendars in memory, with the real ledger."""

import os
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.apply.prefetch import Prefetch
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.ledger_entry import Digest
from timetable_sync.model.window import Window
from timetable_sync.reports.summary import Outcome, Status
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.reader import Reading, read_timetable


@pytest.fixture
def world(tmp_path: Path) -> NightWorld:
    return NightWorld(tmp_path)


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 8, title: str = "Logic", room: str = "R1") -> list[Meeting]:
    """09:00 to 10:00 on Wednesdays from 14 October 2026: two weeks before the clocks change, the others after."""
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", title, room) for day in days]


def subjects(world: NightWorld, address: str) -> list[tuple[datetime, str, str]]:
    return sorted((item.start, item.subject, item.location) for item in world.backend.people.see(address))


def test_the_first_night_creates_and_the_second_has_nothing_to_do(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    first = world.night()
    assert (first.exit_code, first.failure, first.calendars[0].created) == (0, None, 8)
    stands = subjects(world, address)
    assert len(stands) == 8
    second = world.night()
    assert (second.exit_code, second.calendars[0].status, second.calendars[0].unchanged) == (0, Status.UNCHANGED, 8)
    assert world.backend.requests["apply"] == 1
    assert subjects(world, address) == stands


def test_a_doubled_calendar_is_cleaned_up_and_nothing_is_held(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly(weeks=8))
    world.night()
    stands = subjects(world, address)
    for item in world.backend.people.see(address):
        # As a create that was carried out twice leaves it.
        world.backend.people.copy(address, item.id)
    night = world.night()
    assert (night.exit_code, night.held, night.calendars[0].deleted, night.calendars[0].standing) == (0, (), 8, 8)
    assert subjects(world, address) == stands


def test_where_an_address_leads_is_remembered_and_when_it_was_last_read_by_the_services_clock(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())

    def remembered() -> KnownFolder:
        with open_state(load(world.configuration, {}).settings.state) as state:
            return state.visited("timetable")[address]

    begun = datetime.now(UTC)
    world.night()
    first = remembered()
    assert (first.calendar, first.folder) == (Calendar(address, "COMP101"), world.backend.store.folder(address))
    assert first.seen is not None
    assert first.seen >= begun
    world.night()
    second = remembered()
    assert second.seen is not None
    assert second.seen > first.seen
    world.night()
    assert remembered() == second, "it was not read, as its sign shows that nothing changed since"
    world.night(dry_run=True)
    assert remembered() == second


def test_nine_in_the_morning_is_nine_before_and_after_the_clocks_change(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly(weeks=4))
    world.night()
    assert [start.hour for start, _, _ in subjects(world, address)] == [8, 8, 9, 9]


def test_a_lesson_moved_within_its_week_is_one_update(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    rows = weekly()
    rows[2] = ("A1", "COMP101", "2026-10-30 14:00", "2026-10-30 15:00", "Logic", "R1")
    world.timetable(rows)
    night = world.night()
    report = night.calendars[0]
    assert (report.created, report.updated, report.deleted) == (0, 1, 0)
    assert datetime(2026, 10, 30, 14, tzinfo=UTC) in [start for start, _, _ in subjects(world, address)]


def test_with_the_ledger_lost_nothing_is_written_and_the_ledger_is_rebuilt(world: NightWorld) -> None:
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    (world.folder / "state.db").unlink()
    night = world.night()
    assert (night.exit_code, night.calendars[0].unchanged) == (0, 8)
    assert world.backend.requests["apply"] == 1
    with sqlite3.connect(world.folder / "state.db") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%ledger%' AND type = 'table'")]
        assert sum(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables) == 8


def test_a_colleagues_appointment_is_never_touched(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    mine = world.backend.people.add_appointment(address, datetime(2026, 10, 14, 8, tzinfo=UTC), datetime(2026, 10, 14, 9, tzinfo=UTC))
    world.timetable(weekly())
    world.night()
    world.timetable(weekly(title="Set theory"))
    world.night()
    assert [item for item in world.backend.people.see(address) if item.id == mine.id] == [mine]


def test_a_bad_row_leaves_its_event_as_it_is_and_stands_in_the_exit_code(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    before = subjects(world, address)
    rows = weekly()
    rows[3] = ("A1", "COMP101", "2026-11-04 09:00", "2026-11-04 08:00", "Logic", "R1")
    world.timetable(rows)
    night = world.night()
    assert night.bad_rows == {"end before start": 1}
    assert night.exit_code == 1
    assert subjects(world, address) == before


def test_a_start_mistyped_into_another_week_deletes_no_lecture(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    before = subjects(world, address)
    rows = weekly()
    rows[3] = ("A1", "COMP101", "2026-12-04 09:00", "2026-11-04 10:00", "Logic", "R1")
    world.timetable(rows)
    assert world.night().exit_code == 1
    assert subjects(world, address) == before
    world.timetable(rows[:3] + rows[4:])
    assert world.night().exit_code == 0
    assert len(subjects(world, address)) == len(before) - 1


def test_an_empty_timetable_is_refused_and_nothing_can_release_it(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    world.timetable([])
    night = world.night(forced=["deletes_in_run", "deletes_in_calendar", "shrunken_timetable"])
    assert (night.exit_code, [verdict.guard for verdict in night.held]) == (5, ["empty_timetable"])
    assert len(subjects(world, address)) == 8


def test_a_held_calendar_is_named_with_numbers_while_the_others_go_ahead(world: NightWorld) -> None:
    comp, _math = world.calendar("COMP101"), world.calendar("MATH101")
    maths = [row for number in range(12) for row in weekly(f"M{number}", "MATH101")]
    world.timetable([*weekly(weeks=10), *maths])
    world.night()
    world.timetable([*weekly(weeks=2), *maths[:-1]])
    night = world.night()
    reports = {report.calendar.name: report for report in night.calendars}
    assert reports["COMP101"].status is Status.HELD
    assert "8 of 10" in reports["COMP101"].held[0].sentence
    assert reports["MATH101"].deleted == 1
    assert night.exit_code == 5
    assert len(subjects(world, comp)) == 10
    released = world.night(forced=["deletes_in_calendar"])
    assert (released.exit_code, len(subjects(world, comp))) == (0, 2)


def test_a_calendar_that_is_only_reported_is_never_held_but_it_is_said_what_would_hold_it(tmp_path: Path) -> None:
    world = NightWorld(tmp_path)
    address = world.calendar("COMP101")
    world.timetable(weekly(weeks=10))
    world.night()
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("allow =", 'report_only = ["COMP*"]\nallow ='), "utf-8")
    world.timetable(weekly(weeks=2))
    night = world.night()
    assert (night.exit_code, night.held) == (0, ())
    assert night.calendars[0].status is Status.REPORT_ONLY
    assert "8 of 10 events would be deleted" in night.worth_knowing[0].message
    assert len(subjects(world, address)) == 10


def test_a_calendar_that_left_the_timetable_is_still_visited(world: NightWorld) -> None:
    comp = world.calendar("COMP101")
    world.calendar("MATH101")
    maths = [row for number in range(4) for row in weekly(f"M{number}", "MATH101")]
    world.timetable([*weekly(weeks=3), *maths])
    world.night()
    world.timetable(maths)
    night = world.night()
    assert {report.calendar.address: report.deleted for report in night.calendars}[comp] == 3
    assert subjects(world, comp) == []


def test_a_calendar_without_a_mailbox_fails_alone(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable([*weekly(), *weekly("B1", "GONE101")])
    night = world.night()
    statuses = {report.calendar.name: report.status for report in night.calendars}
    assert statuses == {"COMP101": Status.CHANGED, "GONE101": Status.FAILED}
    assert night.exit_code == 1
    assert len(subjects(world, address)) == 8


def test_an_address_outside_the_allowed_ones_is_never_read_or_written(tmp_path: Path) -> None:
    world = NightWorld(tmp_path)
    text = world.configuration.read_text("utf-8").replace('allow = ["*@groups.example.ac.uk"]', 'allow = ["comp*@groups.example.ac.uk"]')
    world.configuration.write_text(text, "utf-8")
    vice = world.calendar("VC")
    world.calendar("COMP101")
    world.timetable([*weekly(), *weekly("B1", "VC")])
    night = world.night()
    assert {report.calendar.name: report.status for report in night.calendars} == {"COMP101": Status.CHANGED, "VC": Status.FAILED}
    assert subjects(world, vice) == []


def test_a_dry_run_plans_everything_and_writes_nothing_anywhere(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    night = world.night(dry_run=True)
    assert (night.exit_code, night.calendars[0].status, night.calendars[0].created) == (0, Status.PLANNED, 8)
    assert subjects(world, address) == []
    assert not (world.folder / "state.db").exists()


def test_an_edited_and_a_deleted_event_come_back(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    before = subjects(world, address)
    first, second = world.backend.people.see(address)[:2]
    world.backend.people.edit(address, first.id, subject="Party")
    world.backend.people.delete(address, second.id)
    night = world.night()
    assert sorted(report.change.reason.value for report in night.calendars[0].changes) == ["someone deleted it", "someone edited it"]
    assert subjects(world, address) == before


def test_one_refused_event_stops_no_other_and_is_named(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.backend.faults.fail("apply", CalendarError("over quota", "Make room."), calendar=address)
    night = world.night()
    assert night.exit_code == 1
    assert {report.fate for report in night.calendars[0].changes} == {Outcome.FAILED}
    again = world.night()
    assert (again.exit_code, again.calendars[0].created) == (0, 8)


def test_stamps_are_asked_for_while_the_timetable_is_read(world: NightWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    before = after_two_nights(world)

    @contextmanager
    def late(*arguments: Any, **named: Any) -> Iterator[Reading]:
        until_a_stamp_is_asked_for(world, before)
        with read_timetable(*arguments, **named) as reading:
            yield reading

    monkeypatch.setattr("timetable_sync.night.read_timetable", late)
    night = world.night()
    assert (night.exit_code, night.calendars[0].status) == (0, Status.UNCHANGED)
    assert Counter(world.backend.requests) - before == {"stamp": 1}


def test_and_still_while_the_ledger_is_looked_through(world: NightWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    before = after_two_nights(world)
    digests, ask, looking = State.ledger_digests, Prefetch._ask, threading.Event()

    def late(state: State, source: str, window: Window) -> dict[str, Digest]:
        looking.set()
        until_a_stamp_is_asked_for(world, before)
        return digests(state, source, window)

    def not_sooner(ahead: Prefetch, calendar: Calendar) -> None:
        assert looking.wait(20), "it is waited for stamps before the ledger is looked through"
        ask(ahead, calendar)

    monkeypatch.setattr(State, "ledger_digests", late)
    monkeypatch.setattr(Prefetch, "_ask", not_sooner)
    night = world.night()
    assert (night.exit_code, night.calendars[0].status) == (0, Status.UNCHANGED)
    assert Counter(world.backend.requests) - before == {"stamp": 1}


def after_two_nights(world: NightWorld) -> Counter[str]:
    """Of one calendar; gives how many requests that took."""
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    world.night()
    return Counter(world.backend.requests)


def until_a_stamp_is_asked_for(world: NightWorld, before: Counter[str]) -> None:
    end = time.monotonic() + 20
    while world.backend.requests["stamp"] == before["stamp"]:
        assert time.monotonic() < end, "nobody asks for a stamp meanwhile"
        time.sleep(0.005)


def test_a_timetable_that_cannot_be_read_ends_the_night_before_any_calendar_is_read(world: NightWorld) -> None:
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    world.database.unlink()
    requests = dict(world.backend.requests)
    night = world.night()
    assert night.exit_code == 4
    assert night.failure is not None
    assert "timetable.db" in night.failure.message
    assert {**world.backend.requests, "stamp": 0} == {**requests, "stamp": 0}


def test_the_past_is_left_as_it_was(world: NightWorld) -> None:
    address = world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    world.now += timedelta(days=3)
    world.timetable(weekly(title="Set theory"))
    world.night()
    assert [subject for _, subject, _ in subjects(world, address)] == ["Logic"] + 7 * ["Set theory"]


@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="this machine keeps no thread on a core, or has only one for the tests",
)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_night_stays_on_one_core_unless_that_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    world = NightWorld(tmp_path, "" if wanted else "[run]\none_core = false\n")
    world.calendar("COMP101")
    world.timetable(weekly())
    before, seen = os.sched_getaffinity(0), list[set[int]]()
    snapshot = MemoryBackend.snapshot

    def watched(*arguments: Any) -> Any:
        seen.append(os.sched_getaffinity(0))
        return snapshot(*arguments)

    monkeypatch.setattr(MemoryBackend, "snapshot", watched)
    assert world.night().exit_code == 0
    assert seen
    assert all(len(cores) == 1 if wanted else cores == before for cores in seen)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("full_reading", ["7 days", "0 days"])
def test_an_edit_that_is_kept_is_kept_also_where_the_ledger_has_nothing_else_in_the_window(tmp_path: Path, full_reading: str) -> None:
    """Somebody moved next year's only lecture into the window, from a time of which nobody says anything tonight."""
    more = f'[drift]\nedited = "keep"\n[run]\nfull_reading = "{full_reading}"\n[window]\nfuture = "60 days"\n'
    world = NightWorld(tmp_path, more)
    address = world.calendar("COMP101")
    lecture = ("A1", "COMP101", "2026-12-20 09:00", "2026-12-20 10:00", "Logic", "R1")
    world.now += timedelta(days=30)
    world.timetable([lecture])
    assert world.night().calendars[0].created == 1
    world.now -= timedelta(days=30)
    (item,) = world.backend.people.see(address)
    moved = datetime(2026, 10, 20, 9, tzinfo=UTC)
    world.backend.people.edit(address, item.id, start=moved, end=moved + timedelta(hours=1))

    night = world.night()

    assert (night.exit_code, night.calendars[0].deleted, night.calendars[0].created) == (0, 0, 0)
    assert [event.start for event in world.backend.people.see(address)] == [moved]


def test_the_guard_of_a_shrunken_timetable_counts_the_same_whether_or_not_stamps_are_looked_at(world: NightWorld) -> None:
    for module in ("COMP101", "COMP102", "COMP103"):
        world.calendar(module)
    lessons = [lesson for module in ("COMP101", "COMP102", "COMP103") for lesson in weekly(f"A{module}", module, weeks=20)]
    world.timetable(lessons)
    assert world.night().exit_code == 0
    world.timetable(lessons[:5] + lessons[20:22] + lessons[40:60])
    only = ("COMP101", "COMP102")
    by_digests = world.night(dry_run=True, calendars=only)
    configured = world.configuration.read_text("utf-8")
    world.configuration.write_text(configured + '[run]\nfull_reading = "0 days"\n', "utf-8")
    by_counting = world.night(dry_run=True, calendars=only)

    (shrunken,) = [held for held in by_digests.held if held.guard == "shrunken_timetable"]
    assert shrunken.sentence.startswith("the timetable shrank from 60 to 27 events")
    assert [held for held in by_counting.held if held.guard == "shrunken_timetable"] == [shrunken]
