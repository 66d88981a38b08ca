"""Waiting and trying again: obeys the service's hints, can be interrupted, and ends by the deadline. Writes nothing.

Two kinds of waiting. A hint (Retry-After, BackOffMilliseconds) is obeyed for as long as the run may last: the service is alive
and says when to come back. Without a hint the waits double with jitter, and after some attempts the error is taken to
last for this night: the calendar fails, the others go on.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from timetable_sync.applying.progress import Progress
from timetable_sync.errors import BackendError, CalendarFailed, Passing, RunFailed, Unclear

Result = TypeVar("Result")


class CutShort(Exception):
    """The run has to end now, in good order. Its text says why."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long waits are, in seconds, and how often a request that gets no hint is tried."""

    first: float = 1.0
    longest: float = 60.0
    attempts: int = 7
    silence: float = 900.0
    """So long may the whole service give no usable answer at all, before the run is given up."""


class Patience:
    """One for a run, shared by all its threads.

    ``stop`` interrupts every wait. ``deadline`` is on ``clock`` (seconds, monotonic). ``sleep`` waits on ``stop``; it is a
    parameter so that tests can let an hour pass in no time.
    """

    def __init__(
        self,
        stop: threading.Event,
        deadline: float,
        progress: Progress,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self._stop = stop
        self._deadline = deadline
        self._progress = progress
        self.pace = pace or Pace()
        self._clock = clock
        self._sleep = sleep or stop.wait
        self._check = check
        self._lock = threading.Lock()
        self._held_until = 0.0
        self._last_answer = clock()
        self.waited = 0.0

    def ready(self) -> None:
        """Returns when a request may be made. Raises CutShort when the run is to end."""
        while True:
            self.may_begin()
            with self._lock:
                wait = self._held_until - self._clock()
            if wait <= 0:
                return
            self._wait(wait)

    def may_begin(self) -> None:
        """Raises CutShort when nothing new may be begun: we were asked to stop, the deadline has passed, the lease is gone."""
        if self._stop.is_set():
            raise CutShort("it was asked to stop")
        if self._clock() >= self._deadline:
            raise CutShort("the deadline has passed")
        if self._check is not None:
            self._check()

    def answered(self) -> None:
        """The service gave an answer that can be used."""
        with self._lock:
            self._last_answer = self._clock()

    def after(self, error: Passing | Unclear, attempt: int) -> None:
        """Wait as ``error`` asks, before attempt number ``attempt`` + 1.

        Raises CutShort, and RunFailed or CalendarFailed when waiting on is of no use.
        """
        service = isinstance(error, Passing) and error.scope == "service"
        with self._lock:
            silent = self._clock() - self._last_answer
        if error.wait is None:
            if service and silent > self.pace.silence:
                raise RunFailed(f"{error.message} (for {silent / 60:.0f} minutes)", error.advice)
            if not service and attempt >= self.pace.attempts:
                raise CalendarFailed(f"{error.message} (tried {attempt} times)", error.advice or "The next night tries again.")
        else:
            self.answered()
        wait = error.wait if error.wait is not None else self._backoff(attempt)
        if self._clock() + wait >= self._deadline:
            raise CutShort(f"the deadline would pass while waiting ({error.message})")
        if service:
            with self._lock:
                self._held_until = max(self._held_until, self._clock() + wait)
        self._progress.waiting(wait, error.message)
        self._wait(wait)

    def call(self, request: Callable[[], Result]) -> Result:
        """``request()``, tried again as long as its error passes. For reading only: what it does may be done twice.

        Raises CutShort, and every BackendError that does not pass.
        """
        attempt = 0
        while True:
            self.ready()
            try:
                result = request()
            except (Passing, Unclear) as error:
                attempt += 1
                self.after(error, attempt)
            except BackendError:
                self.answered()
                raise
            else:
                self.answered()
                return result

    def _backoff(self, attempt: int) -> float:
        ceiling: float = min(self.pace.longest, self.pace.first * 2 ** min(attempt - 1, 16))
        # Half fixed, half by chance, so that threads that failed together do not come back together.
        return ceiling * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing

    def _wait(self, seconds: float) -> None:
        with self._lock:
            self.waited += seconds
        self._sleep(seconds)
        if self._stop.is_set():
            raise CutShort("it was asked to stop")
