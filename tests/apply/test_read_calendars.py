"""The survey: every calendar is read and compared before anything is written, and what cannot be read leads to no plan at all."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from tests.apply.virtual import Run, Watcher, written
from tests.planning.builders import DAY, MONDAY, RULES, WINDOW, entry, event
from timetable_sync.apply import retry as patience_module
from timetable_sync.apply.read_calendars import KnownState, ReadContext, ReadResult, read_calendars
from timetable_sync.apply.retry import Retrier, RunInterrupted
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import CalendarError, LeaseLost, ServiceError, StateUnusable, TimetableUnusable, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.ledger_entry import Digest, LedgerEntry, digest_of

CALENDARS = [Calendar(f"c{number}@groups.example.ac.uk", f"C{number}") for number in range(5)]
LECTURE = event(body="Dr Who")


def sides(events: Sequence[Event] = (LECTURE,), known: Mapping[str, LedgerEntry] | None = None) -> ReadContext:
    return ReadContext(lambda calendar: events, lambda calendar: known or {}, (), RULES)


def look(backend: MemoryBackend, both: ReadContext | None = None, run: Run | None = None, *, at_once: int = 1) -> ReadResult:
    run = run or Run()
    return read_calendars(backend, CALENDARS, WINDOW, both or sides(), patience=run.patience, at_once=at_once, progress=run.progress)


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend(CALENDARS)


@pytest.mark.parametrize("at_once", [1, 8])
def test_every_calendar_gets_its_plan_in_the_given_order(backend: MemoryBackend, at_once: int) -> None:
    run = Run()

    found = look(backend, run=run, at_once=at_once)

    assert [plan.calendar for plan in found.plans] == CALENDARS
    assert all(plan.creates == 1 for plan in found.plans)
    assert run.progress.steps == len(CALENDARS)
    assert backend.requests == {"snapshot": len(CALENDARS)}


def test_no_calendars_are_no_plans() -> None:
    run = Run()

    assert read_calendars(MemoryBackend(), [], WINDOW, sides(), patience=run.patience, at_once=8, progress=run.progress).plans == ()


def test_a_calendar_that_cannot_be_read_has_no_plan_and_stops_no_other(backend: MemoryBackend) -> None:
    """An error answer read as an empty calendar would create everything twice, or delete it."""
    written(backend, [LECTURE], CALENDARS[1])
    backend.faults.fail("snapshot", CalendarError("no such mailbox"), calendar=CALENDARS[1].address, times=None)

    found = look(backend, sides(events=()))

    assert list(found.failed) == [CALENDARS[1].address]
    assert [plan.calendar for plan in found.plans] == [CALENDARS[0], *CALENDARS[2:]]


def test_a_calendar_that_is_busy_for_ever_fails_alone(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", TransientError("busy", wait=300.0), calendar=CALENDARS[0].address, times=None)
    run = Run(deadline=10_800.0)

    found = look(backend, run=run)

    assert isinstance(found.failed[CALENDARS[0].address], CalendarError)
    assert len(found.plans) == 4
    assert run.time.now < 3_600.0


def test_an_edited_body_is_found_where_the_version_is_not_ours(backend: MemoryBackend) -> None:
    (there,) = written(backend, [LECTURE], CALENDARS[0])
    known = {LECTURE.key: entry(there)}
    backend.people.edit(CALENDARS[0].address, there.item.id, body="Dr No")

    (plan,) = [plan for plan in look(backend, sides(known=known)).plans if plan.calendar == CALENDARS[0]]

    assert [(type(change), change.reason) for change in plan.changes] == [(Update, Reason.EDITED)]
    assert backend.requests["read_bodies"] == 1


def test_bodies_that_cannot_be_read_fail_the_calendar_and_stop_no_other(backend: MemoryBackend) -> None:
    (there,) = written(backend, [LECTURE], CALENDARS[0])
    known = {LECTURE.key: entry(there)._replace(item=there.item._replace(change_key="another"))}
    backend.faults.fail("read_bodies", CalendarError("no access"), times=None)

    found = look(backend, sides(known=known))

    assert list(found.failed) == [CALENDARS[0].address]
    assert len(found.plans) == 4


@pytest.mark.parametrize("at_once", [1, 4])
def test_an_error_that_concerns_every_calendar_is_raised(backend: MemoryBackend, at_once: int) -> None:
    blocked = ServiceError("the app is blocked")
    backend.faults.fail("snapshot", blocked, after=1, times=None)

    with pytest.raises(ServiceError) as raised:
        look(backend, at_once=at_once)
    assert raised.value is blocked


def test_after_such_an_error_no_further_calendar_is_read(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", ServiceError("blocked"), after=1, times=None)

    with pytest.raises(ServiceError):
        look(backend)
    assert backend.requests["snapshot"] == 2


@pytest.mark.parametrize("error", [StateUnusable("the state database is down"), LeaseLost("lost")], ids=repr)
def test_what_ends_the_run_is_raised_whoever_says_it_and_no_further_calendar_is_read(backend: MemoryBackend, error: Exception) -> None:
    def known(calendar: Calendar) -> Mapping[str, LedgerEntry]:
        raise error

    with pytest.raises(type(error)):
        look(backend, ReadContext(lambda calendar: [LECTURE], known, (), RULES))
    assert backend.requests["snapshot"] == 1


def test_asked_to_stop_it_ends_without_plans(backend: MemoryBackend) -> None:
    run = Run()
    run.stop.set()

    with pytest.raises(RunInterrupted, match="asked to stop"):
        look(backend, run=run, at_once=4)
    assert backend.requests == {}


def test_once_it_is_cut_short_no_further_calendar_is_read(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", TransientError("busy", wait=20.0), calendar=CALENDARS[0].address)

    with pytest.raises(RunInterrupted, match="deadline would pass"):
        look(backend, run=Run(deadline=10.0))
    assert backend.requests["snapshot"] == 1


def test_the_reason_is_raised_and_not_that_the_others_were_cut_short_by_it(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time: the first calendar was asked to wait for 20 minutes when the second one finds that the app is blocked."""
    monkeypatch.setattr(patience_module, "_GLANCE", 0.01)
    waiting = threading.Event()

    class Telling(Watcher):
        def waiting(self, seconds: float, why: str) -> None:
            waiting.set()

    def events(calendar: Calendar) -> Sequence[Event]:
        assert waiting.wait(20)
        raise ServiceError("blocked")

    backend.faults.fail("snapshot", TransientError("busy", wait=1200.0), calendar=CALENDARS[0].address, times=None)
    both = ReadContext(events, lambda calendar: {}, (), RULES)
    progress = Telling()

    with pytest.raises(ServiceError):
        read_calendars(
            backend,
            CALENDARS,
            WINDOW,
            both,
            patience=Retrier(threading.Event(), 1e12, progress),
            at_once=2,
            progress=progress,
        )
    assert waiting.is_set()


