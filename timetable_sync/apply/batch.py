"""Carry out one batch so that nothing is doubled: what is unclear is read again before anything is sent again.

A create may be answered "503" and have happened; an update's item may have been edited since it was read. In both cases the
calendar is read again around the changes concerned, and the marker tells what is there.

Where no answer came at all (a connection that broke off, a proxy that gave up), the service may still be at work: what is not there
yet may be there in a moment. So a create is sent again only when the time is over that the service gives a request, and another look
has not found it. Updates and deletes need no such wait: a second one of the same item is refused, or does what the first did.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from timetable_sync.apply.change_queue import BatchSizes
from timetable_sync.apply.recording import Recorder
from timetable_sync.apply.retry import Attempts, Retrier, RunInterrupted
from timetable_sync.calendars.contract import Backend, ChangeResult
from timetable_sync.errors import (
    BackendError,
    CalendarError,
    ConflictError,
    EventRejected,
    OutcomeUnknown,
    ServiceError,
    TimetableSyncError,
    TransientError,
)
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.marker import Marker
from timetable_sync.model.snapshot import ItemRef, RemoteEvent, Snapshot
from timetable_sync.model.window import Window
from timetable_sync.planning.diff import differences
from timetable_sync.planning.ownership import may_be, written


def apply_batch(
    backend: Backend,
    calendar: Calendar,
    batch: Sequence[Change],
    patience: Retrier,
    recorder: Recorder,
    *,
    sizes: BatchSizes | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[ChangeResult]:
    """One final outcome a change, in order. ``batch`` is of one kind and no longer than the backend's. ``recorder`` is asked before each
    request, and told of the outcomes. ``sizes`` learns what each request took by ``clock``.

    Never raises for what the service does, nor when the run has to end meanwhile: what could not be found out stays OutcomeUnknown, what
    was not done is NotDone; the next night settles both by the markers. An event that the service puts off for ever while it takes
    others of the batch is refused, so that it alone is left; a calendar that takes none has failed.
    """
    work = _Work(backend, calendar, batch, patience, recorder, sizes or BatchSizes(backend.batch), clock)
    try:
        while work.pending:
            work.attempt_once()
    except (RunInterrupted, TimetableSyncError) as end:
        work.give_up(end)
    outcomes = work.outcomes()
    recorder.after(calendar, outcomes)
    return outcomes


class NotDone(TransientError):
    """Not done, since the run had to end. ``end`` says why: RunInterrupted, or what ended the whole run; ``later`` who does it."""

    def __init__(self, end: RunInterrupted | TimetableSyncError, later: str) -> None:
        super().__init__(f"not done: {end}", later)
        self.end = end


#: Seconds. By so much two clocks may differ in how fast they go, or a service may round.
_CLOCKS_DIFFER = 120.0

_EDITED = ConflictError("an event with its mark stands there that somebody edited", "The next night settles it.")
_VANISHED = ConflictError("the event vanished while the run was at work", "The next night settles it.")


_UNREADABLE = EventRejected("an event stands there that bears our mark and cannot be read", "The next night names it.")


class _Work:
    """A batch under way: what is final, what is pending in its present form, and the last error of each, by place in the batch."""

    def __init__(
        self,
        backend: Backend,
        calendar: Calendar,
        batch: Sequence[Change],
        patience: Retrier,
        recorder: Recorder,
        sizes: BatchSizes,
        clock: Callable[[], float],
    ) -> None:
        self._backend = backend
        self._sizes = sizes
        self._clock = clock
        self._calendar = calendar
        self._batch = batch
        self._patience = patience
        self._recorder = recorder
        self._effort = Attempts()
        self._worked, self._began = False, clock()
        self._final: dict[int, ChangeResult] = {}
        self._last: dict[int, BackendError] = {}
        self.pending: dict[int, Change] = dict(enumerate(batch))

    def outcomes(self) -> list[ChangeResult]:
        """One a change, once nothing is pending."""
        return [self._final[index] for index in range(len(self._batch))]

    def give_up(self, end: RunInterrupted | TimetableSyncError) -> None:
        """Make final what is known of all that is pending: OutcomeUnknown stays so, anything else has not happened."""
        for index in self.pending.keys() - self._final.keys():
            known = self._last.get(index)
            if isinstance(known, OutcomeUnknown):
                known = self._open(known)
            else:
                known = end if isinstance(end, BackendError) else NotDone(end, self._patience.later)
            self._final[index] = ChangeResult(self._batch[index], error=known)
        self.pending = {}

    def attempt_once(self) -> None:
        """Send what is pending, wait if that is asked for, and find out what became of what is in doubt."""
        again: dict[int, Change] = {}
        doubtful: dict[int, Change] = {}
        found, end = self._send()
        for index, outcome in found:
            if outcome.error is None:
                self._done(index, outcome.item)
                continue
            self._last[index] = outcome.error
            if isinstance(outcome.error, (OutcomeUnknown, ConflictError)):
                doubtful[index] = self.pending[index]
            elif isinstance(outcome.error, TransientError):
                again[index] = self.pending[index]
            else:
                self._final[index] = ChangeResult(self._batch[index], error=outcome.error)
        if end is not None:
            raise end
        self.pending = {**again, **doubtful}
        ending = next((o.error for o in self._final.values() if isinstance(o.error, (CalendarError, ServiceError))), None)
        if ending is not None:
            self.give_up(ending)
        if self.pending:
            self._wait()
        if doubtful and self.pending:
            self.pending = dict(sorted({**again, **self._settle(doubtful)}.items()))

    def _done(self, index: int, item: ItemRef | None) -> None:
        self._final[index] = ChangeResult(self._batch[index], item)
        self._worked, self._effort = True, Attempts()

    def _send(self) -> tuple[list[tuple[int, ChangeResult]], TimetableSyncError | None]:
        """Send what is pending, a request a kind: a create whose event turned out to be there has become an update.

        Gives also why the rest may not be sent any more, if so: what became of the first request must not be lost.
        """
        found: list[tuple[int, ChangeResult]] = []
        # One turn for all: if the run were to end between them, what became of the first would be lost.
        with self._patience.turn(self._effort, before_waiting=self._recorder.flush) as turn:
            for kind in (Update, Create, Delete):
                indexes = [index for index, change in self.pending.items() if isinstance(change, kind)]
                if not indexes:
                    continue
                changes = [self.pending[index] for index in indexes]
                try:
                    self._recorder.before(self._calendar, changes)
                except TimetableSyncError as end:
                    return found, end
                found += zip(indexes, self._apply(changes), strict=True)
            self._patience.came(turn, _said([outcome.error for _, outcome in found]))
        return found, None

    def _apply(self, changes: list[Change]) -> list[ChangeResult]:
        began = self._clock()
        outcomes = self._backend.apply(self._calendar, changes)
        done = any(outcome.error is None for outcome in outcomes)
        self._sizes.came(self._calendar.address, len(changes), self._clock() - began, done=done)
        return outcomes

    def _wait(self) -> None:
        errors = [self._last[index] for index in self.pending]
        passing = [error for error in errors if isinstance(error, (TransientError, OutcomeUnknown))]
        if not passing:
            # Only such as have to be read again, and at once.
            self._effort.attempts += 1
            if self._effort.attempts >= self._patience.pace.attempts:
                self._leave()
            return
        try:
            self._patience.after(max(passing, key=lambda error: (error.wait or 0.0, isinstance(error, TransientError))), self._effort)
        except CalendarError:
            if not self._worked:
                raise
            self._leave()

    def _leave(self) -> None:
        """Make final what is pending: these events, not the calendar, are what does not work."""
        for index in self.pending:
            known = self._last[index]
            if isinstance(known, OutcomeUnknown):
                known = self._open(known)
            else:
                known = EventRejected(f"{known.message} (tried {self._effort.attempts} times)", known.advice or self._patience.later)
            self._final[index] = ChangeResult(self._batch[index], error=known)
        self.pending = {}

    def _open(self, error: OutcomeUnknown) -> OutcomeUnknown:
        """What nobody could find out in time, with who will."""
        if error.advice:
            return error
        return OutcomeUnknown(error.message, self._patience.later, wait=error.wait, busy=error.busy, unanswered=error.unanswered)

    def _settle(self, doubtful: dict[int, Change]) -> dict[int, Change]:
        """Make final what of ``doubtful`` turns out to be done or gone; gives what is still to be done."""
        rest = self._look_for(doubtful)
        late: dict[int, Change] = {
            index: change for index, change in rest.items() if isinstance(change, Create) and self._may_be_made_yet(index)
        }
        if late:
            self._patience.pause(self._patience.pace.late, f"it may still be made: {self._last[min(late)].message}")
            rest = {index: change for index, change in rest.items() if index not in late} | self._look_for(late)
        for index in rest:
            # Now it is known that these have not happened.
            self._last[index] = TransientError(self._last[index].message, self._last[index].advice)
        return rest

    def _look_for_deleted(self, index: int, change: Delete, items: list[RemoteEvent], rest: dict[int, Change]) -> None:
        """Whether the item that ``change`` takes out is still among the ``items`` of its key."""
        same = next((item for item in items if item.item.id == change.before.item.id), None)
        last = self._last[index]
        if same is None and isinstance(last, ConflictError) and not last.gone:
            # Somebody moved it out of sight within these seconds. Taken for deleted, it might never be looked for again.
            self._final[index] = ChangeResult(self._batch[index], error=_VANISHED)
        elif same is None:
            self._done(index, None)
        elif change.reason is Reason.DUPLICATE and same.item != change.before.item:
            # Somebody made it theirs.
            self._final[index] = ChangeResult(self._batch[index], error=_EDITED)
        else:
            rest[index] = Delete(same, change.reason)

    def _look_among(self, index: int, change: Create, items: list[RemoteEvent], snapshot: Snapshot, rest: dict[int, Change]) -> None:
        """What of ``change`` is still to be done, if the ``items`` of its key are not just what it was to make."""
        ours = [item for item in items if self._made_of(item, change, snapshot)]
        if ours:
            rest[index] = Update(ours[0], change.after, change.marker, change.reason)
        elif any(item.marker == Marker.parse(change.marker) and item.created is None for item in items):
            # It was made and edited at once, or a person copied an earlier one: nothing tells, and another one might be a duplicate.
            self._final[index] = ChangeResult(self._batch[index], error=_EDITED)
        else:
            rest[index] = change

    def _made_of(self, item: RemoteEvent, change: Create, snapshot: Snapshot) -> bool:
        """Whether ``item`` is what ``change`` made, or an earlier run for the same lesson, and no copy that a person made of such a one.

        It is as it was written; or it bears the mark of ``change``, appeared since the batch was begun, and somebody edited it already.
        """
        if written(item, (change.after.zone,)):
            return True
        if item.marker != Marker.parse(change.marker) or item.created is None or snapshot.at is None:
            return False
        return (snapshot.at - item.created).total_seconds() < self._clock() - self._began + _CLOCKS_DIFFER

    def _may_be_made_yet(self, index: int) -> bool:
        last = self._last[index]
        return isinstance(last, OutcomeUnknown) and last.unanswered

    def _look_for(self, doubtful: dict[int, Change]) -> dict[int, Change]:
        """Read the calendar around ``doubtful``. Makes final what turns out to be done or gone; gives the rest, in its present form."""
        moments = [moment for change in doubtful.values() for moment in _moments(change)]
        window = Window(min(moments), max(moments) + timedelta(seconds=1))
        snapshot = self._patience.call(lambda: self._backend.snapshot(self._calendar, window))
        there: dict[str, list[RemoteEvent]] = {}
        for item in snapshot.ours:
            there.setdefault(item.marker.key, []).append(item)
        rest: dict[int, Change] = {}
        for index, change in doubtful.items():
            items = there.get(change.key, [])
            unread = next((item for item in snapshot.unreadable if _stands_for(item, change)), None)
            if unread is not None and not items:
                # Somebody changed it, or another one, beyond recognition within these seconds.
                self._final[index] = ChangeResult(self._batch[index], error=_UNREADABLE)
                continue
            if isinstance(change, Delete):
                self._look_for_deleted(index, change, items, rest)
                continue
            if isinstance(change, Update):
                # Beside it there may be a duplicate, which is to be deleted, or a copy that a person made of it.
                items = [item for item in items if item.item.id == change.before.item.id]
            unclear = isinstance(self._last[index], OutcomeUnknown)
            ready = next((item for item in items if unclear and _is_result(item, change)), None)
            if ready is not None:
                self._done(index, ready.item)
            elif isinstance(change, Create):
                self._look_among(index, change, items, snapshot, rest)
            elif items:
                rest[index] = Update(items[0], change.after, change.marker, change.reason)
            else:
                # Deleted, or moved out of sight, within these seconds. To make it anew now could make two of it.
                self._final[index] = ChangeResult(self._batch[index], error=_VANISHED)
        return rest


def _said(errors: Sequence[BackendError | None]) -> BackendError | None:
    """What a request's outcomes say of the service: that it is busy, if any does; that it answers, if one is final."""
    busy = [error for error in errors if isinstance(error, (TransientError, OutcomeUnknown)) and error.busy]
    if busy:
        return max(busy, key=lambda error: error.wait or 0.0)
    return None if not all(isinstance(error, (TransientError, OutcomeUnknown)) for error in errors) else errors[0]


def _is_result(item: RemoteEvent, change: Create | Update) -> bool:
    """Whether ``item`` is what ``change`` was to make: its marker to the letter, its listed fields, and not as it was before.

    The marker alone does not tell: an event that someone edited bears the right one already.
    """
    if isinstance(change, Update) and item.item == change.before.item:
        return False
    return item.marker == Marker.parse(change.marker) and not differences(change.after, item)


def _stands_for(item: RemoteEvent, change: Change) -> bool:
    """Whether ``item``, which is unreadable, may be what ``change`` is about."""
    if isinstance(change, Create):
        return may_be(item, change.after)
    return item.item.id == change.before.item.id if item.item.id else item.marker.key == change.key


def _moments(change: Change) -> list[datetime]:
    if isinstance(change, Create):
        return [change.after.start]
    if isinstance(change, Delete):
        return [change.before.start]
    return [change.before.start, change.after.start]
