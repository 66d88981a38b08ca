"""Calendars in which a create of an earlier run may still be carried out are read last, after its time, and no other waits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.apply.virtual import Run, create, written
from tests.planning.builders import COMP101, DAY, MATH200, MONDAY, RULES, WINDOW, entry, event
from timetable_sync.apply.read_calendars import NOTHING_KNOWN, KnownState, ReadContext, ReadResult, read_calendars
from timetable_sync.apply.retry import RunInterrupted
from timetable_sync.apply.unanswered import UnansweredCreates
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import LedgerEntry, digest_of
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.model.window import Window
from timetable_sync.state.intents import Unanswered

LONGEST = timedelta(minutes=3)
PHYS300 = Calendar("phys300@groups.example.ac.uk", "PHYS300")
CALENDARS = [COMP101, MATH200, PHYS300]
LECTURE = event()


class Clocked(MemoryBackend):
    """Notes when each calendar is read, and by whose clock: the run's, which the service shares from a fixed moment on."""

    longest_request = LONGEST

    def __init__(self, run: Run) -> None:
        super().__init__(CALENDARS)
        self.run = run
        self.read: list[tuple[str, float]] = []
        self.tells_time = True

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = timedelta(0)) -> Snapshot:
        self.read.append((calendar.name, self.run.time.now))
        found = super().snapshot(calendar, window, ahead)
        return replace(found, at=MONDAY + timedelta(seconds=self.run.time.now) if self.tells_time else None)

    def made(self, of: Event, calendar: Calendar, ago: timedelta | None) -> None:
        """We wrote ``of`` so long before the run began."""
        (there,) = written(self, [of], calendar)
        item = self.store.get(calendar.address, there.item.id)
        assert item is not None
        self.store.put(calendar.address, replace(item, created=None if ago is None else MONDAY - ago))
        self.read.clear()


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def backend(run: Run) -> Clocked:
    return Clocked(run)


def request(calendar: Calendar, seconds: float) -> Unanswered:
    return Unanswered(1, calendar, (LECTURE.key,), timedelta(seconds=seconds))


def look(
    backend: Clocked,
    requests: Sequence[Unanswered] = (),
    *,
    events: Sequence[Event] = (LECTURE,),
    known: Mapping[str, LedgerEntry] | None = None,
    memory: KnownState = NOTHING_KNOWN,
    wait: bool = True,
) -> tuple[ReadResult, UnansweredCreates]:
    late = UnansweredCreates(requests, backend, backend.run.patience, wait=wait)
    sides = ReadContext(lambda calendar: events, lambda calendar: known or {}, (), RULES, memory)
    run = backend.run
    found = read_calendars(backend, CALENDARS, WINDOW, sides, patience=run.patience, at_once=1, progress=run.progress, late=late)
    return found, late


def test_its_calendar_is_read_last_when_the_service_can_have_nothing_more_to_do_and_the_others_at_once(backend: Clocked) -> None:
    requests = [request(COMP101, 20)]

    found, late = look(backend, requests)

    assert backend.read == [("MATH200", 0.0), ("PHYS300", 0.0), ("COMP101", 160.0)]
    assert [plan.calendar for plan in found.plans] == CALENDARS
    assert [(wait.calendar, wait.known) for wait in late.waits] == [(COMP101, True)]
    assert late.settled(found.plans) == requests
    assert backend.run.progress.steps == 3


def test_what_is_carried_out_meanwhile_is_found_and_not_made_again(backend: Clocked, run: Run) -> None:
    run.time.at(100.0, lambda: backend.apply(COMP101, [create(LECTURE)]))

    found, _ = look(backend, [request(COMP101, 20)])

    assert [plan.creates for plan in found.plans] == [0, 1, 1]


def test_several_requests_in_one_calendar_are_waited_for_as_the_youngest_wants(backend: Clocked) -> None:
    look(backend, [request(COMP101, 170), request(COMP101, 60), request(COMP101, 90)])
    assert backend.read[-1] == ("COMP101", 120.0)


def test_what_was_sent_long_ago_is_waited_for_no_more_and_settled(backend: Clocked) -> None:
    requests = [request(COMP101, 180)]

    found, late = look(backend, requests)

    assert [moment for _, moment in backend.read] == [0.0, 0.0, 0.0]
    assert late.waits == []
    assert late.settled(found.plans) == requests


def test_a_dry_run_waits_for_nothing_and_says_what_it_would(backend: Clocked) -> None:
    found, late = look(backend, [request(COMP101, 20)], wait=False)

    assert [moment for _, moment in backend.read] == [0.0, 0.0, 0.0]
    assert len(found.plans) == 3
    (wait,) = late.waits
    assert timedelta(seconds=150) < wait.until - datetime.now(UTC) <= timedelta(seconds=160)


def test_asked_to_stop_while_it_waits_the_run_ends(backend: Clocked, run: Run) -> None:
    run.time.at(50.0, run.stop.set)

    with pytest.raises(RunInterrupted, match="asked to stop"):
        look(backend, [request(COMP101, 20)])
    assert [name for name, _ in backend.read] == ["MATH200", "PHYS300"]


