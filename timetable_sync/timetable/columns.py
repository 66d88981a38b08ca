"""Which place in a row each field of the configuration has, and what a row's cells say. One row at a time; merges nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.key import OWN, iso_week
from timetable_sync.model.unsettled import Unsettled
from timetable_sync.settings.schema import Column, Timetable
from timetable_sync.timetable.cell_text import cell_text
from timetable_sync.timetable.names import nearest
from timetable_sync.timetable.times import Clock, Unreadable, read_duration, read_moment

_YES = frozenset({"1", "true", "t", "y", "yes"})
#: What identifies is never taken for markup.
_NAMES = frozenset({"key", "activity", "period", "calendar"})


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One good row. ``start`` and ``end`` in UTC; ``texts`` and ``sets`` by field, what is empty left out."""

    period: str
    activity: str
    start: datetime
    end: datetime
    cancelled: bool
    calendars: tuple[str, ...]
    texts: Mapping[str, str]
    sets: Mapping[str, tuple[str, ...]]


class RowRefused(Exception):
    """A row that cannot be used: which column, why in general, why here, and how far it reaches."""

    def __init__(self, column: str, kind: str, reason: str, about: str, unsettled: Unsettled, calendars: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.column, self.kind, self.reason, self.about, self.unsettled = column, kind, reason, about, unsettled
        self.calendars = calendars


class Columns:
    """Reads rows. Raises TimetableUnusable where the configuration names a column that the query does not give."""

    def __init__(self, timetable: Timetable, names: Sequence[str], clock: Clock) -> None:
        self._timetable = timetable
        self._clock = clock
        places = {name.casefold(): place for place, name in reversed(list(enumerate(names)))}
        self._places: dict[str, int] = {}
        for field, column in timetable.columns.items():
            place = places.get(column.column.casefold())
            if place is None:
                raise TimetableUnusable(
                    f'timetable.columns.{field} names the column "{column.column}", which the query does not give'
                    f"{nearest(column.column, list(names))}",
                    "Mend the name, or add the column to timetable.query.",
                )
            self._places[field] = place
        self._own = "key" in timetable.columns
        self._identity = "key" if self._own else "activity"
        special = {"start", "end", "duration", "cancelled", "calendar", self._identity, "period"}
        self.texts = [name for name, column in timetable.columns.items() if name not in special and not _is_set(name, column)]
        self.sets = [name for name, column in timetable.columns.items() if name not in special and _is_set(name, column)]

    def read(self, row: Sequence[Any]) -> MeetingRow:
        """The row's meaning. Raises RowRefused."""
        period = (self._text(row, "period") if "period" in self._places else None) or self._timetable.period
        activity = self._text(row, self._identity)
        calendars = self._values(row, "calendar")
        about = " ".join(part for part in (activity, self._text(row, "title")) if part)[:120]
        week: str | None = None

        def refused(column: str, kind: str, reason: str = "") -> RowRefused:
            reach = Unsettled(None, period, activity, OWN if self._own and activity else week)
            return RowRefused(self._timetable.columns[column].column, kind, reason or kind, about, reach, calendars)

        if activity is None:
            raise refused(self._identity, f"no {self._identity}")
        try:
            start_cell = read_moment(row[self._places["start"]])
            if start_cell is None:
                raise refused("start", "no start")
            start = self._clock.start(start_cell)
        except Unreadable as error:
            raise refused("start", "an unreadable start", str(error)) from None
        week = iso_week(self._clock.local(start).date())
        column = "end" if "end" in self._places else "duration"
        try:
            end = self._end(row, start_cell, start)
        except Unreadable as error:
            raise refused(column, f"an unreadable {column}", str(error)) from None
        except OverflowError:
            raise refused(column, f"an unreadable {column}", "it ends beyond any calendar") from None
        if end is None:
            raise refused(column, f"no {column}")
        if end <= start:
            raise refused(column, "no length" if end == start else "ends before it starts")
        if not calendars:
            raise refused("calendar", "no calendar")
        texts = {name: text for name in self.texts if (text := self._text(row, name)) is not None}
        if "title" not in texts:
            raise refused("title", "no title")
        sets = {name: self._values(row, name) for name in self.sets}
        return MeetingRow(period, activity, start, end, self._cancelled(row), calendars, texts, sets)

    def _end(self, row: Sequence[Any], local: datetime, start: datetime) -> datetime | None:
        if "end" in self._places:
            moment = read_moment(row[self._places["end"]])
            if moment is not None or "duration" not in self._places:
                return None if moment is None else self._clock.end(moment, start)
        length = read_duration(row[self._places["duration"]], self._timetable.columns["duration"].unit)
        # A lesson lasts as long as it lasts, also over a clock change: the length is added on the line of time.
        return None if length is None else start + length

    def _text(self, row: Sequence[Any], field: str) -> str | None:
        return cell_text(row[self._places[field]], prose=field not in _NAMES)

    def _values(self, row: Sequence[Any], field: str) -> tuple[str, ...]:
        cell, split = row[self._places[field]], self._timetable.columns[field].split
        if isinstance(cell, (list, tuple)):  # an array column
            parts: Sequence[object] = cell
        elif split and cell is not None:
            parts = str(cell).split(split)
        else:
            parts = (cell,)
        return tuple(sorted({text for part in parts if (text := cell_text(part, prose=field not in _NAMES)) is not None}))

    def _cancelled(self, row: Sequence[Any]) -> bool:
        column = self._timetable.columns.get("cancelled")
        if column is None:
            return False
        text = cell_text(row[self._places["cancelled"]])
        if text is None:
            return False
        if column.values is None:
            return text.casefold() in _YES
        return text.casefold() in {str(value).casefold() for value in column.values}


def _is_set(name: str, column: Column) -> bool:
    return column.many or column.split is not None
