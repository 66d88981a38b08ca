"""Times of day on the days of lessons: read from a row as their column says, and put on a day. Of a row's cells alone.

Without a zone they are in the lesson's. What has a zone is converted to it: a moment as the moment that it is, which on other days than
its own shows the same time of day; a time of day on the lesson's date, be that in summer or in winter. On which day a lesson is, its date
says. A time with a zone that leads to another day contradicts it, and which of the two is meant nobody knows.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from timetable_sync.config.sections.columns import Column
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.columns import article
from timetable_sync.timetable.parse_time import DAY, SECONDS, TimeOfDay, number_in, seconds_of, time_of_day
from timetable_sync.timetable.times import LocalClock, Unreadable


class TimeRefused(Exception):
    """A row whose time cannot be used. ``field`` is the configuration's name of the column, ``kind`` the reason in general.

    ``column`` is the query's, where it is another one than the field's; ``weeks`` are those that the row may be meant for besides.
    """

    def __init__(self, field: str, kind: str, reason: str = "", *, column: str = "", weeks: tuple[str | None, ...] = ()) -> None:
        super().__init__(reason or kind)
        self.field, self.kind, self.reason, self.column, self.weeks = field, kind, reason, column, weeks


class Zoned(NamedTuple):
    """A time of day or a moment, with its zone, and the seconds that are added to it."""

    said: time | datetime
    more: int


#: Seconds after midnight in the lesson's zone, or what has a zone of its own.
Hour = int | Zoned


class HourColumn:
    """Reads one field as a time of day, as its column says. Raises TimetableUnusable for a column that is not there."""

    def __init__(self, field: str, columns: Mapping[str, Column], places: Mapping[str, int], names: Sequence[str]) -> None:
        self._field, self._place = field, places.get(field, 0)
        column = columns.get(field)
        unit = None if column is None else column.unit
        self._each = None if column is None or unit is None else SECONDS.get(unit, int(column.slot.total_seconds()))
        offset = None if column is None else column.offset
        self._minutes = offset if isinstance(offset, int) else 0
        self._offset = place_of(f"timetable.columns.{field}.offset", offset, names) if isinstance(offset, str) else None
        self._offset_column = offset if isinstance(offset, str) else ""

    def of(self, row: Sequence[Any]) -> Hour | None:
        """None for an empty cell. Raises TimeRefused."""
        cell = row[self._place]
        found: TimeOfDay | None
        try:
            if self._each is None:
                found = time_of_day(cell)
            else:
                number = number_in(cell)
                found = None if number is None else int(number * self._each)
        except Unreadable as error:
            raise self._refused(str(error)) from None
        if found is None:
            return None
        more = self._more(row)
        if not isinstance(found, int):
            return Zoned(found, more)
        found += more
        if not -DAY < found <= 2 * DAY:
            raise self._refused(f"{found // 60} minutes is no time of day")
        return found

    def _more(self, row: Sequence[Any]) -> int:
        if self._offset is None:
            return self._minutes * 60
        try:
            return int((number_in(row[self._offset]) or 0) * 60)
        except Unreadable as error:
            raise self._refused(str(error), self._offset_column) from None

    def _refused(self, reason: str, column: str = "") -> TimeRefused:
        return TimeRefused(self._field, f"with {article(self._field)} that cannot be read", reason, column=column)


def start_on(clock: LocalClock, day: int, hour: Hour, days: Sequence[int], *, dated: bool) -> int:
    """The moment at which the lesson of ``day``, one of the row's ``days``, starts. Raises TimeRefused.

    ``dated`` says that these come of a date: then a moment of the day before or after contradicts it.
    """
    start, _ = _on("start", clock, day, hour, days, dated=dated)
    if isinstance(hour, Zoned) and _days_off(clock, day, hour, start):
        raise _elsewhere("start", clock, day, hour, start)
    return start


def end_on(clock: LocalClock, day: int, hour: Hour, days: Sequence[int], start: int, *, dated: bool, overnight: str, later: bool) -> int:
    """The moment at which a lesson ends that begins at ``start``, on ``day`` or before. Raises TimeRefused.

    ``overnight`` is that of the column; ``later`` says that the row names the day itself, so that no other one is meant.
    """
    end, again = _on("end", clock, day, hour, days, dated=dated)
    if end <= start and again is not None:
        end = again
    own_day = isinstance(hour, Zoned) and isinstance(hour.said, time)
    off = _days_off(clock, day, hour, end) if isinstance(hour, Zoned) else 0
    if off and own_day and isinstance(hour, Zoned):
        if later:
            raise _elsewhere("end", clock, day, hour, end)
        # Of both days the one that has it end after its start, the lesson's own before the one after.
        if off < 0 or end - off * DAY > start:
            end, off = end - off * DAY, 0
    if end <= start and not off and not later and overnight != "no":
        seconds = seconds_of(clock.local(end))
        if overnight == "any" or not seconds:
            return end + DAY if own_day else clock.at(day + 1, seconds)[0]
    return end


def _on(field: str, clock: LocalClock, day: int, hour: Hour, days: Sequence[int], *, dated: bool) -> tuple[int, int | None]:
    """The moment on a day, and its second pass if it has one."""
    try:
        if isinstance(hour, int):
            return clock.at(day, hour)
        said, more = hour
        if isinstance(said, time):
            return clock.stamp(datetime.combine(date.fromordinal(day), said)) + more, None
        moment = clock.stamp(said)
        there = clock.local(moment)
        if abs(there.toordinal() - day) <= dated:
            return moment + more, None
        # A lesson that is on another day as well is there at the same time; of a day that is none of its own nobody knows what it says of
        # summer and winter: an hour that was kept as one of 1970 is that of the clock there, or that of the zone it was written in.
        if there.toordinal() not in days:
            here = clock.local(clock.stamp(datetime.combine(date.fromordinal(day), said.astimezone(UTC).timetz())))
            if seconds_of(here) != seconds_of(there):
                raise Unreadable(
                    f"{said} is {there:%H:%M} in {clock.name} on its own day, and {here:%H:%M} on {here:%Y-%m-%d}; "
                    "let the query give a time without a zone"
                )
        return clock.at(day, seconds_of(there) + more)
    except Unreadable as error:
        raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error)) from None


def _days_off(clock: LocalClock, day: int, hour: Zoned, moment: int) -> int:
    return clock.local(moment - hour.more).toordinal() - day


def _elsewhere(field: str, clock: LocalClock, day: int, hour: Zoned, moment: int) -> TimeRefused:
    return TimeRefused(
        field,
        f"with {article(field)} that cannot be read",
        f"{hour.said} is {clock.local(moment - hour.more):%Y-%m-%d %H:%M} in {clock.name}, but the lesson's day is "
        f"{date.fromordinal(day)}; let the query give both in one zone",
        weeks=(None,),
    )
