"""What is on record before a request that writes is sent; and how a service shows bodies, found out from what was put back alone."""

import threading
from collections.abc import Mapping, Sequence

import pytest

from tests.apply.test_executor import CALENDARS, Observed, carry_out, lessons, plan
from tests.apply.virtual import Book, Run, create, delete, update, written
from tests.planning.builders import COMP101, DAY, MATH200, MONDAY, event, standing
from timetable_sync.apply.batch import apply_batch
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.recording import Recorder, renderings
from timetable_sync.apply.retry import Retrier
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import ConflictError, LeaseLost, OutcomeUnknown, StateUnusable, TimetableSyncError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Reason, Update
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.planning.body_match import rendering_of
from timetable_sync.state.intents import Entered, Sending


class Watched(MemoryBackend):
    """Writes down which keys the record's intents name when each request comes."""

    def __init__(self, calendars: Sequence[Calendar], book: Book, batch: int = 2) -> None:
        super().__init__(calendars, batch=batch)
        self.book = book
        self.asked: list[tuple[list[str], set[str]]] = []

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        self.asked.append(([one.key for one in changes], {key for sending in self.book.intents.values() for key in sending.keys}))
        return super().apply(calendar, changes)


@pytest.mark.parametrize("at_once", [1, 4])
def test_every_event_that_is_to_be_made_is_an_intent_before_it_is_asked_for_and_none_is_left_in_the_end(at_once: int) -> None:
    book = Book()
    backend = Watched(CALENDARS, book)

    carry_out(backend, [lessons(calendar, range(5)) for calendar in CALENDARS], at_once=at_once, record=book)

    assert len(backend.asked) == 18
    assert all(intended.issuperset(keys) for keys, intended in backend.asked)
    assert book.intents == {}


def test_updates_and_deletes_are_no_intents_but_that_they_may_be_sent_is_asked_before_each() -> None:
    book = Book()
    backend = Watched([COMP101], book)
    first, second = written(backend, [event("A"), event("B", MONDAY + DAY)])
    backend.asked.clear()

    carry_out(backend, [plan(COMP101, update(first, event("A", subject="New")), delete(second))], record=book)

    assert [sending.keys for sending in book.sent] == [(), ()]
    assert len(backend.asked) == 2


