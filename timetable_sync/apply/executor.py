"""Carry out all plans: several calendars at once, never two writers in one, what matters soonest first.

When the run is cut short, or one calendar fails, what was done stands recorded and the rest is left to the next night.
"""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial

from timetable_sync.apply.batch import NotDone, apply_batch
from timetable_sync.apply.change_queue import BatchSizes, ChangeQueue
from timetable_sync.apply.progress import Progress
from timetable_sync.apply.recording import Record, Recorder
from timetable_sync.apply.retry import Retrier, RunInterrupted
from timetable_sync.calendars.contract import Backend, ChangeResult
from timetable_sync.errors import CalendarError, ServiceError, TimetableSyncError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.plan import CalendarPlan

Task = tuple[Calendar, tuple[Change, ...]]


class Applied:
    """What came of it: the outcomes by address of what was begun, and why the run ended early, if it did."""

    def __init__(self) -> None:
        self.outcomes: dict[str, list[ChangeResult]] = {}
        self.cut_short = ""
        self.failure: TimetableSyncError | None = None


def apply_plans(
    backend: Backend,
    plans: Sequence[CalendarPlan],
    *,
    record: Record,
    patience: Retrier,
    at_once: int,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> Applied:
    """Carry out ``plans``. ``record`` is told of each request that writes before it is sent, and of each batch by the thread that did it:
    with its next request, at once where there is none, and always before that calendar's next one.

    A batch holds at most as many changes as the backend takes, and fewer while it answers slowly by ``clock``.

    Ends early, in good order, when asked to stop, at the deadline, when an error concerns the whole run, or when ``record`` fails: then
    nothing more is written that could not be recorded. Never raises for any of these.
    """
    sizes = BatchSizes(backend.batch)
    queue = _Queue(plans, sizes)
    applied = Applied()
    lock = threading.Lock()

    def work() -> None:
        recorder = Recorder(record)
        task = queue.take()
        while task is not None:
            calendar, batch = task
            goes_on = False
            try:
                patience.may_begin()
                outcomes = apply_batch(backend, calendar, batch, patience, recorder, sizes=sizes, clock=clock)
                with lock:
                    applied.outcomes.setdefault(calendar.address, []).extend(outcomes)
                _raise_ending(outcomes)
                goes_on = not any(isinstance(outcome.error, CalendarError) for outcome in outcomes)
                progress.step(len(batch))
            except RunInterrupted as end:
                # Not the queue's end: a calendar that is to wait for longer than there is time leaves it to the others.
                with lock:
                    if applied.failure is None:
                        applied.cut_short = applied.cut_short or str(end)
            except TimetableSyncError as error:
                failed(error)
            except BaseException:
                # A bug, or the interpreter going down: the other threads must not wait for this one for ever.
                queue.end()
                patience.end("the run failed")
                with suppress(TimetableSyncError):
                    recorder.flush()
                raise
            task = queue.following(calendar, goes_on=goes_on)
            if task is None or task[0] != calendar:
                recorder.once_stored(partial(queue.done, calendar, goes_on=goes_on))
            if task is None:
                try:
                    recorder.flush()
                except TimetableSyncError as error:
                    failed(error)
                task = queue.take()

    def failed(error: TimetableSyncError) -> None:
        with lock:
            applied.failure = applied.failure or error
        queue.end()
        patience.end("the run failed")

    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="calendar") as pool:
        for future in [pool.submit(work) for _ in range(min(at_once, max(1, len(queue))))]:
            future.result()
    return applied


def _raise_ending(outcomes: Sequence[ChangeResult]) -> None:
    """Raise what ends the whole run, or at least this calendar's part in it, if it is among ``outcomes``."""
    for outcome in outcomes:
        if isinstance(outcome.error, ServiceError):
            raise outcome.error
        if isinstance(outcome.error, NotDone):
            raise outcome.error.end


class _Queue:
    """Whose batch is next: that of the calendar, among those nobody works on, whose next change matters soonest."""

    def __init__(self, plans: Sequence[CalendarPlan], sizes: BatchSizes) -> None:
        self._changed = threading.Condition()
        self._sizes = sizes
        self._waiting: dict[str, ChangeQueue] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._calendars = {plan.calendar.address: plan.calendar for plan in plans}
        self._busy = 0
        self._ended = False
        for plan in plans:
            if plan.changes:
                self._waiting[plan.calendar.address] = ChangeQueue(plan.changes)
                self._push(plan.calendar.address)

    def __len__(self) -> int:
        return len(self._waiting)

    def _push(self, address: str) -> None:
        heapq.heappush(self._heap, (self._waiting[address].when, address))

    def take(self) -> Task | None:
        """The next batch, or None when there is nothing more to do. Waits while only busy calendars have any."""
        with self._changed:
            while not self._ended and not self._heap and self._busy:
                self._changed.wait()
            return self._soonest()

    def following(self, calendar: Calendar, *, goes_on: bool) -> Task | None:
        """The next batch for whoever has just done one of ``calendar``, which is not free yet; None where there is none at once."""
        with self._changed:
            waiting = self._waiting[calendar.address]
            if goes_on and waiting and not self._ended and (not self._heap or (waiting.when, calendar.address) < self._heap[0]):
                return calendar, waiting.take(self._sizes.of(calendar.address))
            return self._soonest()

    def _soonest(self) -> Task | None:
        if self._ended or not self._heap:
            return None
        _, address = heapq.heappop(self._heap)
        self._busy += 1
        return self._calendars[address], self._waiting[address].take(self._sizes.of(address))

    def done(self, calendar: Calendar, *, goes_on: bool) -> None:
        """The calendar is free again; its further batches are dropped unless it ``goes_on``."""
        with self._changed:
            self._busy -= 1
            if goes_on and self._waiting[calendar.address]:
                self._push(calendar.address)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more is handed out."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
