"""Rows that are more than one dated meeting: week patterns, days and times apart, zones, maps, and keys for child queries.

What a plain dated row needs, ``columns`` does, and quicker.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.model.key import OWN
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.columns import PART, Columns, MeetingRow, RowRefused, StoredRow, article, head_of, rest_of
from timetable_sync.timetable.row_times import When
from timetable_sync.timetable.time_columns import TimeRefused
from timetable_sync.timetable.times import LocalClock
from timetable_sync.timetable.values import name_in, written
from timetable_sync.timetable.week_patterns import Weekly

_PLAIN = frozenset({"start", "end", "duration"})
_SPECIAL = frozenset({"date", "end_date", "weekday", "weeks", "year", "begins", "all_day", "zone"})


def is_plain(timetable: Timetable) -> bool:
    """Whether every row is one meeting with its dates, read from its own cells."""
    columns = timetable.columns
    if timetable.children or _SPECIAL & columns.keys() or any(column.map for column in columns.values()):
        return False
    return all(
        column.offset is None and column.overnight == "no" and (name == "duration" or column.unit is None) and column.unit != "slots"
        for name, column in columns.items()
        if name in _PLAIN
    )


class Meetings(Columns):
    """Reads rows of any shape. Raises TimetableUnusable where the configuration names a column that the query does not give."""

    def __init__(
        self, timetable: Timetable, names: Sequence[str], clock: LocalClock, weekly: Weekly | None, *, calendar_may_lack: bool = False
    ) -> None:
        super().__init__(timetable, names, clock, calendar_may_lack=calendar_may_lack)
        self._when = When(timetable, self._places, names, clock, weekly)
        self._zoned = "zone" in timetable.columns
        self._keys = [
            (where, [place_of(where, column, names) for column in query.parent or query.key])
            for child, query in timetable.children.items()
            for where in (f"timetable.children.{child}.{'parent' if query.parent else 'key'}",)
        ]

    def read_all(self, number: int, row: Sequence[Any]) -> list[MeetingRow]:
        """All meetings of the row. Raises RowRefused."""
        period, activity, spans, rest = self._read_row(number, row)
        return [(period, activity, week, start, end, number, *rest) for week, start, end in spans]

    def stored_batch(self, first: int, batch: Sequence[Sequence[Any]]) -> list[StoredRow] | None:
        """As :class:`Columns` has it: what the meetings of a row have in common is put together once."""
        found: list[StoredRow] = []
        try:
            for number, row in enumerate(batch, first):
                period, activity, spans, (cancelled, *texts) = self._read_row(number, row)
                head, rest = head_of(period, activity, ""), rest_of(cancelled=bool(cancelled), texts=texts)
                found += [(head + week, start, end, number, rest) for week, start, end in spans]
        except RowRefused:
            return None
        return found

    def _read_row(self, number: int, row: Sequence[Any]) -> tuple[str, str, list[tuple[str, int, int]], tuple[Any, ...]]:
        """Period, activity, each meeting's week, start and end, and what a :data:`MeetingRow` has behind its number."""
        wide = (*row, None, *[said.get(name_in(row[place]) or "", row[place]) for place, said in self._maps])
        activity = self._activity_texts.of(wide[self._identity])
        if not activity:
            raise self._refused(number, wide, self._identity_field, f"without {article(self._identity_field)}")
        try:
            spans = self._when.spans(wide)
        except TimeRefused as error:
            weeks = () if self.own_ids else error.weeks
            raise self._refused(number, wide, error.field, error.kind, error.reason, weeks, error.column) from None
        calendars = self._calendar_texts.of(wide[self._calendar])
        if not calendars and not self._calendar_may_lack:
            raise self._refused(number, wide, "calendar", "without a calendar")
        rest = (
            0 if self._cancelled is None else int(self._says_yes(wide[self._cancelled])),
            calendars,
            *self._texts(wide),
            *([spans[0][0].name if spans else ""] if self._zoned else ()),
            *[key_text(row, places, where) for where, places in self._keys],
        )
        meetings = [(OWN if self.own_ids else clock.week(start), start, end) for clock, start, end in spans]
        return self._period_of(wide), activity, meetings, rest

    def _texts(self, row: Sequence[Any]) -> list[str]:
        if self._zoned and any(isinstance(cell, (datetime, list)) for cell in row):
            clock = self._when.clock_or_own(row)
            row = [_as_text(cell, clock) for cell in row]
        return super()._texts(row)

    def _known(self, row: Sequence[Any]) -> tuple[LocalClock, int | None]:
        return self._when.known_start(row)


def _as_text(cell: object, clock: LocalClock) -> object:
    """``cell``; moments in the zone of ``clock``, and as texts, which nobody converts once more."""
    if isinstance(cell, list):
        return [_as_text(one, clock) for one in cell]
    return written(clock.here(cell)) if isinstance(cell, datetime) else cell


def key_text(row: Sequence[Any], places: Sequence[int], where: str) -> str:
    """What joins a row to those of another query: its cells' names; "" where one of them is empty. ``where`` names its columns."""
    if len(places) == 1:
        return name_in(row[places[0]], where) or ""
    parts = [name_in(row[place], where) or "" for place in places]
    return PART.join(parts) if all(parts) else ""
