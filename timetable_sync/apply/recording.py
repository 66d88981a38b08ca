"""Records each request that writes: the results of the batch before, and an intent where the request creates events.

Both go into one transaction, so that there is one a request. A record waits for the next request of its thread, and no longer: where there
is none at once, or it has to wait, the record goes first.

:func:`renderings` adds how a service shows bodies that it does not show as they were written, so that they are not taken for somebody's
edit night after night.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from timetable_sync import host_clock
from timetable_sync.apply.retry import Retrier
from timetable_sync.calendars.contract import Backend, ChangeResult
from timetable_sync.errors import StateUnusable
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Update
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.planning.body_match import rendering_of
from timetable_sync.state.intents import Entered, Sending
from timetable_sync.state.store import State

#: Seconds. An intent says when its request was sent: one that took longer to be entered (a disk, a lock) is entered again.
_FRESH = 10.0

_TRIES = 3


class Record(Protocol):
    """Where a run's writes are put on record. Called from several threads; what it raises ends the run."""

    def written(self, calendar: Calendar, outcomes: Sequence[ChangeResult], intent: int | None, sending: Sending | None) -> Entered | None:
        """What became of a batch, and what its thread is about to send."""
        ...

    def about_to_send(self, sending: Sending) -> Entered | None:
        """A request is about to be sent."""
        ...


@dataclass(frozen=True, slots=True)
class RunInState:
    """The record of a run, in the state database."""

    state: State
    run: int
    source: str
    mapping: str

    def written(self, calendar: Calendar, outcomes: Sequence[ChangeResult], intent: int | None, sending: Sending | None) -> Entered | None:
        """See the protocol."""
        return self.state.written(self.run, self.source, calendar, outcomes, self.mapping, intent=intent, sending=sending)

    def about_to_send(self, sending: Sending) -> Entered | None:
        """See the protocol."""
        return self.state.about_to_send(self.source, sending)


class Recorder:
    """One thread's. ``clock`` is that of ``Entered.seconds``."""

    def __init__(self, record: Record, *, clock: Callable[[], float] = host_clock.seconds) -> None:
        self._record = record
        self._clock = clock
        self._batch: tuple[Calendar, Sequence[ChangeResult], int | None] | None = None
        self._intent: int | None = None
        self._then: list[Callable[[], None]] = []

    def before(self, calendar: Calendar, changes: Sequence[Change]) -> None:
        """To be called right before ``changes``, of one kind, are sent. Nothing may be sent when it raises."""
        keys = tuple(change.key for change in changes if isinstance(change, Create))
        for _ in range(_TRIES):
            entered = self._store(Sending(calendar, keys, self._intent))
            if entered is None:
                return
            self._intent = entered.id
            if self._clock() - entered.seconds < _FRESH:
                return
        raise StateUnusable(
            f"the state database took longer than {_FRESH:.0f} seconds to keep what is about to be sent, {_TRIES} times",
            "Look at its disk or server.",
        )

    def after(self, calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
        """What became of the batch in the end."""
        self._batch, self._intent = (calendar, outcomes, self._intent), None

    def once_stored(self, then: Callable[[], None]) -> None:
        """``then`` is called once nothing is left to be put on record, or that failed: at once, if so."""
        if self._batch is None:
            then()
        else:
            self._then.append(then)

    def flush(self) -> None:
        """What is not on record yet goes there now."""
        if self._batch is not None:
            self._store(None)

    def _store(self, sending: Sending | None) -> Entered | None:
        (batch, self._batch), (waiting, self._then) = (self._batch, None), (self._then, [])
        try:
            if batch is not None:
                return self._record.written(*batch, sending)
            return self._record.about_to_send(sending) if sending is not None else None
        finally:
            for then in waiting:
                then()


def renderings(backend: Backend, plan: CalendarPlan, outcomes: Iterable[ChangeResult], patience: Retrier) -> Mapping[str, str]:
    """The digests of those bodies of ``plan``, by key, that were put back a moment ago and read just as they did before.

    That is no edit: whoever had made one would have had to make it again since. Reads the bodies that were put back, if there are any.
    Raises what :meth:`Retrier.call` does.
    """
    written = {
        outcome.change.key: (outcome.change.after, outcome.change.before.item)
        for outcome in outcomes
        if outcome.error is None and isinstance(outcome.change, Update) and outcome.change.key in plan.overwritten
    }
    if not written:
        return {}
    bodies = patience.call(lambda: backend.read_bodies(plan.calendar, [item for _, item in written.values()]))
    return {
        key: plan.overwritten[key]
        for key, (event, item) in written.items()
        if item.id in bodies
        and event.body is not None
        and rendering_of(event.body, event.body_kind, bodies[item.id]) == plan.overwritten[key]
    }
