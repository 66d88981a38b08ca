"""When a row's lessons are: one moment, a day with times, or the days of a week pattern; whole days; ends after midnight.

Of a row's cells alone, and of the axis; merges nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from timetable_sync.settings.sections.column import Column
from timetable_sync.settings.sections.timetable import Timetable
from timetable_sync.timetable.cells import name_in, yes_or_no
from timetable_sync.timetable.columns import article
from timetable_sync.timetable.daytimes import DAY, SECONDS, day_in, number_in, time_of_day, whole_in
from timetable_sync.timetable.patterns import Patterns
from timetable_sync.timetable.places import place_of
from timetable_sync.timetable.times import Clock, Unreadable, duration
from timetable_sync.timetable.weekdays import Weekdays
from timetable_sync.timetable.weekly import Weekly

Span = tuple[Clock, int, int]


class TimeRefused(Exception):
    """A row whose time cannot be used. ``field`` is the configuration's name of the column, ``kind`` the reason in general."""

    def __init__(self, field: str, kind: str, reason: str = "") -> None:
        super().__init__(reason or kind)
        self.field, self.kind, self.reason = field, kind, reason


class When:
    """``places`` are those of the configured fields in a row; ``names`` those of the query's columns. ``weekly`` as the timetable has it.

    Raises TimetableUnusable for a column that is not there.
    """

    def __init__(self, timetable: Timetable, places: Mapping[str, int], names: Sequence[str], clock: Clock, weekly: Weekly | None) -> None:
        columns = timetable.columns
        self._clock = clock
        self._places = dict(places)
        self._start = _TimeOfDay("start", columns, places, names)
        self._end = _TimeOfDay("end", columns, places, names)
        self._overnight = columns["end"].overnight if "end" in columns else "no"
        self._length = columns.get("duration")
        self._whole = yes_or_no(columns["all_day"].values if "all_day" in columns else None)
        self._days = _Days(timetable, places, names, weekly) if "weeks" in columns and weekly is not None else None
        self._always_whole = "start" not in columns

    def spans(self, row: Sequence[Any]) -> list[Span]:
        """The clock, start and end of each lesson. Raises TimeRefused."""
        clock = self._clock_of(row)
        whole = self._always_whole or ("all_day" in self._places and self._whole(row[self._places["all_day"]]))
        if self._days is not None:
            days = self._days.of(row)
        elif "date" in self._places:
            days = [self._day("date", row)]
        elif whole:
            days = [self._day("start", row)]
        else:
            return [self._of_moments(row, clock)]
        if whole:
            return [self._of_whole_days(row, clock, day) for day in days]
        start, end = self._within_the_day(row)
        after = 0 if end is None or "end_date" not in self._places else (self._day("end_date", row, days[0] if days else 0) - days[0]) * DAY
        length = self._length_of(row) if end is None else 0
        return [_span(clock, day, start, None if end is None else end + after, length) for day in days]

    def first_day(self, row: Sequence[Any]) -> int | None:
        """The moment that a row which cannot be used would have begun at, or its day; None where nobody knows."""
        if self._days is not None:
            return None
        try:
            if "date" in self._places:
                return self._clock.at(self._day("date", row), 0)[0]
            return self._clock.start(row[self._places["start"]])
        except (TimeRefused, Unreadable):
            return None

    def _of_moments(self, row: Sequence[Any], clock: Clock) -> Span:
        try:
            start = clock.start(row[self._places["start"]])
        except Unreadable as error:
            raise TimeRefused("start", "with a start that cannot be read", str(error)) from None
        if start is None:
            raise TimeRefused("start", "without a start")
        end = None
        if "end" in self._places:
            try:
                end = clock.end(row[self._places["end"]], start)
            except Unreadable as error:
                raise TimeRefused("end", "with an end that cannot be read", str(error)) from None
        if end is None:
            return _checked(clock, start, clock.after(start, self._length_of(row)))
        if end <= start and self._overnight != "no":
            begin, finish = clock.local(start), clock.local(end)
            seconds = finish.hour * 3600 + finish.minute * 60 + finish.second
            if begin.date() == finish.date() and (self._overnight == "any" or not seconds):
                end = clock.at(finish.toordinal() + 1, seconds)[0]
        return _checked(clock, start, end)

    def _within_the_day(self, row: Sequence[Any]) -> tuple[int, int | None]:
        """Start and end in seconds after midnight; None for an end that is not given."""
        start = self._start.of(row)
        if start is None:
            raise TimeRefused("start", "without a start")
        end = self._end.of(row) if "end" in self._places else None
        later = "end_date" in self._places and day_of(row[self._places["end_date"]]) is not None
        if end is not None and end <= start and not later and (self._overnight == "any" or (self._overnight == "midnight" and not end)):
            end += DAY
        return start, end

    def _length_of(self, row: Sequence[Any]) -> int:
        if self._length is None:
            raise TimeRefused("end", "without an end")
        cell = row[self._places["duration"]]
        try:
            if self._length.unit == "slots":
                slots = number_in(cell)
                length = None if slots is None else int(slots * int(self._length.slot.total_seconds()))
            else:
                length = duration(cell, self._length.unit or "minutes")
        except Unreadable as error:
            raise TimeRefused("duration", "with a duration that cannot be read", str(error)) from None
        if length is None:
            raise TimeRefused("duration", "without a duration")
        return length

    def _of_whole_days(self, row: Sequence[Any], clock: Clock, day: int) -> Span:
        last = day
        if "end_date" in self._places:
            last = self._day("end_date", row, day)
        elif "end" in self._places and self._days is None and "date" not in self._places:
            cell = row[self._places["end"]]
            last = self._day("end", row, day)
            # A moment at midnight is where the last day ends; a day is the last day itself.
            if last > day and _has_time(cell) and time_of_day(cell) == 0:
                last -= 1
        return _checked(clock, clock.at(day, 0)[0], clock.at(last + 1, 0)[0], "end" if "end" in self._places else "end_date")

    def _day(self, field: str, row: Sequence[Any], otherwise: int | None = None) -> int:
        try:
            found = day_in(row[self._places[field]])
        except Unreadable as error:
            raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error)) from None
        if found is None:
            found = otherwise
        if found is None:
            raise TimeRefused(field, f"without {article(field)}")
        return found

    def _clock_of(self, row: Sequence[Any]) -> Clock:
        if "zone" not in self._places or (name := name_in(row[self._places["zone"]])) is None:
            return self._clock
        try:
            return self._clock.elsewhere(name)
        except Unreadable as error:
            raise TimeRefused("zone", "with a zone that is none", str(error)) from None


