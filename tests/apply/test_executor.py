"""Carrying out all plans: soonest first, one writer a calendar, one calendar's failure stopping no other, ending in good order."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apply.virtual import Book, Run, Watcher, create, delete, subjects, update, written
from tests.planning.builders import COMP101, DAY, HOUR, MATH200, MONDAY, event
from timetable_sync.apply import retry as patience_module
from timetable_sync.apply.batch import NotDone
from timetable_sync.apply.executor import Applied, apply_plans
from timetable_sync.apply.recording import Record
from timetable_sync.apply.retry import Retrier
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import (
    BackendError,
    CalendarError,
    EventRejected,
    LeaseLost,
    OutcomeUnknown,
    ServiceError,
    StateUnusable,
    TransientError,
)
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.plan import CalendarPlan

CALENDARS = [Calendar(f"c{number}@groups.example.ac.uk", f"C{number}") for number in range(6)]


def plan(calendar: Calendar, *changes: Change) -> CalendarPlan:
    return CalendarPlan(calendar, 0, 0, 0, 0, tuple(sorted(changes, key=lambda change: (change.when, change.key))))


def lessons(calendar: Calendar, hours: Sequence[int]) -> CalendarPlan:
    """Creates at so many hours after Monday nine o'clock."""
    return plan(calendar, *[create(event(f"{calendar.name}-{hour}", MONDAY + hour * HOUR, subject=f"{hour}")) for hour in hours])


class Observed(MemoryBackend):
    """Notes every request in its order, and if two ever worked on one calendar at the same time. ``meet`` is called within each."""

    def __init__(self, batch: int = 2, meet: Callable[[Calendar], object] | None = None) -> None:
        super().__init__([COMP101, MATH200, *CALENDARS], batch=batch)
        self.order: list[tuple[str, list[str]]] = []
        self.crowded = False
        self._within: Counter[str] = Counter()
        self._meet = meet

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        self._within[calendar.address] += 1
        self.crowded |= self._within[calendar.address] > 1
        self.order.append((calendar.name, [change.key for change in changes]))
        if self._meet is not None:
            self._meet(calendar)
        outcomes = super().apply(calendar, changes)
        self._within[calendar.address] -= 1
        return outcomes


def carry_out(
    backend: MemoryBackend,
    plans: Sequence[CalendarPlan],
    run: Run | None = None,
    *,
    at_once: int = 1,
    record: Record | None = None,
) -> Applied:
    run = run or Run()
    return apply_plans(backend, plans, record=record or Book(), patience=run.patience, at_once=at_once, progress=run.progress)


def errors(applied: Applied, calendar: Calendar) -> list[type[BackendError] | None]:
    return [None if outcome.error is None else type(outcome.error) for outcome in applied.outcomes.get(calendar.address, [])]


# The ordinary night


@pytest.mark.parametrize("at_once", [1, 8])
def test_all_plans_are_carried_out_and_every_batch_is_recorded(at_once: int) -> None:
    backend, book = Observed(), Book()
    run = Run()

    applied = carry_out(backend, [lessons(calendar, range(5)) for calendar in CALENDARS], run, at_once=at_once, record=book)

    assert all(subjects(backend, calendar) == ["0", "1", "2", "3", "4"] for calendar in CALENDARS)
    assert (applied.cut_short, applied.failure) == ("", None)
    assert {address: len(outcomes) for address, outcomes in applied.outcomes.items()} == {calendar.address: 5 for calendar in CALENDARS}
    assert sum(len(outcomes) for _, outcomes in book.entries) == run.progress.steps == 30
    assert max(len(outcomes) for _, outcomes in book.entries) <= backend.batch


def test_without_changes_nothing_is_asked_of_the_service_and_nothing_is_recorded() -> None:
    backend, book = Observed(), Book()

    applied = carry_out(backend, [plan(COMP101), plan(MATH200)], at_once=8, record=book)

    assert (applied.outcomes, book.entries, backend.order) == ({}, [], [])
    assert carry_out(backend, []).outcomes == {}