class Transactions(Book):
    """Counts the calls, each of which is a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def written(self, calendar: Calendar, outcomes: Sequence[ChangeResult], intent: int | None, sending: Sending | None) -> Entered | None:
        self.calls += 1
        found = super().written(calendar, outcomes, intent, sending)
        self.calls -= sending is not None
        return found

    def about_to_send(self, sending: Sending) -> Entered | None:
        self.calls += 1
        return super().about_to_send(sending)


def test_a_record_and_the_next_intent_are_one_transaction_so_that_there_is_one_a_request() -> None:
    book = Transactions()
    backend = Observed()

    carry_out(backend, [lessons(calendar, range(10)) for calendar in CALENDARS], record=book)

    assert len(backend.order) == 30
    assert book.calls == 31


def test_a_record_does_not_wait_for_a_request_that_has_to() -> None:
    """Else a process that is killed while the service keeps it waiting would have nothing on record of what it did last."""
    run, book, seen = Run(), Book(), list[int]()
    backend = Observed(batch=2)
    backend.faults.fail("apply", TransientError("busy", wait=60.0, scope="service", busy=True), calendar=CALENDARS[1].address)
    # The request that is put off leaves its predecessor on record, and so does the wait before the one after that.
    run.time.at(30.0, lambda: seen.append(len(book.entries)))

    carry_out(backend, [lessons(CALENDARS[0], [0, 1]), lessons(CALENDARS[1], [2, 3])], run, record=book)

    assert seen == [1]


def test_what_is_sent_again_is_entered_again() -> None:
    run, book = Run(), Book()
    backend = Watched([COMP101], book, batch=5)
    backend.faults.fail("apply", OutcomeUnknown("HTTP 503"))
    backend.faults.fail_changes(TransientError("busy", wait=5.0), lambda change: change.key == event("A").key)

    outcomes = apply_batch(backend, COMP101, [create(event("A")), create(event("B"))], run.patience, Recorder(book))

    assert [outcome.error for outcome in outcomes] == [None, None]
    first, second, third = book.sent
    assert [len(sending.keys) for sending in book.sent] == [2, 2, 1]
    assert first.renews is None
    assert second.renews == third.renews is not None


def test_what_took_long_to_be_entered_is_entered_again_before_it_is_sent() -> None:
    now, book = [0.0], Book()

    class Slow(Book):
        def about_to_send(self, sending: Sending) -> Entered | None:
            found = book.about_to_send(sending)
            assert found is not None
            entered = Entered(found.id, now[0])
            now[0] += 25.0 if len(book.sent) < 3 else 1.0
            return entered

    Recorder(Slow(), clock=lambda: now[0]).before(COMP101, [create(event())])

    assert [sending.renews for sending in book.sent] == [None, 1, 1]


def test_a_record_that_is_always_slow_ends_the_run_before_anything_is_sent() -> None:
    now = [0.0]

    class Slow(Book):
        def about_to_send(self, sending: Sending) -> Entered | None:
            super().about_to_send(sending)
            now[0] += 25.0
            return Entered(1, now[0] - 25.0)

    with pytest.raises(StateUnusable, match="longer than 10 seconds"):
        Recorder(Slow(), clock=lambda: now[0]).before(COMP101, [create(event())])


@pytest.mark.parametrize("end", [LeaseLost("lost"), StateUnusable("down")])
def test_what_may_not_be_sent_any_more_is_not_sent_and_what_was_done_before_it_in_the_same_batch_is_known(end: TimetableSyncError) -> None:
    """A create that turned out to be there is an update now: two requests of one attempt, and the lease is lost between them."""
    run = Run()

    class Lost(Book):
        def about_to_send(self, sending: Sending) -> Entered | None:
            if len(self.sent) == 2:
                raise end
            return super().about_to_send(sending)

    backend = MemoryBackend([COMP101])
    written(backend, [event("A", subject="Old")])
    backend.faults.fail("apply", OutcomeUnknown("HTTP 503"))

    outcomes = apply_batch(backend, COMP101, [create(event("A")), create(event("B"))], run.patience, Recorder(Lost()))

    assert [None if outcome.error is None else outcome.error.message for outcome in outcomes] == [None, f"not done: {end.message}"]
    assert [item.subject for item in backend.people.see(COMP101.address)] == ["Algorithms"]


def test_a_lease_that_is_lost_by_the_records_word_ends_the_run() -> None:
    backend = Observed()

    class Lost(Book):
        def about_to_send(self, sending: Sending) -> Entered | None:
            if len(backend.order) == 2:
                raise LeaseLost("lost")
            return super().about_to_send(sending)

    applied = carry_out(backend, [lessons(calendar, range(6)) for calendar in [COMP101, MATH200]], record=Lost())

    assert isinstance(applied.failure, LeaseLost)
    assert len(backend.order) == 2


LECTURE = event(body="Room 1.2")
PUT_BACK = Update(standing(LECTURE), LECTURE, "1 marker", Reason.EDITED)
DONE = ChangeResult(PUT_BACK, ItemRef("item-1", "v2"))


class Showing(MemoryBackend):
    """A service that shows its only body so; None where the event is gone."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text
        self.asked: list[str] = []

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        self.asked += [item.id for item in items]
        return {} if self._text is None else {item.id: self._text for item in items}


def overwriting(text: str | None) -> CalendarPlan:
    """A plan of which a body is put back that was read as ``text``; None where it is something else."""
    overwritten = {} if text is None else {LECTURE.key: rendering_of("Room 1.2", "text", text)}
    return CalendarPlan(COMP101, 1, 1, 0, 0, (PUT_BACK,), overwritten=overwritten)


def patience() -> Retrier:
    return Retrier(threading.Event(), float("inf"), Silent())


def test_what_reads_after_it_was_put_back_as_it_did_before_is_the_services_way() -> None:
    found = renderings(Showing("ROOM 1.2"), overwriting("ROOM 1.2"), [DONE], patience())
    assert found == {LECTURE.key: rendering_of("Room 1.2", "text", "ROOM 1.2")}


def test_what_reads_otherwise_than_before_was_an_edit() -> None:
    for text in ("Room 1.2", "ROOM 1.2", None):
        assert renderings(Showing(text), overwriting("Room 12"), [DONE], patience()) == {}


def test_nothing_is_read_where_no_body_was_put_back() -> None:
    for planned, outcome in (
        (overwriting(None), DONE),
        (overwriting("ROOM 1.2"), ChangeResult(PUT_BACK, error=ConflictError("changed meanwhile"))),
    ):
        backend = Showing("ROOM 1.2")
        assert renderings(backend, planned, [outcome], patience()) == {}
        assert backend.asked == []
