"""Waiting and trying again: obeys the service's hints, can be interrupted, and ends by the deadline. Writes nothing.

Two kinds of waiting. A hint (Retry-After, BackOffMilliseconds) is obeyed: the service is alive and says when to come back. One for
all requests is obeyed for as long as the run may last, one for a single calendar for a limited time, so that a mailbox which is
always busy cannot use up everybody's night. Without a hint the waits double with jitter, and after some attempts the error is
taken to last for this night: the calendar fails, the others go on.

A service that is busy has had enough of requests, and does not say whose. So that brakes all of them: none is sent before the wait is
over, and then fewer go at once (``concurrency``). But a mailbox that is put off again and again while others are served is busy
by itself: Exchange charges what an application does to the mailbox that it acts for. Then it waits alone.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog

from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.progress import Progress
from timetable_sync.errors import BackendError, CalendarError, OutcomeUnknown, ServiceError, TransientError

Result = TypeVar("Result")

_log = structlog.stdlib.get_logger(__name__)


class RunInterrupted(Exception):
    """The run has to end now, in good order. Its text says why."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long waits are, in seconds, and how often a request that gets no hint is tried."""

    first: float = 1.0
    longest: float = 60.0
    attempts: int = 7
    silence: float = 900.0
    """So long may the whole service give no usable answer at all, before the run is given up."""
    told: float = 60.0
    """And so long before it is said that the run is still trying."""
    busy: float = 1800.0
    """So long may one calendar put us off by its hints, without anything being done in between, before it is given up."""
    late: float = 60.0
    """So long may the service go on with a request though its answer was lost: Exchange gives a batch a minute."""


@dataclass(slots=True)
class Attempts:
    """What one request, or one batch, has cost so far without getting anywhere; begun anew when something was done."""

    attempts: int = 0
    waited: float = 0.0
    served: int | None = None
    """How many requests of the run had been served when this one was last told that the service is busy; None before that."""


#: A wait is looked up from so often, in seconds, to see whether the run has ended meanwhile for another reason than ``stop``.
_GLANCE = 5.0

#: And a wait for a lane, which ``stop`` does not interrupt.
_LANE_GLANCE = 0.5

_NO_LIMIT = 1_000


class Slot:
    """One request's turn; it is told what came of it before it is over."""

    def __init__(self, effort: Attempts) -> None:
        self.effort = effort
        self.answered = False
        self.refused = False