class _TimeOfDay:
    """Reads one field as a time of day, as its column says."""

    def __init__(self, field: str, columns: Mapping[str, Column], places: Mapping[str, int], names: Sequence[str]) -> None:
        self._field, self._place = field, places.get(field, 0)
        column = columns.get(field)
        unit = None if column is None else column.unit
        self._each = None if column is None or unit is None else SECONDS.get(unit, int(column.slot.total_seconds()))
        offset = None if column is None else column.offset
        self._minutes = offset if isinstance(offset, int) else 0
        self._offset = place_of(f"timetable.columns.{field}.offset", offset, names) if isinstance(offset, str) else None

    def of(self, row: Sequence[Any]) -> int | None:
        """Seconds after midnight; None for an empty cell. Raises TimeRefused."""
        cell = row[self._place]
        try:
            if self._each is None:
                found = time_of_day(cell)
            else:
                number = number_in(cell)
                found = None if number is None else int(number * self._each)
            if found is None:
                return None
            minutes = self._minutes if self._offset is None else number_in(row[self._offset]) or 0
            found += int(minutes * 60)
        except Unreadable as error:
            raise TimeRefused(self._field, f"with {article(self._field)} that cannot be read", str(error)) from None
        if not -DAY < found <= 2 * DAY:
            raise TimeRefused(self._field, f"with {article(self._field)} that cannot be read", f"{found // 60} minutes is no time of day")
        return found


class _Days:
    """Reads the days of a week pattern."""

    def __init__(self, timetable: Timetable, places: Mapping[str, int], names: Sequence[str], weekly: Weekly) -> None:
        columns = timetable.columns
        self._places, self._axis = places, weekly.axis
        self._patterns: Patterns = weekly.patterns
        self._by_day = self._patterns.form == "days"
        self._weekdays = Weekdays(columns["weekday"]) if "weekday" in columns else None
        offset = weekly.settings.offset
        self._less = offset if isinstance(offset, int) else 0
        self._offset = place_of("timetable.weeks.offset", offset, names) if isinstance(offset, str) else None

    def of(self, row: Sequence[Any]) -> list[int]:
        """In order. Raises TimeRefused."""
        weeks = _read("weeks", self._patterns.weeks, row[self._places["weeks"]])
        if weeks is None:
            raise TimeRefused("weeks", "without weeks")
        weekdays: tuple[int, ...] | None = None
        if self._weekdays is not None:
            weekdays = _read("weekday", self._weekdays.days, row[self._places["weekday"]])
            if not weekdays:
                raise TimeRefused("weekday", "without a weekday")
        year = _read("year", whole_in, row[self._places["year"]]) if "year" in self._places else None
        try:
            if self._by_day:
                begin = self._beginning(row, year)
                return [begin + place for place in weeks if weekdays is None or (begin + place - 1) % 7 in weekdays]
            if self._axis is None or weekdays is None:
                return []
            return sorted({self._axis.place(week, weekday, year) for week in weeks for weekday in weekdays})
        except Unreadable as error:
            raise TimeRefused("weeks", "with a week that is not on the axis", str(error)) from None

    def _beginning(self, row: Sequence[Any], year: int | None) -> int:
        begin = _read("begins", day_in, row[self._places["begins"]]) if "begins" in self._places else None
        if begin is None:
            if self._axis is None:
                raise TimeRefused("begins", f"without {article('begins')}")
            begin = self._axis.first(year)
        less = self._less if self._offset is None else _read("weeks", whole_in, row[self._offset]) or 0
        return begin - less


def _read(field: str, read: Any, cell: object) -> Any:
    try:
        return read(cell)
    except Unreadable as error:
        raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error)) from None


def _span(clock: Clock, day: int, start: int, end: int | None, length: int) -> Span:
    first, _ = clock.at(day, start)
    if end is None:
        return _checked(clock, first, clock.after(first, length), "duration")
    once, again = clock.at(day, end)
    return _checked(clock, first, again if once <= first and again is not None else once)


def _checked(clock: Clock, start: int, end: int, field: str = "end") -> Span:
    if end <= start:
        raise TimeRefused(field, "of no length" if end == start else "end before start")
    return clock, start, end


def day_of(cell: object) -> int | None:
    """The day in ``cell``, or None for one that is empty or cannot be read."""
    try:
        return day_in(cell)
    except Unreadable:
        return None


def _has_time(cell: object) -> bool:
    return hasattr(cell, "hour") or (isinstance(cell, str) and ":" in cell)
