"""Retries: hints are obeyed, waits end by the deadline and when asked to, and nobody waits for ever. All in virtual time."""

import threading
import time
from collections.abc import Callable

import pytest

from tests.apply.virtual import Run, Watcher
from timetable_sync import logs
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.retry import Attempts, Retrier, RetryPolicy, RunInterrupted
from timetable_sync.errors import (
    BackendError,
    CalendarError,
    ConflictError,
    EventRejected,
    LeaseLost,
    OutcomeUnknown,
    ServiceError,
    TransientError,
)


def answering(*answers: BackendError | str) -> Callable[[], str]:
    """A request that is answered so, in this order; the last answer for ever."""
    left = list(answers)

    def request() -> str:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BackendError):
            raise answer
        return answer

    return request


BUSY = TransientError("busy", wait=30.0)
BUSY_ALL = TransientError("all is busy", wait=30.0, scope="service")
DOWN = TransientError("no connection", scope="service")
HICCUP = TransientError("a hiccup")


# Hints


def test_a_hint_is_obeyed_to_the_second() -> None:
    run = Run()

    assert run.patience.call(answering(BUSY, BUSY, "done")) == "done"
    assert run.time.now == 60.0
    assert run.progress.waits == [30.0, 30.0]
    assert run.patience.waited == 60.0


def hearing(run: Run, error: TransientError) -> float:
    """One thread hears ``error`` and is called off while it waits. Gives the time at which others come along."""
    run.time.at(5.0, run.stop.set)
    with pytest.raises(RunInterrupted):
        run.patience.after(error, Attempts())
    run.stop.clear()
    return run.time.now


def test_a_hint_for_all_is_obeyed_by_those_who_did_not_hear_it() -> None:
    run = Run()
    assert hearing(run, BUSY_ALL) < 30.0

    run.patience.ready()

    assert run.time.now == 30.0


def test_a_hint_for_one_calendar_holds_no_other() -> None:
    run = Run()
    before = hearing(run, BUSY)

    run.patience.ready()

    assert run.time.now == before


def test_ten_thousand_busy_answers_to_all_are_waited_out_and_the_night_goes_on() -> None:
    run = Run(deadline=10_000_000.0)

    assert run.patience.call(answering(*[BUSY_ALL] * 10_000, "done")) == "done"
    assert run.patience.waited >= 300_000.0


def test_a_service_that_says_at_once_for_ever_is_not_asked_as_fast_as_it_answers() -> None:
    run = Run(deadline=10_800.0)
    at_once = TransientError("busy", wait=0.0, scope="service")
    asked = 0

    def request() -> str:
        nonlocal asked
        asked += 1
        raise at_once

    with pytest.raises(RunInterrupted):
        run.patience.call(request)
    assert asked < 1_000


def test_a_few_short_hints_are_obeyed_as_they_are() -> None:
    run = Run()

    run.patience.call(answering(*[TransientError("busy", wait=0.3)] * 5, "done"))

    assert run.time.now == pytest.approx(1.5)


def test_one_calendar_that_is_always_busy_fails_alone_long_before_the_night_is_over() -> None:
    run = Run(deadline=10_800.0)

    with pytest.raises(CalendarError, match="asked to wait"):
        run.patience.call(answering(TransientError("busy", wait=300.0)))
    assert run.time.now <= RetryPolicy().busy


def test_a_hint_of_hours_for_one_calendar_is_no_reason_to_end_the_run() -> None:
    with pytest.raises(CalendarError):
        Run().patience.call(answering(TransientError("busy", wait=4 * 3600.0)))
    with pytest.raises(CalendarError, match="past the deadline"):
        Run(deadline=600.0).patience.call(answering(TransientError("busy", wait=1200.0)))


# Without hints


