"""The daemon's loop: APScheduler's jobs when they are due, and a round about once a second; all of it in one thread.

A scheduler of our own, as APScheduler foresees it (https://apscheduler.readthedocs.io/en/3.x/extending.html): its blocking one waits
by the wall clock, so that a clock which is set back stops it, and is not to be woken from a signal's handler.
"""

import os
import random
import select
import signal
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, Protocol

import structlog
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from timetable_sync.schedule import Schedule

log = structlog.stdlib.get_logger(__name__)

#: Seconds between two rounds, at most.
PACE = 1.0

_JOB = "night"


class Watched(Protocol):
    """What wakes the loop by becoming readable."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...


class WakeupPipe:
    """A pipe that wakes the loop: rung by signals (``signal.set_wakeup_fd``) and by the scheduler."""

    def __init__(self) -> None:
        self._ear, self._cord = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.rung: list[int] = []

    def fileno(self) -> int:
        """To be waited for."""
        return self._ear

    def answer(self, numbers: Iterable[int]) -> None:
        """From now on these signals ring, and are in ``rung``, in their order, until somebody takes them."""
        signal.set_wakeup_fd(self._cord, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._heard)

    def ring(self) -> None:
        """Wake the loop."""
        try:
            os.write(self._cord, b"\0")
        except BlockingIOError:
            return  # it rings already

    def wait(self, seconds: float, others: Iterable[Watched] = ()) -> None:
        """Until it rings, one of the others is readable, or so long."""
        select.select([self, *others], [], [], seconds)
        self.quiet()

    def quiet(self) -> None:
        """It was heard."""
        try:
            while os.read(self._ear, 4096):
                pass
        except BlockingIOError:
            return

    def _heard(self, number: int, _: FrameType | None) -> None:
        self.rung.append(number)


class Wakes(BaseTrigger):
    """Some starts, as APScheduler asks for them: each put off by up to ``jitter`` seconds, by chance."""

    __slots__ = ("_jitter", "_starts")

    def __init__(self, starts: Schedule, jitter: float) -> None:
        self._starts = starts
        self._jitter = jitter

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first start after ``now``, or after the one before."""
        start = self._starts.next(now if previous is None else max(previous, now))
        if start is None or not self._jitter:
            return None if start is None else start.at
        return start.at + timedelta(seconds=random.uniform(0, self._jitter))  # noqa: S311  # spreads load, keeps no secret


class Rounds(BaseScheduler):
    """``due`` is called when a start has come, ``turn`` in every round; it gives what else to wait for, or None to end."""

    def __init__(self, bell: WakeupPipe, due: Callable[[], None], turn: Callable[[], list[Watched] | None]) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # APScheduler 3 carries no types
            timezone=UTC,
            executors={"default": DebugExecutor()},  # type: ignore[no-untyped-call]  # as above
        )
        self._bell = bell
        self._due = due
        self._turn = turn

    def follow(self, starts: Schedule, jitter: float) -> None:
        """From now on these are the starts."""
        self.add_job(  # type: ignore[no-untyped-call]  # as above
            self._due,
            Wakes(starts, jitter),
            id=_JOB,
            replace_existing=True,
            coalesce=True,
            # However late: whether there is something to do is decided by what is on record.
            misfire_grace_time=None,
        )

    def start(self, *_: Any, **__: Any) -> None:
        """Go round until ``turn`` has enough."""
        super().start()  # type: ignore[no-untyped-call]  # as above
        while (watched := self._turn()) is not None:
            self._bell.wait(self._pause(), watched)
        self.shutdown()

    def _pause(self) -> float:
        """Does what is due; gives the seconds until the next round."""
        try:
            wait: float | None = self._process_jobs()  # type: ignore[no-untyped-call]  # as above
        except Exception:  # the loop turns on whatever is wrong with a schedule or a clock
            log.exception("the schedule could not be looked at; tried again")
            return PACE
        return PACE if wait is None else min(wait, PACE)

    def shutdown(self, wait: bool = True) -> None:
        """Nothing of ours outlives it."""
        super().shutdown(wait)  # type: ignore[no-untyped-call]  # as above

    def wakeup(self) -> None:
        """What APScheduler calls when its jobs have changed."""
        self._bell.ring()