def test_what_matters_soonest_is_done_first_whatever_calendar_it_is_in() -> None:
    backend = Observed(batch=1)

    carry_out(backend, [lessons(CALENDARS[0], [1, 4, 5]), lessons(CALENDARS[1], [0, 6]), lessons(CALENDARS[2], [2, 3])])

    assert [change.split("/")[2].split("-")[1] for _, (change,) in backend.order] == ["0", "1", "2", "3", "4", "5", "6"]


def test_kinds_are_done_in_the_order_of_their_moments() -> None:
    backend = Observed(batch=5)
    first, second = written(backend, [event("A", MONDAY + DAY), event("B", MONDAY + 2 * DAY)])
    backend.order.clear()
    new = event("NEW", MONDAY + 3 * DAY)

    carry_out(backend, [plan(COMP101, delete(first), update(second, replace(event("B", MONDAY + 2 * DAY), subject="X")), create(new))])

    assert [keys for _, keys in backend.order] == [[first.marker.key], [second.marker.key], [new.key]]


# Several at once


def test_there_are_never_two_writers_in_one_calendar() -> None:
    backend = Observed(batch=1)

    carry_out(backend, [lessons(calendar, range(20)) for calendar in CALENDARS[:3]], at_once=8)

    assert not backend.crowded
    assert len(backend.order) == 60


def test_several_calendars_are_worked_on_at_the_same_time() -> None:
    """Each request waits for three others to be under way: one after another they would never get on."""
    barrier = threading.Barrier(4, timeout=20)
    backend = Observed(meet=lambda calendar: barrier.wait())

    applied = carry_out(backend, [lessons(calendar, [0, 1]) for calendar in CALENDARS[:4]], at_once=4)

    assert len(applied.outcomes) == 4


def test_no_more_calendars_are_worked_on_at_once_than_allowed() -> None:
    lock, inside, most = threading.Lock(), 0, 0

    def meet(calendar: Calendar) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.001)
        with lock:
            inside -= 1

    carry_out(Observed(batch=1, meet=meet), [lessons(calendar, range(4)) for calendar in CALENDARS], at_once=2)

    assert most <= 2


def test_each_batch_is_recorded_before_its_calendars_next_one_is_sent() -> None:
    backend = Observed(batch=1)
    seen: list[tuple[str, int, int]] = []

    def record(calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
        sent = sum(name == calendar.name for name, _ in backend.order)
        recorded = sum(name == calendar.name for name, _, _ in seen) + 1
        seen.append((calendar.name, sent, recorded))

    carry_out(backend, [lessons(calendar, range(5)) for calendar in CALENDARS], at_once=4, record=Book(record))

    assert len(seen) == 30
    assert all(sent == recorded for _, sent, recorded in seen)


# Something fails


@pytest.mark.parametrize("at_once", [1, 4])
def test_one_calendars_failure_stops_no_other(at_once: int) -> None:
    backend = Observed()
    backend.faults.fail("apply", CalendarError("the mailbox is full"), calendar=CALENDARS[0].address, after=1, times=None)

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], at_once=at_once)

    assert errors(applied, CALENDARS[0]) == [None, None, CalendarError, CalendarError]
    assert sum(name == "C0" for name, _ in backend.order) == 2
    assert all(errors(applied, calendar) == [None] * 6 for calendar in CALENDARS[1:])
    assert (applied.cut_short, applied.failure) == ("", None)


def test_a_refused_event_does_not_drop_its_calendars_further_batches() -> None:
    backend = Observed()
    backend.faults.fail_changes(EventRejected("no"), lambda change: change.when == MONDAY, times=None)

    applied = carry_out(backend, [lessons(COMP101, range(5))])

    assert errors(applied, COMP101) == [EventRejected, None, None, None, None]


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("credentials", [True, False])
def test_an_error_that_concerns_every_calendar_ends_the_run_and_is_handed_on(at_once: int, credentials: bool) -> None:
    backend = Observed()
    blocked = ServiceError("the app is blocked", credentials=credentials)
    backend.faults.fail("apply", blocked, after=3, times=None)

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], at_once=at_once)

    assert applied.failure is blocked
    assert applied.cut_short == ""
    assert 4 <= len(backend.order) <= 3 + at_once
    done = [outcome for outcomes in applied.outcomes.values() for outcome in outcomes if outcome.error is None]
    assert len(done) == 6 == sum(len(subjects(backend, calendar)) for calendar in CALENDARS)


