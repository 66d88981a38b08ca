"""How many changes a request carries, by how long the service takes over them, and how a calendar's changes are cut into requests."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.apply.test_executor import lessons, plan
from tests.apply.virtual import Book, Run, VirtualTime, create, delete, subjects, update
from tests.planning.builders import COMP101, DAY, MATH200, MONDAY, event, standing
from timetable_sync.apply.change_queue import QUICK, SLOW, BatchSizes, ChangeQueue
from timetable_sync.apply.executor import Applied, apply_plans
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.plan import CalendarPlan

ONE, OTHER = COMP101.address, MATH200.address
BETWEEN = (QUICK + SLOW) / 2


def test_it_begins_as_configured() -> None:
    assert BatchSizes(25).of(ONE) == 25


def test_a_slow_answer_halves_the_next_batch_down_to_one_event() -> None:
    sizes, seen = BatchSizes(25), []
    for _ in range(6):
        sizes.came(ONE, sizes.of(ONE), SLOW + 1, done=True)
        seen.append(sizes.of(ONE))

    assert seen == [12, 6, 3, 1, 1, 1]


def test_few_events_that_took_long_are_halved_and_not_what_would_have_been_allowed() -> None:
    sizes = BatchSizes(25)
    sizes.came(ONE, 4, SLOW + 1, done=True)

    assert sizes.of(ONE) == 2


def test_quick_answers_let_it_grow_back_to_what_is_configured_and_no_further() -> None:
    sizes, seen = BatchSizes(25), []
    sizes.came(ONE, 25, SLOW + 1, done=True)
    for _ in range(5):
        sizes.came(ONE, sizes.of(ONE), QUICK - 1, done=True)
        seen.append(sizes.of(ONE))

    assert seen == [15, 18, 22, 25, 25]


def test_what_is_neither_slow_nor_quick_or_not_full_or_did_nothing_leaves_it_as_it_is() -> None:
    sizes = BatchSizes(25)
    sizes.came(ONE, 25, SLOW + 1, done=True)
    sizes.came(ONE, 12, BETWEEN, done=True)
    sizes.came(ONE, 11, 0.1, done=True)
    sizes.came(ONE, 12, 0.1, done=False)

    assert sizes.of(ONE) == 12


def test_a_slow_mailbox_does_not_make_others_slow_but_one_that_begins_learns_from_the_latest_answer() -> None:
    sizes = BatchSizes(24)
    sizes.came(OTHER, 24, 1.0, done=True)
    sizes.came(ONE, 24, SLOW + 1, done=False)

    assert (sizes.of(ONE), sizes.of(OTHER), sizes.of("a third")) == (12, 24, 12)


class Slow(MemoryBackend):
    """Takes so many seconds for each event of a request, and stops at a minute: the rest is put off, or nobody knows what became of it."""

    def __init__(self, time: VirtualTime, seconds: float, *, unclear: bool = False) -> None:
        super().__init__([COMP101, MATH200], batch=25)
        self.time, self.seconds, self.unclear = time, seconds, unclear
        self.sent: list[int] = []
        self.created = 0

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        self.sent.append(len(changes))
        within = min(len(changes), int(60 / self.seconds))
        self.time.now += min(60.0, len(changes) * self.seconds)
        outcomes = super().apply(calendar, changes[:within])
        self.created += within
        if within == len(changes):
            return outcomes
        if self.unclear:
            return [ChangeResult(change, error=OutcomeUnknown("the connection broke")) for change in changes]
        return outcomes + [ChangeResult(change, error=TransientError("the batch has had its minute")) for change in changes[within:]]


def carried_out(backend: Slow, run: Run, plans: list[CalendarPlan]) -> Applied:
    return apply_plans(backend, plans, record=Book(), patience=run.patience, at_once=1, progress=run.progress, clock=run.time.clock)


def test_a_night_with_a_slow_service_sends_smaller_batches_and_larger_ones_once_it_is_quick_again() -> None:
    run = Run()
    backend = Slow(run.time, 2.0)
    carried_out(backend, run, [lessons(COMP101, range(60))])
    slow, backend.seconds, backend.sent = backend.sent, 0.1, []
    carried_out(backend, run, [lessons(MATH200, range(60))])

    assert slow == [25, 12, 12, 11]
    assert backend.sent == [25, 25, 10], "each night begins as configured"
    assert len(subjects(backend)) == len(subjects(backend, MATH200)) == 60


def test_what_a_minute_was_too_short_for_is_looked_for_before_it_is_sent_again_and_never_doubled() -> None:
    run = Run()
    backend = Slow(run.time, 5.0, unclear=True)
    applied = carried_out(backend, run, [plan(COMP101, *[create(event(f"L{n}", MONDAY, subject=f"{n:02d}")) for n in range(40)])])

    assert all(outcome.error is None for outcome in applied.outcomes[ONE])
    assert sorted(subjects(backend)) == [f"{n:02d}" for n in range(40)]
    assert backend.created == 40
    # The first is done in three steps; from then on a request is small enough to be answered within its minute.
    assert backend.sent[:2] == [25, 13]
    assert max(backend.sent[3:]) <= 12


CHANGES = st.lists(st.tuples(st.sampled_from("cud"), st.integers(0, 30)), max_size=80).map(lambda drawn: [change(*one) for one in drawn])


def change(kind: str, day: int) -> Change:
    lesson = event(f"L{day}", MONDAY + day * DAY)
    return create(lesson) if kind == "c" else update(standing(lesson), lesson) if kind == "u" else delete(standing(lesson))


def batches(changes: list[Change], size: int) -> list[tuple[Change, ...]]:
    waiting, found = ChangeQueue(changes), []
    while waiting:
        when = waiting.when
        found.append(waiting.take(size))
        assert found[-1][0].when == when
    return found


@given(CHANGES, st.integers(1, 10))
def test_every_change_is_in_one_batch_and_no_batch_is_too_long_or_of_two_kinds(changes: list[Change], size: int) -> None:
    cut = batches(changes, size)

    assert sorted(map(id, changes)) == sorted(id(one) for batch in cut for one in batch)
    assert all(1 <= len(batch) <= size and len({type(one) for one in batch}) == 1 for batch in cut)


@given(CHANGES, st.integers(1, 10))
def test_batches_come_soonest_first_and_so_do_the_changes_within(changes: list[Change], size: int) -> None:
    cut = batches(changes, size)

    assert [batch[0].when for batch in cut] == sorted(batch[0].when for batch in cut)
    assert all([one.when for one in batch] == sorted(one.when for one in batch) for batch in cut)


@given(CHANGES, st.integers(1, 10))
def test_only_one_batch_of_a_kind_is_not_full(changes: list[Change], size: int) -> None:
    short = [type(batch[0]) for batch in batches(changes, size) if len(batch) < size]

    assert len(short) == len(set(short))


@given(CHANGES, st.lists(st.integers(1, 10), min_size=1))
def test_a_request_may_be_shorter_or_longer_than_the_one_before(changes: list[Change], sizes: list[int]) -> None:
    waiting = ChangeQueue(changes)
    taken: list[tuple[Change, ...]] = []
    while waiting:
        taken.append(waiting.take(sizes[len(taken) % len(sizes)]))

    assert sorted(map(id, changes)) == sorted(id(one) for batch in taken for one in batch)
    assert all(1 <= len(batch) <= sizes[number % len(sizes)] for number, batch in enumerate(taken))
    assert [batch[0].when for batch in taken] == sorted(batch[0].when for batch in taken)


def test_without_changes_there_is_no_request() -> None:
    assert batches([], 25) == []