class Retrier:
    """One for a run, shared by all its threads.

    ``lanes`` says how many requests may be under way; without it as many as there are threads. ``stop`` interrupts every wait.
    ``deadline`` is on ``clock`` (seconds, monotonic). ``sleep`` waits on ``stop``; it is a parameter so that tests can let an hour
    pass in no time. ``later`` says who does what this run leaves.
    """

    def __init__(
        self,
        stop: threading.Event,
        deadline: float,
        progress: Progress,
        *,
        lanes: ConcurrencyLimiter | None = None,
        pace: RetryPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        check: Callable[[], None] | None = None,
        later: str = "The next night tries again.",
    ) -> None:
        self._stop = stop
        self._deadline = deadline
        self._progress = progress
        self.pace = pace or RetryPolicy()
        self._clock = clock
        self._sleep = sleep or stop.wait
        self._check = check
        self.later = later
        self._lock = threading.Lock()
        self.lanes = lanes or ConcurrencyLimiter(_NO_LIMIT, first=_NO_LIMIT)
        self._served = 0
        self._held_until = float("-inf")
        self._silent_since: float | None = None
        self._told_of: float | None = None
        self._ended = ""
        self.waited = 0.0
        self.retries = 0
        #: What was waited for, and how often.
        self.reasons: Counter[str] = Counter()

    def ready(self) -> None:
        """Returns when a request may be made. Raises RunInterrupted when the run is to end."""
        while True:
            self.may_begin()
            if (wait := self.held()) <= 0:
                return
            if self._clock() + wait >= self._deadline:
                raise RunInterrupted("the deadline would pass while waiting for the service")
            self._wait(wait)

    def held(self) -> float:
        """For how many seconds more the service wants to be asked nothing; 0 or less where it may be."""
        with self._lock:
            return self._held_until - self._clock()

    @contextmanager
    def turn(self, effort: Attempts, *, before_waiting: Callable[[], None] = lambda: None) -> Iterator[Slot]:
        """Holds a lane for one request; whoever sends it says by :meth:`came` what came of it, and waits only afterwards.

        Calls ``before_waiting`` where the turn does not come at once. Raises what that and :meth:`ready` raise.
        """
        at_once = True
        while True:
            if at_once and self.held() > 0:
                at_once = False
                before_waiting()
            self.ready()
            if (lane := self.lanes.enter(0.0 if at_once else _LANE_GLANCE)) is None:
                if at_once:
                    at_once = False
                    before_waiting()
                continue
            if self._may_send():
                break
            self.lanes.leave(lane)
        turn = Slot(effort)
        try:
            yield turn
        finally:
            self.lanes.leave(lane, answered=turn.answered, refused=turn.refused)

    def _may_send(self) -> bool:
        """Whether nothing has changed while a lane was waited for: else all that wait for one would still send a request each."""
        return not (self.held() > 0 or self._ended or self._stop.is_set())

    def came(self, turn: Slot, error: BackendError | None) -> None:
        """What came of the request, be it several errors' worst: None where the service did what it was asked, or said why not."""
        if error is None or not isinstance(error, (TransientError, OutcomeUnknown)):
            turn.answered = True
            with self._lock:
                self._served += 1
            self.answered()
        elif error.busy:
            alone = self._is_alone(turn.effort)
            turn.refused = not alone
            if error.wait is not None and not alone and turn.effort.waited + error.wait <= self.pace.busy:
                self._hold(self._clock() + error.wait)

    def _is_alone(self, effort: Attempts) -> bool:
        """Whether the others were served while this one was put off, and it is put off again."""
        with self._lock:
            alone = effort.served is not None and self._served > effort.served
            effort.served = self._served
        return alone

    def _hold(self, until: float) -> None:
        with self._lock:
            self._held_until = max(self._held_until, until)

    def may_begin(self) -> None:
        """Raises RunInterrupted when nothing new may be begun: we were asked to stop, the deadline has passed, the run has ended.

        Raises what ``check`` raises: the lease is gone.
        """
        self._go_on()
        if self._clock() >= self._deadline:
            raise RunInterrupted("the deadline has passed")
        if self._check is not None:
            self._check()

    def end(self, why: str) -> None:
        """The run is over: nothing more may begin, and all that wait give up."""
        self._ended = self._ended or why

    def answered(self) -> None:
        """The service gave an answer that can be used, if only to say that it is busy."""
        with self._lock:
            self._silent_since = None

    def after(self, error: TransientError | OutcomeUnknown, effort: Attempts) -> None:
        """Wait as ``error`` asks, before the next attempt; ``effort`` grows by this one.

        Raises RunInterrupted, and ServiceError or CalendarError when waiting on is of no use.
        """
        effort.attempts += 1
        service = isinstance(error, TransientError) and error.scope == "service"
        if error.wait is None and service:
            self._silent(error)
        elif error.wait is not None or isinstance(error, TransientError):
            self.answered()
        if error.wait is None and not service and effort.attempts >= self.pace.attempts:
            raise CalendarError(f"{error.message} (tried {effort.attempts} times)", error.advice or self.later, passing=True)
        wait = self._length(error, effort)
        if not service and effort.waited + wait > self.pace.busy:
            asked = f"{effort.attempts} times, and now for {wait / 60:.0f} minutes more"
            raise CalendarError(f"{error.message} (asked to wait {asked})", error.advice or self.later, passing=True)
        until = self._clock() + wait
        if service:
            self._hold(until)
        if until >= self._deadline:
            if service or wait <= self.pace.longest:
                raise RunInterrupted(f"the deadline would pass while waiting ({error.message})")
            raise CalendarError(
                f"{error.message} (asked to wait {wait / 60:.0f} minutes, past the deadline)", error.advice or self.later, passing=True
            )
        effort.waited += wait
        self.put_off(error)
        self._progress.waiting(wait, error.message)
        self._wait(wait)

    def pause(self, seconds: float, why: str) -> None:
        """Wait so long, because of ``why``. Raises RunInterrupted when the run is to end meanwhile, or would have to before."""
        if not self.in_time(seconds):
            raise RunInterrupted(f"the deadline would pass while waiting ({why})")
        self._progress.waiting(seconds, why)
        self._wait(seconds)

    def now(self) -> float:
        """By its clock, in seconds."""
        return self._clock()

    def in_time(self, seconds: float) -> bool:
        """Whether a wait of so long ends before the deadline."""
        return self._clock() + seconds < self._deadline

    def put_off(self, error: TransientError | OutcomeUnknown) -> None:
        """Counts a request that has to be made again, and why: a report says so also where all went well in the end."""
        with self._lock:
            self.retries += 1
            self.reasons[error.message] += 1

    def call(self, request: Callable[[], Result]) -> Result:
        """``request()``, tried again as long as its error passes. For reading only: what it does may be done twice.

        Raises RunInterrupted, and every BackendError that does not pass.
        """
        effort = Attempts()
        while True:
            with self.turn(effort) as turn:
                try:
                    result = request()
                except (TransientError, OutcomeUnknown) as error:
                    self.came(turn, error)
                    put_off = error
                except BackendError as error:
                    self.came(turn, error)
                    raise
                else:
                    self.came(turn, None)
                    return result
            self.after(put_off, effort)

    def _silent(self, error: TransientError | OutcomeUnknown) -> None:
        now = self._clock()
        with self._lock:
            since = self._silent_since = now if self._silent_since is None else self._silent_since
        if now - since > self.pace.silence:
            raise ServiceError(f"{error.message} (for {(now - since) / 60:.0f} minutes)", error.advice or self.later)
        if now - since > self.pace.told and self._told_of != since:
            # Who has typed a wrong address must not wait in silence until it is given up.
            self._told_of = since
            minutes = round(self.pace.silence / 60)
            _log.warning("no usable answer yet, trying on", reason=error.message, advice=error.advice, minutes=minutes)

    def _length(self, error: TransientError | OutcomeUnknown, effort: Attempts) -> float:
        if error.wait is None:
            return self._backoff(effort.attempts)
        # A service that says "at once", or nearly, for ever is not to be asked for ever as fast as it can answer.
        beyond = effort.attempts - self.pace.attempts
        return max(error.wait, self._backoff(beyond) if beyond > 0 else 0.0)

    def _backoff(self, attempt: int) -> float:
        ceiling: float = min(self.pace.longest, self.pace.first * 2 ** min(attempt - 1, 16))
        # Half fixed, half by chance, so that threads that failed together do not come back together.
        return ceiling * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing

    def _wait(self, seconds: float) -> None:
        with self._lock:
            self.waited += seconds
        while seconds > 0:
            self._sleep(min(seconds, _GLANCE))
            seconds -= _GLANCE
            self._go_on()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise RunInterrupted("it was asked to stop")
        if self._ended:
            raise RunInterrupted(self._ended)
