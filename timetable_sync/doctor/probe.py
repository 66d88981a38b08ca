"""A probe event in one calendar: created, found, changed, found changed, deleted, and nothing left. Sends mail to nobody.

Its marker bears a source of its own, so no run takes it for its own, and none touches it; what an earlier probe left when it was killed,
the next one in that calendar removes.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from timetable_sync.apply.retry import Attempts, Retrier, RunInterrupted
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import BackendError, CalendarError, OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event
from timetable_sync.model.key import EventKey, source_prefix
from timetable_sync.model.marker import Marker
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.model.window import Window

SOURCE = "timetable-sync-doctor"

#: Where probes lie: in so many days, for a quarter of an hour. Looked for on either side too.
_AHEAD, _LONG, _AROUND = timedelta(days=1), timedelta(minutes=15), timedelta(days=3)

#: So far back earlier ones are looked for: it may be a year until somebody tries the next.
_BACK = timedelta(days=400)

_TRIES = 5


class ProbeFailed(Exception):
    """A step that went wrong, in words; ``error`` is what the service said, None where it did other than it said."""

    def __init__(self, step: str, error: BackendError | None = None) -> None:
        super().__init__(step)
        self.error = error


def probe(backend: Backend, calendar: Calendar, zone: str, now: datetime, patience: Retrier) -> int:
    """Try it; gives how many events an earlier probe had left. ``now`` is aware. Raises ProbeFailed, ServiceError and RunInterrupted.

    Whatever goes wrong, what was made is deleted again, if the service lets it be.
    """
    until = now + _AHEAD + _AROUND
    left = _Trial(backend, calendar, Window(now - _BACK, until), patience).clear()
    trial = _Trial(backend, calendar, Window(now - _AROUND, until), patience)
    start = (now + _AHEAD).replace(minute=0, second=0, microsecond=0)
    key = EventKey(SOURCE, "probe", f"{now:%Y%m%dT%H%M%S%f}", "own", 1).text()
    first = Event(key, start, start + _LONG, zone, "timetable-sync: a probe, gone in a moment", busy=Busy.FREE)
    second = Event(key, start, start + 2 * _LONG, zone, "timetable-sync: a probe, changed, gone in a moment", busy=Busy.FREE)
    try:
        trial.carry_out("created", lambda: Create(first, _marker(first), Reason.TIMETABLE))
        standing = trial.found(first, "found after it was created, by its marker")
        trial.carry_out("changed", lambda: Update(standing, second, _marker(second), Reason.TIMETABLE))
        standing = trial.found(second, "found changed")
        trial.carry_out("deleted", lambda: Delete(standing, Reason.LEFT))
        if any(trial.ours()):
            raise ProbeFailed("the probe event was deleted, and is still there")
    except BaseException as error:
        try:
            trial.clear()
        except (BackendError, RunInterrupted, ProbeFailed):
            raise ProbeFailed(f"{error}; and what was made of it could not be removed: the next probe removes it") from None
        raise
    return left


class _Trial:
    def __init__(self, backend: Backend, calendar: Calendar, window: Window, patience: Retrier) -> None:
        self._backend = backend
        self._calendar = calendar
        self._window = window
        self._patience = patience

    def ours(self) -> Iterator[RemoteEvent]:
        """The probes that stand there now."""
        snapshot = self._patience.call(lambda: self._backend.snapshot(self._calendar, self._window))
        return (standing for standing in snapshot.ours if standing.marker.key.startswith(source_prefix(SOURCE)))

    def clear(self) -> int:
        """Delete all probes; gives how many there were."""
        gone = list(self.ours())
        for standing in gone:
            self.carry_out("removed", partial(Delete, standing, Reason.LEFT))
        return len(gone)

    def found(self, event: Event, what: str) -> RemoteEvent:
        """The probe as it stands; raises ProbeFailed where it does not, or otherwise than ``event``."""
        standing = next((one for one in self.ours() if one.marker.key == event.key), None)
        if standing is None:
            raise ProbeFailed(f"the probe event could not be {what}")
        if (standing.start, standing.end, standing.subject) != (event.start, event.end, event.subject):
            raise ProbeFailed(f"the probe event could not be {what}: it stands there otherwise than it was written")
        if standing.marker.fingerprint != event.fingerprint():
            raise ProbeFailed(f"the probe event could not be {what}: its marker is not the one that was written")
        return standing

    def carry_out(self, step: str, change: Callable[[], Change]) -> None:
        """One change, tried again while its error passes. What may have happened is for the next look to find out."""
        for tried in range(1, _TRIES + 1):
            self._patience.ready()
            (outcome,) = self._backend.apply(self._calendar, [change()])
            if outcome.error is None or isinstance(outcome.error, OutcomeUnknown):
                return
            if not isinstance(outcome.error, TransientError) or tried == _TRIES:
                raise ProbeFailed(f"the probe event could not be {step}", outcome.error)
            try:
                self._patience.after(outcome.error, Attempts())
            except CalendarError as error:
                raise ProbeFailed(f"the probe event could not be {step}", error) from None


def _marker(event: Event) -> str:
    return Marker("aaaaaa", event.fingerprint(), event.key).text()