@pytest.mark.parametrize("at_once", [1, 4])
def test_nothing_more_is_written_that_could_not_be_recorded(at_once: int) -> None:
    backend = Observed()
    down = StateUnusable("the state database is down")

    def record(calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
        raise down

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], at_once=at_once, record=Book(record))

    assert applied.failure is down
    assert len(backend.order) <= at_once
    done = [outcome for outcomes in applied.outcomes.values() for outcome in outcomes if outcome.error is None]
    assert len(done) == sum(len(subjects(backend, calendar)) for calendar in CALENDARS)


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_bug_in_one_thread_leaves_no_other_waiting_for_it(at_once: int) -> None:
    def record(calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(Observed(), [lessons(calendar, range(6)) for calendar in CALENDARS], at_once=at_once, record=Book(record))


def test_when_the_run_fails_a_calendar_that_waits_for_the_service_gives_up_its_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time: one calendar was asked to wait for 20 minutes when another one finds that the app is blocked."""
    monkeypatch.setattr(patience_module, "_GLANCE", 0.01)
    waiting = threading.Event()

    class Telling(Watcher):
        def waiting(self, seconds: float, why: str) -> None:
            waiting.set()

    def meet(calendar: Calendar) -> None:
        if calendar == CALENDARS[1]:
            assert waiting.wait(20)

    backend = Observed(meet=meet)
    backend.faults.fail("apply", TransientError("busy", wait=1200.0), calendar=CALENDARS[0].address, times=None)
    backend.faults.fail("apply", ServiceError("blocked"), calendar=CALENDARS[1].address, times=None)
    progress = Telling()

    applied = apply_plans(
        backend,
        [lessons(calendar, [0]) for calendar in CALENDARS[:2]],
        record=Book(),
        patience=Retrier(threading.Event(), 1e12, progress),
        at_once=2,
        progress=progress,
    )

    assert isinstance(applied.failure, ServiceError)
    assert errors(applied, CALENDARS[0]) == [NotDone]


def test_a_lost_lease_ends_the_run_and_nothing_more_is_written() -> None:
    backend = Observed()

    def check() -> None:
        if len(backend.order) >= 2:
            raise LeaseLost("the lease was lost")

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], Run(check=check))

    assert isinstance(applied.failure, LeaseLost)
    assert len(backend.order) == 2
    assert sum(map(len, applied.outcomes.values())) == 4


def test_a_lease_lost_while_the_last_batch_waits_ends_the_run_too() -> None:
    backend = Observed()
    backend.faults.fail("apply", TransientError("busy", wait=5.0), times=None)

    def check() -> None:
        if backend.order:
            raise LeaseLost("the lease was lost")

    applied = carry_out(backend, [lessons(COMP101, [0])], Run(check=check))

    assert isinstance(applied.failure, LeaseLost)
    assert errors(applied, COMP101) == [NotDone]


# The run is cut short


def test_asked_to_stop_the_run_ends_after_the_batches_in_flight_which_are_recorded() -> None:
    run, book = Run(), Book()
    backend = Observed(meet=lambda calendar: run.stop.set())

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], run, record=book)

    assert applied.cut_short == "it was asked to stop"
    assert applied.failure is None
    assert len(backend.order) == len(book.entries) == 1
    assert errors(applied, CALENDARS[0]) == [None, None]


def test_a_run_that_was_asked_to_stop_before_it_began_writes_nothing() -> None:
    run, backend = Run(), Observed()
    run.stop.set()

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], run, at_once=4)

    assert (applied.outcomes, backend.order) == ({}, [])
    assert applied.cut_short


def test_after_the_deadline_no_batch_is_begun_and_the_soonest_are_done() -> None:
    run = Run(deadline=30.0)
    backend = Observed(batch=1, meet=lambda calendar: run.time.sleep(10.0))

    applied = carry_out(backend, [lessons(CALENDARS[0], [1, 2, 3]), lessons(CALENDARS[1], [0, 4, 5])], run)

    assert applied.cut_short == "the deadline has passed"
    assert subjects(backend, CALENDARS[0]) == ["1", "2"]
    assert subjects(backend, CALENDARS[1]) == ["0"]


def test_a_run_cut_short_in_its_very_last_batch_says_so() -> None:
    run, backend = Run(), Observed()
    backend.faults.fail("apply", TransientError("busy", wait=600.0), times=None)
    run.time.at(5.0, run.stop.set)

    applied = carry_out(backend, [lessons(COMP101, [0])], run)

    assert applied.cut_short == "it was asked to stop"
    assert errors(applied, COMP101) == [NotDone]


def test_a_calendar_that_is_to_wait_past_the_deadline_leaves_the_time_to_the_others_and_is_asked_no_more() -> None:
    backend = Observed()
    backend.faults.fail("apply", TransientError("busy", wait=50.0), calendar=CALENDARS[0].address, times=None)

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], Run(deadline=40.0))

    assert sum(name == "C0" for name, _ in backend.order) == 1
    assert all(errors(applied, calendar) == [None] * 6 for calendar in CALENDARS[1:])
    assert applied.cut_short


def test_a_service_that_asks_all_to_wait_past_the_deadline_is_asked_no_more() -> None:
    backend = Observed()
    backend.faults.fail("apply", TransientError("busy", wait=50.0, scope="service"))

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in CALENDARS], Run(deadline=40.0))

    assert len(backend.order) == 1
    assert applied.cut_short


# Any night at all

FAULTS: list[BackendError] = [
    TransientError("busy", wait=1.0),
    TransientError("busy", wait=1.0, scope="service"),
    TransientError("hiccup"),
    OutcomeUnknown("dropped"),
    EventRejected("no"),
    CalendarError("no access"),
    ServiceError("blocked"),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=9, unique=True), min_size=1, max_size=5),
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 5), st.booleans()), max_size=6),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_every_night_ends_and_what_lies_in_the_calendars_is_what_was_recorded(
    hours: list[list[int]], at_once: int, faults: list[tuple[BackendError, int, bool]], stop_after: int | None
) -> None:
    run, book = Run(), Book()
    backend = Observed(batch=3, meet=lambda calendar: run.stop.set() if len(backend.order) == stop_after else None)
    for error, after, done in faults:
        backend.faults.fail("apply", error, after=after, done=done and isinstance(error, OutcomeUnknown))

    plans = [lessons(calendar, of) for calendar, of in zip(CALENDARS, hours, strict=False)]
    applied = carry_out(backend, plans, run, at_once=at_once, record=book)

    assert not backend.crowded
    for calendar in CALENDARS:
        outcomes = applied.outcomes.get(calendar.address, [])
        assert len({id(outcome.change) for outcome in outcomes}) == len(outcomes)
        sure = {outcome.change.key for outcome in outcomes if outcome.error is None}
        unclear = {outcome.change.key for outcome in outcomes if isinstance(outcome.error, OutcomeUnknown)}
        there = [item.marker.split()[-1] for item in backend.people.see(calendar.address) if item.marker]
        assert len(there) == len(set(there))
        assert sure <= set(there) <= sure | unclear
    recorded = Counter(id(outcome) for _, outcomes in book.entries for outcome in outcomes)
    assert recorded == Counter(id(outcome) for outcomes in applied.outcomes.values() for outcome in outcomes)
    complete = all(outcome.error is None for outcomes in applied.outcomes.values() for outcome in outcomes)
    if complete and not applied.cut_short and applied.failure is None:
        assert sum(map(len, applied.outcomes.values())) == sum(map(len, (one.changes for one in plans)))
