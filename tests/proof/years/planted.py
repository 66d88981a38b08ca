"""Bugs that peers of this program have had, each to be planted into it: the machine has to find them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy.exc import SQLAlchemyError

from tests.proof.years.memory_world import WatchedBackend, WatchedStore
from timetable_sync.calendars.contract import NOT_AHEAD, ChangeResult
from timetable_sync.calendars.memory.store import MemoryItem
from timetable_sync.config.sections.safety import Limit
from timetable_sync.errors import OutcomeUnknown
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.model.window import Window
from timetable_sync.planning import compare
from timetable_sync.timetable.source import Rows


class RepeatsCreates(WatchedBackend):
    """A create that was answered 503 is sent again at once, as a client library's own retries do; but it had worked."""

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        outcomes = super().apply(calendar, changes)
        if isinstance(changes[0], Create) and any(isinstance(outcome.error, OutcomeUnknown) for outcome in outcomes):
            return super().apply(calendar, changes)
        return outcomes


class KnowsEventsByTheirTime(WatchedBackend):
    """An event is recognised by calendar and start: an appointment at the time of one that somebody deleted is taken for ours.

    Drift is then put right in somebody else's appointment.
    """

    def __init__(self, store: WatchedStore) -> None:
        super().__init__(store)
        self._markers: dict[tuple[str, datetime], str] = {}
        self._looking = False

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = NOT_AHEAD) -> Snapshot:
        self._looking = True
        try:
            return super().snapshot(calendar, window, ahead)
        finally:
            self._looking = False

    def _items(self, calendar: Calendar) -> list[MemoryItem]:
        items = super()._items(calendar)
        if not self._looking:
            return items
        ours = {item.marker for item in items}
        self._markers |= {(calendar.address, item.start): item.marker for item in items if item.marker}
        return [
            replace(item, marker=marker)
            if item.marker is None and (marker := self._markers.get((calendar.address, item.start))) not in ours
            else item
            for item in items
        ]


@contextmanager
def known_by_its_time() -> Iterator[None]:
    """The record is taken for that of whatever stands at its time: else what does not show what its mark says would be a person's copy."""
    with patch.object(compare, "is_known", lambda item, known: known is not None and known.start == item.start):
        yield


@contextmanager
def takes_what_it_has_for_all() -> Iterator[None]:
    """A query that breaks off is taken for one that is over: what was not read is missing from the timetable, and is deleted."""

    def batches(rows: Any) -> Iterator[Sequence[Sequence[Any]]]:
        try:
            for row in rows._result:
                yield [row]
        except SQLAlchemyError:
            return

    with patch.object(Rows, "batches", batches):
        yield


@contextmanager
def window_one_too_long() -> Iterator[None]:
    """The window's end belongs to it on the calendars' side, and not on the timetable's: what starts there is deleted."""
    with patch.object(Window, "holds", lambda window, start: window.start <= start <= window.end):
        yield


@contextmanager
def guard_off_under_ten() -> Iterator[None]:
    """A share of a small number says little, so limits do not hold calendars with less than ten events."""
    allowed = Limit.allowed
    with patch.object(Limit, "allowed", lambda limit, of: of if of < 10 else allowed(limit, of)):
        yield


@dataclass(frozen=True, slots=True)
class Bug:
    """One of them: how it is planted, and words of what the machine has to say when it finds it.

    ``rules`` are those of the machine's that its histories are made of: a test has no time for all of them.
    """

    name: str
    says: str
    rules: frozenset[str]
    backend: Callable[[WatchedStore], WatchedBackend] = WatchedBackend
    plant: Callable[[], AbstractContextManager[None]] = nullcontext


BUGS = (
    Bug(
        "a create repeated after a 503 that had worked",
        "a duplicate was made",
        frozenset({"lessons_are_added", "a_night", "a_night_with_a_mishap", "the_ledger_is_lost"}),
        backend=RepeatsCreates,
    ),
    Bug(
        "a delete after a partial reading",
        "an event of the timetable was deleted",
        frozenset({"lessons_are_added", "a_lesson_is_moved", "a_night", "a_night_whose_timetable_breaks_off"}),
        plant=takes_what_it_has_for_all,
    ),
    Bug(
        "the window's edge off by one",
        "an event outside the window was touched",
        frozenset({"lessons_are_added", "someone_moves_an_event_to_the_windows_edge", "the_window_is_changed", "a_night"}),
        plant=window_one_too_long,
    ),
    Bug(
        "drift overwriting a foreign event",
        "a foreign event was touched",
        frozenset(
            {"someone_makes_an_appointment_at_an_events_time", "someone_makes_an_appointment", "someone_deletes_an_event", "a_night"}
        ),
        backend=KnowsEventsByTheirTime,
        plant=known_by_its_time,
    ),
    Bug(
        "a guard that is off under ten events",
        "may be",
        frozenset(
            {"several_lessons_are_taken_out", "a_lesson_is_taken_out", "a_calendar_leaves", "guards_and_stamps_are_changed", "a_night"}
        ),
        plant=guard_off_under_ten,
    ),
)