def test_a_survey_writes_nothing(backend: MemoryBackend) -> None:
    written(backend, [LECTURE, event("OLD", MONDAY + DAY)], CALENDARS[0])
    before = backend.people.see(CALENDARS[0].address)

    look(backend)

    assert backend.people.see(CALENDARS[0].address) == before
    assert backend.requests["apply"] == 0


SETTLED = digest_of([f"{LECTURE.key} {LECTURE.fingerprint()}"])


def remembering(backend: MemoryBackend, wanted: Callable[[Calendar], Digest] = lambda calendar: SETTLED) -> ReadContext:
    """After a good night of one lecture a calendar, of which every stamp has come already: the first one's shows that it was changed."""
    known: dict[str, LedgerEntry] = {}
    for calendar in CALENDARS:
        (there,) = written(backend, [LECTURE], calendar)
        known[calendar.address] = entry(there)
    standing = {calendar.address: SETTLED for calendar in CALENDARS}
    memory = KnownState({}, lambda calendar: SETTLED, standing, lambda calendar, window: {}, MONDAY, 7 * DAY)
    both = ReadContext(lambda calendar: [LECTURE], lambda calendar: {LECTURE.key: known[calendar.address]}, (), RULES, memory)
    found = look(backend, both)
    sightings = {sighting.address: sighting for sighting in found.sightings}
    assert len(sightings) == len(CALENDARS)
    (first,) = backend.people.see(CALENDARS[0].address)
    backend.people.edit(CALENDARS[0].address, first.id, subject="Party")
    early = {calendar.address: backend.stamp(calendar) for calendar in CALENDARS}
    backend.requests.clear()
    return replace(both, memory=replace(memory, sightings=sightings, early=early, wanted=wanted))


