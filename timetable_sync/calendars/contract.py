"""The contract of calendar services: what every backend promises, and what it needs of whoever fetches tokens.

``tests/calendars/contract.py`` holds each promise against each backend. A backend owns its protocol, its addressing and the judgement of
its errors; the core knows none of them. It waits for nothing and repeats nothing by itself, but for one renewal of a refused token: how
long to wait and what to try again is decided in ``apply``, which alone knows the deadline and whether we are asked to stop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.last_full_read import CTag
from timetable_sync.model.snapshot import ItemRef, Snapshot
from timetable_sync.model.window import Window


class TokenSource(Protocol):
    """Gives bearer tokens. Safe to use from several threads."""

    def token(self) -> str:
        """A token that is good now. Raises :class:`~timetable_sync.errors.TimetableSyncError` where none is to be had."""
        ...

    def invalidate(self, refused: str) -> None:
        """The service refused this token: the next :meth:`token` is another one, unless it has been renewed meanwhile."""
        ...


NOT_AHEAD = timedelta(0)

SENT_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What became of one change.

    Done where ``error`` is None; then ``item`` names the item as it now stands (None after a delete). Otherwise the class
    of ``error`` says what is known: :class:`~timetable_sync.errors.OutcomeUnknown` - it may have happened;
    :class:`~timetable_sync.errors.TransientError` - it has not, and may be tried again; ``ConflictError``, ``EventRejected``,
    ``CalendarError``, ``ServiceError`` - it has not, and their docstrings say what that means.
    """

    change: Change
    item: ItemRef | None = None
    error: BackendError | None = None


class Backend(Protocol):
    """A kind of calendar service, open for one run. Safe to use from several threads, one thread a calendar."""

    #: How many changes a single request carries at most.
    batch: int

    #: So long after a request was begun the service may still be at work on it: nothing that it asked for comes later.
    longest_request: timedelta

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = NOT_AHEAD) -> Snapshot:
        """Everything of ours that starts within ``window``: complete, or it raises a BackendError.

        ``ahead`` is how far to look beyond its end for where the next of ours starts. Its ``at`` is never later than when the service
        began to look, by its clock.
        """
        ...

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        """The bodies as plain text, with where links lead, by item id; empty for one that the service refuses for a reason that lasts.

        An item that is gone is left out; any other failure raises.
        """
        ...

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        """Carry out at most ``batch`` changes of one kind; one outcome a change, in order.

        Never raises for what a server says or does not say, and so never swallows an outcome. Sends mail to nobody,
        moves deleted events to Deleted Items, writes the owned fields and the marker only. Begins to send within ``SENT_WITHIN``
        of being called, or not at all: what allowed it then may be over (the lease, an intent).
        """
        ...

    def stamp(self, calendar: Calendar) -> CTag | None:
        """A cheap sign that is equal as long as nothing changed in the calendar, and the folder that its address leads to.

        None where the service gives neither. Two addresses that lead to one folder are given the same id for it, whatever their form.
        """
        ...

    def close(self) -> None:
        """Give back connections. May be called twice."""
        ...