def test_waits_without_a_hint_double_with_jitter_up_to_the_longest() -> None:
    run = Run(pace=RetryPolicy(first=1.0, longest=8.0, attempts=7))

    with pytest.raises(CalendarError):
        run.patience.call(answering(HICCUP))
    ceilings = [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert len(run.progress.waits) == len(ceilings)
    assert all(ceiling / 2 <= wait <= ceiling for wait, ceiling in zip(run.progress.waits, ceilings, strict=True))


def test_after_some_attempts_the_calendar_fails_and_the_message_says_how_often_it_was_tried() -> None:
    with pytest.raises(CalendarError, match=r"a hiccup \(tried 7 times\)") as failed:
        Run().patience.call(answering(HICCUP))
    assert failed.value.advice


def test_a_hiccup_is_forgotten() -> None:
    run = Run()

    assert run.patience.call(answering(HICCUP, HICCUP, "done")) == "done"


@pytest.mark.parametrize("error", [ConflictError("gone"), EventRejected("no"), CalendarError("no such mailbox"), ServiceError("blocked")])
def test_what_does_not_pass_is_not_tried_again(error: BackendError) -> None:
    run = Run()

    with pytest.raises(type(error)) as raised:
        run.patience.call(answering(error, "done"))
    assert raised.value is error
    assert run.time.now == 0.0


def test_a_reading_that_is_unclear_is_tried_again_since_reading_does_nothing() -> None:
    assert Run().patience.call(answering(OutcomeUnknown("dropped"), OutcomeUnknown("dropped", wait=3.0), "done")) == "done"


# A silent service


def test_a_service_that_is_down_is_waited_for_and_then_ends_the_run() -> None:
    run = Run(deadline=100_000.0)

    with pytest.raises(ServiceError, match="no connection") as ended:
        run.patience.call(answering(DOWN))
    assert RetryPolicy().silence < run.time.now < RetryPolicy().silence + 2 * RetryPolicy().longest
    assert ended.value.advice


def test_that_it_is_still_trying_is_said_once_after_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrongly typed address looks like a service that is down: nobody should wait a quarter of an hour to read of it."""
    logs.configure()
    run = Run(deadline=100_000.0)

    run.patience.call(answering(DOWN, "done"))
    assert capsys.readouterr().err == ""
    with pytest.raises(ServiceError):
        run.patience.call(answering(DOWN))
    assert capsys.readouterr().err.count("no usable answer yet, trying on") == 1


def test_a_service_that_comes_back_in_time_is_used_again() -> None:
    run = Run()

    assert run.patience.call(answering(*[DOWN] * 15, "done")) == "done"


def test_a_single_failure_after_a_long_quiet_time_is_no_silence() -> None:
    """The timetable was read for half an hour before the first request: that was not the service's silence."""
    run = Run()
    run.time.sleep(1_800.0)

    assert run.patience.call(answering(DOWN, "done")) == "done"


def test_a_single_failure_after_an_obeyed_wait_is_no_silence() -> None:
    run = Run()

    assert run.patience.call(answering(TransientError("busy", wait=1_200.0, scope="service"), DOWN, "done")) == "done"


def test_one_calendars_answers_are_signs_of_life() -> None:
    run = Run(deadline=100_000.0)
    alive = answering(*[error for _ in range(40) for error in (DOWN, TransientError("busy", wait=60.0, scope="service"))], "done")

    assert run.patience.call(alive) == "done"
    assert run.time.now > 2 * RetryPolicy().silence


# A busy service


BUSY_FOR_WHOMEVER = TransientError("too many requests", wait=30.0, busy=True)


def put_off(run: Run, error: TransientError, effort: Attempts | None = None) -> None:
    with run.patience.turn(effort or Attempts()) as turn:
        run.patience.came(turn, error)


def served(run: Run) -> None:
    with run.patience.turn(Attempts()) as turn:
        run.patience.came(turn, None)


def test_a_busy_service_brakes_those_too_who_were_not_told() -> None:
    run = Run()
    put_off(run, BUSY_FOR_WHOMEVER)

    run.patience.ready()

    assert run.time.now == 30.0


def test_the_brake_is_on_before_the_next_request_gets_the_lane() -> None:
    """Else it would be sent between the refusal and the wait, and refused."""
    run = Run(lanes=ConcurrencyLimiter(1))
    begun: list[float] = []

    def waiting() -> None:
        with run.patience.turn(Attempts()):
            begun.append(run.time.now)

    with run.patience.turn(Attempts()) as turn:
        other = threading.Thread(target=waiting)
        other.start()
        run.patience.came(turn, BUSY_FOR_WHOMEVER)
    other.join(20)

    assert begun == [30.0]


def test_a_busy_service_gets_fewer_requests_at_once() -> None:
    run = Run(lanes=ConcurrencyLimiter(8, first=8))

    put_off(run, BUSY_FOR_WHOMEVER)

    assert run.patience.lanes.open == 4


def test_a_mailbox_that_is_put_off_again_while_others_are_served_waits_alone() -> None:
    """Exchange charges what an application does to the mailbox that it acts for."""
    run, effort = Run(lanes=ConcurrencyLimiter(8, first=8)), Attempts()
    put_off(run, BUSY_FOR_WHOMEVER, effort)
    served(run)
    before = run.time.now

    put_off(run, BUSY_FOR_WHOMEVER, effort)
    run.patience.ready()

    assert run.time.now == before == 30.0
    assert run.patience.lanes.open == 4


def test_a_service_that_puts_everybody_off_brakes_all_each_time() -> None:
    run, effort = Run(), Attempts()
    put_off(run, BUSY_FOR_WHOMEVER, effort)
    run.patience.ready()

    put_off(run, BUSY_FOR_WHOMEVER, effort)
    run.patience.ready()

    assert run.time.now == 60.0


def test_a_hint_that_one_calendar_would_not_be_given_the_time_for_brakes_nobody() -> None:
    run = Run()

    put_off(run, TransientError("busy", wait=4 * 3600.0, busy=True))
    run.patience.ready()

    assert run.time.now == 0.0


def test_a_mailbox_that_is_always_busy_holds_the_others_back_once_and_then_fails_alone() -> None:
    run = Run(deadline=100_000.0)
    asked = 0

    def request() -> str:
        nonlocal asked
        asked += 1
        if asked > 1:
            served(run)
        raise TransientError("busy", wait=300.0, busy=True)

    with pytest.raises(CalendarError, match="asked to wait"):
        run.patience.call(request)
    before = run.time.now
    run.patience.ready()
    assert run.time.now == before


# The end of a run


def test_nothing_is_begun_once_it_is_asked_to_stop() -> None:
    run = Run()
    run.stop.set()

    with pytest.raises(RunInterrupted, match="asked to stop"):
        run.patience.call(answering("done"))


def test_nothing_is_begun_after_the_deadline() -> None:
    run = Run(deadline=10.0)
    run.time.sleep(10.0)

    with pytest.raises(RunInterrupted, match="deadline has passed"):
        run.patience.ready()


def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    run = Run(deadline=29.0)

    with pytest.raises(RunInterrupted, match="deadline would pass"):
        run.patience.call(answering(BUSY_ALL))
    assert run.time.now == 0.0


def test_after_a_hint_past_the_deadline_nobody_asks_the_service_again() -> None:
    run = Run(deadline=29.0)
    with pytest.raises(RunInterrupted):
        run.patience.call(answering(BUSY_ALL))

    with pytest.raises(RunInterrupted):
        run.patience.call(answering("done"))
    assert run.time.now == 0.0


def test_a_stop_in_the_middle_of_a_wait_ends_it() -> None:
    run = Run()
    run.time.at(10.0, run.stop.set)

    with pytest.raises(RunInterrupted, match="asked to stop"):
        run.patience.call(answering(TransientError("busy", wait=600.0)))
    assert run.time.now < 20.0


def test_the_end_of_the_run_ends_waits_within_seconds() -> None:
    run = Run()
    run.time.at(100.0, lambda: run.patience.end("the run failed"))

    with pytest.raises(RunInterrupted, match="the run failed"):
        run.patience.call(answering(TransientError("busy", wait=600.0)))
    assert run.time.now < 110.0
    with pytest.raises(RunInterrupted, match="the run failed"):
        run.patience.may_begin()


def test_a_lost_lease_lets_nothing_begin() -> None:
    def check() -> None:
        raise LeaseLost("the lease was lost")

    with pytest.raises(LeaseLost):
        Run(check=check).patience.call(answering("done"))


def test_a_real_wait_is_interrupted_by_a_real_stop() -> None:
    """With the clock and the sleep that a night has: without the interruption this test would last an hour."""
    stop = threading.Event()
    patience = Retrier(stop, time.monotonic() + 100_000.0, Watcher())
    threading.Timer(0.05, stop.set).start()

    with pytest.raises(RunInterrupted):
        patience.call(answering(TransientError("busy", wait=1_200.0)))
    assert stop.is_set()


def test_who_waits_for_a_lane_sends_nothing_more_once_it_was_asked_to_stop() -> None:
    """One after the other they would get the only lane, and a slow service would hold up the end for as long as it takes them all."""
    stop, sent, begun = threading.Event(), [], threading.Event()
    patience = Retrier(stop, time.monotonic() + 100_000.0, Watcher(), lanes=ConcurrencyLimiter(8, first=1))

    def slow() -> str:
        sent.append(time.monotonic())
        begun.set()
        time.sleep(0.2)
        raise TransientError("busy", wait=0.0)

    def ask() -> None:
        with pytest.raises(RunInterrupted):
            patience.call(slow)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    stopped = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert [moment for moment in sent if moment > stopped] == []