def test_whose_stamp_came_early_is_asked_again_only_if_it_moved(backend: MemoryBackend) -> None:
    run = Run()

    found = look(backend, remembering(backend), run, at_once=4)

    assert [plan.calendar for plan in found.plans] == CALENDARS
    assert [plan.updates for plan in found.plans] == [1, 0, 0, 0, 0]
    assert backend.requests == {"snapshot": 1}
    assert run.progress.steps == len(CALENDARS)


def test_others_are_asked_while_early_stamps_are_judged(backend: MemoryBackend) -> None:
    asked = threading.Event()

    def wanted(calendar: Calendar) -> Digest:
        if calendar == CALENDARS[4]:
            asked.set()
        else:
            assert asked.wait(20), "the calendar without an early stamp waits for the others"
        return SETTLED

    both = remembering(backend, wanted)
    early = {address: stamp for address, stamp in both.memory.early.items() if address != CALENDARS[4].address}

    found = look(backend, replace(both, memory=replace(both.memory, early=early)))

    assert [plan.calendar for plan in found.plans] == CALENDARS
    assert backend.requests == {"snapshot": 1, "stamp": 1}


def test_a_disk_that_is_full_while_early_stamps_are_judged_ends_the_run(backend: MemoryBackend) -> None:
    full = TimetableUnusable("no space is left")

    def wanted(calendar: Calendar) -> Digest:
        if calendar == CALENDARS[2]:
            raise full
        return SETTLED

    both = remembering(backend, wanted)
    with pytest.raises(TimetableUnusable) as raised:
        look(backend, both)
    assert raised.value is full


def test_whatever_fails_while_early_stamps_are_judged_ends_the_others_at_once(backend: MemoryBackend) -> None:
    """In real time: three calendars without early stamps, and one thread, which is at the first of them when the screen is gone."""
    reading, failed = threading.Event(), threading.Event()

    def events(calendar: Calendar) -> Sequence[Event]:
        reading.set()
        assert failed.wait(20)
        return [LECTURE]

    class Gone(Watcher):
        def step(self, more: int = 1) -> None:
            if threading.current_thread() is threading.main_thread():
                assert reading.wait(20)
                raise OSError("the screen is gone")

    class Ending(Retrier):
        def end(self, why: str) -> None:
            super().end(why)
            failed.set()

    both, progress = remembering(backend), Gone()
    memory = replace(both.memory, sightings={}, early={CALENDARS[4].address: both.memory.early[CALENDARS[4].address]})
    memory = replace(memory, sightings={CALENDARS[4].address: both.memory.sightings[CALENDARS[4].address]})
    patience = Ending(threading.Event(), 1e12, progress)
    with pytest.raises(OSError, match="the screen is gone"):
        read_calendars(
            backend, CALENDARS, WINDOW, replace(both, events=events, memory=memory), patience=patience, at_once=1, progress=progress
        )
    assert backend.requests["snapshot"] == 1


def test_asked_to_stop_no_further_early_stamp_is_judged(backend: MemoryBackend) -> None:
    run, judged = Run(), list[Calendar]()

    def wanted(calendar: Calendar) -> Digest:
        judged.append(calendar)
        run.stop.set()
        return SETTLED

    with pytest.raises(RunInterrupted, match="asked to stop"):
        look(backend, remembering(backend, wanted), run)
    assert len(judged) == 1


def test_what_a_thread_fails_of_is_raised_and_not_that_judging_was_cut_short_by_it(backend: MemoryBackend) -> None:
    both = remembering(backend)
    blocked, ended, progress = ServiceError("blocked"), threading.Event(), Watcher()

    class Ending(Retrier):
        def end(self, why: str) -> None:
            super().end(why)
            ended.set()

    def wanted(calendar: Calendar) -> Digest:
        if calendar == CALENDARS[4]:
            raise blocked
        assert ended.wait(20)
        return SETTLED

    early = {address: stamp for address, stamp in both.memory.early.items() if address != CALENDARS[4].address}
    memory = replace(both.memory, early=early, wanted=wanted)
    patience = Ending(threading.Event(), 1e12, progress)
    with pytest.raises(ServiceError) as raised:
        read_calendars(backend, CALENDARS, WINDOW, replace(both, memory=memory), patience=patience, at_once=1, progress=progress)
    assert raised.value is blocked
