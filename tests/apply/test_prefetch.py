"""Stamps ahead of the timetable: asked for meanwhile, no further once they are wanted, which is where what goes wrong is said."""

import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.apply.virtual import Run, Watcher
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.prefetch import Prefetch
from timetable_sync.apply.retry import Retrier, RunInterrupted
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import CalendarError, LeaseLost, ServiceError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.last_full_read import CTag

CALENDARS = [Calendar(f"c{number}@groups.example.ac.uk", f"C{number}") for number in range(5)]
FIRST = CALENDARS[0].address


def until(condition: Callable[[], bool]) -> None:
    for _ in range(4_000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come to that")


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend(CALENDARS)


@pytest.fixture
def patience() -> Retrier:
    return Retrier(threading.Event(), time.monotonic() + 600.0, Watcher(), lanes=ConcurrencyLimiter(8))


def asked(backend: MemoryBackend) -> int:
    return backend.requests["stamp"]


@pytest.mark.parametrize("at_once", [1, 3, 8])
def test_all_stamps_come_while_something_else_is_done(backend: MemoryBackend, patience: Retrier, at_once: int) -> None:
    with Prefetch(backend, CALENDARS, patience, at_once) as ahead:
        until(lambda: asked(backend) == len(CALENDARS))
        found = ahead.settle()

    assert {address: type(stamp) for address, stamp in found.items()} == {calendar.address: CTag for calendar in CALENDARS}
    assert backend.requests == {"stamp": len(CALENDARS)}


def test_without_calendars_nobody_is_asked(backend: MemoryBackend, patience: Retrier) -> None:
    with Prefetch(backend, [], patience, 8) as ahead:
        assert ahead.settle() == {}
    assert backend.requests == {}


def test_once_it_is_settled_no_further_calendar_is_asked(
    backend: MemoryBackend, patience: Retrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    stamp = backend.stamp

    def slow(calendar: Calendar) -> CTag | None:
        begun.set()
        assert go.wait(20)
        return stamp(calendar)

    monkeypatch.setattr(backend, "stamp", slow)
    with Prefetch(backend, CALENDARS, patience, 1) as ahead:
        assert begun.wait(20)
        threading.Timer(0.05, go.set).start()
        found = ahead.settle()

    assert list(found) == [FIRST]
    assert asked(backend) == 1


def test_a_calendar_that_gives_no_stamp_is_not_asked_again_and_one_that_could_not_answer_is(
    backend: MemoryBackend, patience: Retrier
) -> None:
    backend.faults.fail("stamp", CalendarError("no access"), calendar=FIRST)
    backend.faults.fail("stamp", TransientError("hiccup"), calendar=CALENDARS[1].address)

    with Prefetch(backend, CALENDARS, patience, 2) as ahead:
        until(lambda: asked(backend) == len(CALENDARS))
        found = ahead.settle()

    assert found[FIRST] is None
    assert sorted(found) == [calendar.address for calendar in CALENDARS if calendar != CALENDARS[1]]


@pytest.mark.parametrize("error", [ServiceError("blocked"), LeaseLost("lost"), ValueError("a bug")], ids=repr)
def test_what_ends_the_run_is_raised_where_stamps_are_wanted_and_nobody_else_is_asked(
    backend: MemoryBackend, patience: Retrier, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    calls: list[Calendar] = []

    def failing(calendar: Calendar) -> CTag | None:
        calls.append(calendar)
        raise error

    monkeypatch.setattr(backend, "stamp", failing)
    with Prefetch(backend, CALENDARS, patience, 1) as ahead:
        until(lambda: bool(calls))
        with pytest.raises(type(error)) as raised:
            ahead.settle()
    assert raised.value is error
    assert calls == CALENDARS[:1]


def test_where_the_timetable_cannot_be_read_that_is_what_is_said(backend: MemoryBackend, patience: Retrier) -> None:
    backend.faults.fail("stamp", ServiceError("blocked"), times=None)

    with pytest.raises(LookupError, match="no timetable"), Prefetch(backend, CALENDARS, patience, 2):
        until(lambda: asked(backend) > 0)
        raise LookupError("no timetable")


def test_a_run_that_is_to_stop_asks_nobody(backend: MemoryBackend) -> None:
    run = Run()
    run.stop.set()

    with Prefetch(backend, CALENDARS, run.patience, 4) as ahead, pytest.raises(RunInterrupted):
        until(run.stop.is_set)
        time.sleep(0.05)
        ahead.settle()
    assert backend.requests == {}


def test_a_busy_service_is_left_alone_and_nobody_waits_for_it_in_here(backend: MemoryBackend, patience: Retrier) -> None:
    backend.faults.fail("stamp", TransientError("busy", wait=300.0, busy=True), calendar=FIRST)

    began = time.monotonic()
    with Prefetch(backend, CALENDARS, patience, 1) as ahead:
        until(lambda: patience.held() > 0)
        time.sleep(0.05)
        found = ahead.settle()

    assert found == {}
    assert asked(backend) == 1
    assert time.monotonic() - began < 60.0
    assert patience.held() > 200.0
    # The report says so, also where all goes well later.
    assert (patience.retries, dict(patience.reasons)) == (1, {"busy": 1})


def test_a_service_that_is_down_is_asked_no_further_and_is_no_reason_to_end(backend: MemoryBackend, patience: Retrier) -> None:
    backend.faults.fail("stamp", TransientError("no connection", scope="service"), times=None)

    with Prefetch(backend, CALENDARS, patience, 1) as ahead:
        until(lambda: asked(backend) > 0)
        time.sleep(0.05)
        assert ahead.settle() == {}
    assert asked(backend) == 1


def test_the_interpreter_changes_threads_more_often_only_meanwhile(backend: MemoryBackend, patience: Retrier) -> None:
    before = sys.getswitchinterval()

    with Prefetch(backend, CALENDARS, patience, 2) as ahead:
        assert sys.getswitchinterval() < before
        ahead.settle()
        assert sys.getswitchinterval() == before


def test_where_the_system_gives_no_more_threads_none_goes_on(
    backend: MemoryBackend, patience: Retrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, start, started = sys.getswitchinterval(), threading.Thread.start, list[threading.Thread]()

    def none_left(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    with pytest.raises(RuntimeError, match="new thread"), Prefetch(backend, CALENDARS, patience, 8):
        raise AssertionError("it was entered")
    assert not any(thread.is_alive() for thread in started)
    assert sys.getswitchinterval() == before
