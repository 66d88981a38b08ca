"""Faults on demand strike where, when and as often as they were asked to."""

import pytest

from tests.calendars.contract import WEEK, creating, errors, event
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import CalendarError, EventRejected, OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar

COMP, MATH = Calendar("comp@example.ac.uk", "COMP"), Calendar("math@example.ac.uk", "MATH")


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend([COMP, MATH])


def test_a_reading_raises_the_fault_once_and_then_works(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", TransientError("busy", wait=3))
    with pytest.raises(TransientError, match="busy"):
        backend.snapshot(COMP, WEEK)
    assert backend.snapshot(COMP, WEEK).ours == ()


def test_a_fault_of_one_calendar_leaves_the_others_alone(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", CalendarError("no such mailbox"), calendar=COMP.address, times=None)
    assert backend.snapshot(MATH, WEEK).ours == ()
    for _ in range(3):
        with pytest.raises(CalendarError):
            backend.snapshot(COMP, WEEK)


def test_a_fault_waits_until_as_many_calls_have_passed(backend: MemoryBackend) -> None:
    backend.faults.fail("stamp", TransientError("busy"), after=2, times=2)
    heard = []
    for _ in range(6):
        try:
            backend.stamp(COMP)
            heard.append(True)
        except TransientError:
            heard.append(False)
    assert heard == [True, True, False, False, True, True]


def test_writes_that_are_done_can_be_reported_unclear(backend: MemoryBackend) -> None:
    backend.faults.fail("apply", OutcomeUnknown("dropped"), done=True)
    assert errors(backend.apply(COMP, creating(event(1)))) == [OutcomeUnknown]
    assert len(backend.people.see(COMP.address)) == 1


def test_one_change_can_be_refused_while_the_others_are_done(backend: MemoryBackend) -> None:
    bad = event(2)
    backend.faults.fail_changes(EventRejected("too long"), lambda change: change.key == bad.key)
    outcomes = backend.apply(COMP, creating(event(1), bad, event(3)))
    assert errors(outcomes) == [None, EventRejected, None]
    assert len(backend.people.see(COMP.address)) == 2


def test_faults_can_be_cleared(backend: MemoryBackend) -> None:
    backend.faults.fail("snapshot", TransientError("busy"), times=None)
    backend.faults.clear()
    assert backend.snapshot(COMP, WEEK).foreign == 0


def test_calls_are_counted_by_operation(backend: MemoryBackend) -> None:
    backend.snapshot(COMP, WEEK)
    backend.apply(COMP, creating(event(1)))
    backend.snapshot(MATH, WEEK)
    assert backend.requests == {"snapshot": 2, "apply": 1}