def test_where_the_deadline_comes_first_that_calendar_fails_and_no_other() -> None:
    backend = Clocked(Run(deadline=100.0))

    found, late = look(backend, [request(COMP101, 20), request(MATH200, 120)])

    assert list(found.failed) == [COMP101.address]
    assert "past the deadline" in found.failed[COMP101.address].message
    assert [plan.calendar for plan in found.plans] == [MATH200, PHYS300]
    assert backend.read == [("PHYS300", 0.0), ("MATH200", 60.0)]
    assert [one.calendar for one in late.settled(found.plans)] == [MATH200]


def test_of_a_calendar_that_cannot_be_read_nothing_is_settled(backend: Clocked) -> None:
    backend.faults.fail("snapshot", CalendarError("no such mailbox"), calendar=COMP101.address, times=None)

    found, late = look(backend, [request(COMP101, 20)])

    assert list(found.failed) == [COMP101.address]
    assert late.settled(found.plans) == []


@pytest.mark.parametrize("ago", [20, 7_000], ids=["its time is not over", "its time is over"])
def test_no_sign_tells_that_nothing_was_made_there(backend: Clocked, ago: float) -> None:
    """The sign was taken before the run that sent the request, and the folder's may have stood still."""
    for calendar in CALENDARS:
        backend.made(LECTURE, calendar, DAY)
    (there,) = backend.snapshot(COMP101, WINDOW).ours
    stands = digest_of([f"{LECTURE.key} {LECTURE.fingerprint()}"])
    early = {calendar.address: backend.stamp(calendar) for calendar in CALENDARS}
    sightings = {
        address: LastFullRead(address, stamp.sign if stamp else None, RULES.mapping, WINDOW.start, WINDOW.end, MONDAY, 0)
        for address, stamp in early.items()
    }
    memory = KnownState(
        sightings, lambda calendar: stands, dict.fromkeys(early, stands), lambda calendar, window: {}, MONDAY, timedelta(days=7), early
    )
    backend.read.clear()

    look(backend, [request(COMP101, ago)], known={LECTURE.key: entry(there)}, memory=memory)

    assert [name for name, _ in backend.read] == ["COMP101"]


def test_what_was_asked_of_an_address_is_waited_for_under_the_one_that_leads_there_now(backend: Clocked) -> None:
    late = UnansweredCreates([request(Calendar("old@groups.example.ac.uk", "OLD"), 20)], backend, backend.run.patience, wait=True)
    late.readdress({"old@groups.example.ac.uk": COMP101})
    sides = ReadContext(lambda calendar: [LECTURE], lambda calendar: {}, (), RULES)
    run = backend.run

    found = read_calendars(backend, CALENDARS, WINDOW, sides, patience=run.patience, at_once=1, progress=run.progress, late=late)

    assert backend.read[-1] == ("COMP101", 160.0)
    assert len(late.settled(found.plans)) == 1


# The state was lost


OTHER = event("OTHER", MONDAY + DAY)


def test_what_came_there_a_moment_ago_and_nobody_knows_of_was_made_by_a_run_that_may_have_asked_for_more(
    backend: Clocked, run: Run
) -> None:
    backend.made(OTHER, COMP101, timedelta(seconds=30))
    backend.made(OTHER, MATH200, timedelta(minutes=4))
    run.time.at(100.0, lambda: backend.apply(COMP101, [create(LECTURE)]))

    found, late = look(backend, events=[LECTURE, OTHER])

    assert backend.read == [("COMP101", 0.0), ("MATH200", 0.0), ("PHYS300", 0.0), ("COMP101", 150.0)]
    assert [plan.creates for plan in found.plans] == [0, 1, 2]
    assert [(wait.calendar, wait.known) for wait in late.waits] == [(COMP101, False)]
    assert run.progress.steps == 3


def test_what_the_ledger_knows_is_no_sign_of_another_run(backend: Clocked) -> None:
    backend.made(OTHER, COMP101, timedelta(seconds=30))
    (there,) = backend.snapshot(COMP101, WINDOW).ours
    backend.read.clear()

    look(backend, events=[LECTURE, OTHER], known={OTHER.key: entry(there)})

    assert [moment for _, moment in backend.read] == [0.0] * 3


def test_where_nothing_would_be_made_nothing_can_be_doubled(backend: Clocked) -> None:
    backend.made(OTHER, COMP101, timedelta(seconds=30))

    look(backend, events=[OTHER])

    assert [moment for _, moment in backend.read] == [0.0] * 3


def test_marks_of_another_source_are_no_sign(backend: Clocked) -> None:
    foreign = replace(OTHER, key=OTHER.key.replace("timetable/", "another/"))
    backend.made(foreign, COMP101, timedelta(seconds=30))

    look(backend)

    assert [moment for _, moment in backend.read] == [0.0] * 3


@pytest.mark.parametrize("told", [True, False], ids=["when it was made", "what time it is"])
def test_a_service_that_does_not_say_is_given_all_its_time(backend: Clocked, told: bool) -> None:
    backend.made(OTHER, COMP101, None if told else timedelta(seconds=30))
    backend.tells_time = told

    look(backend, events=[LECTURE, OTHER])

    assert backend.read[-1] == ("COMP101", 180.0)


def test_a_dry_run_only_says_that_another_run_may_be_at_work(backend: Clocked) -> None:
    backend.made(OTHER, COMP101, timedelta(seconds=30))

    found, late = look(backend, events=[LECTURE, OTHER], wait=False)

    assert [moment for _, moment in backend.read] == [0.0] * 3
    assert [plan.creates for plan in found.plans] == [1, 2, 2]
    assert [wait.calendar for wait in late.waits] == [COMP101]
