"""When a row's lessons are: one moment, a day with times, or the days of a week pattern; whole days; ends after midnight.

Of a row's cells alone, and of the axis; merges nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.columns import article
from timetable_sync.timetable.parse_time import DAY, at_midnight, day_in, number_in, seconds_of, whole_in
from timetable_sync.timetable.time_columns import Hour, HourColumn, TimeRefused, end_on, start_on
from timetable_sync.timetable.times import LocalClock, Unreadable, duration
from timetable_sync.timetable.values import name_in, yes_or_no
from timetable_sync.timetable.week_axis import Weekdays
from timetable_sync.timetable.week_patterns import NumberForFlags, Patterns, Weekly, number_for_flags

Span = tuple[LocalClock, int, int]


class When:
    """``places`` are those of the configured fields in a row; ``names`` those of the query's columns. ``weekly`` as the timetable has it.

    Raises TimetableUnusable for a column that is not there.
    """

    def __init__(
        self, timetable: Timetable, places: Mapping[str, int], names: Sequence[str], clock: LocalClock, weekly: Weekly | None
    ) -> None:
        columns = timetable.columns
        self._clock = clock
        self._places = dict(places)
        self._start = HourColumn("start", columns, places, names)
        self._end = HourColumn("end", columns, places, names)
        self._overnight = columns["end"].overnight if "end" in columns else "no"
        self._length = columns.get("duration")
        self._whole = yes_or_no(columns["all_day"].values if "all_day" in columns else None)
        self._days = _Days(timetable, places, names, weekly) if "weeks" in columns and weekly is not None else None
        self._always_whole = "start" not in columns
        self._day_field = "weeks" if self._days is not None else "date" if "date" in columns else "start"

    def spans(self, row: Sequence[Any]) -> list[Span]:
        """The clock, start and end of each lesson. Raises TimeRefused."""
        clock = self.clock_of(row)
        whole = self._always_whole or ("all_day" in self._places and self._whole(row[self._places["all_day"]]))
        if self._days is not None:
            days = self._days.of(row, clock)
        elif "date" in self._places:
            days = [self._day("date", row, clock)]
        elif whole:
            days = [self._day("start", row, clock)]
        else:
            return [self._of_moments(row, clock)]
        try:
            return [self._of_whole_day(row, clock, day) for day in days] if whole else self._within_days(row, clock, days)
        except Unreadable as error:
            raise TimeRefused(self._day_field, f"with {article(self._day_field)} that cannot be read", str(error)) from None

    def known_start(self, row: Sequence[Any]) -> tuple[LocalClock, int | None]:
        """The moment that a row which cannot be used would have begun at, or its day's; None where nobody knows. And its clock."""
        clock = self.clock_or_own(row)
        if self._days is not None:
            return clock, None
        try:
            if "date" in self._places:
                return clock, clock.at(self._day("date", row, clock), 0)[0]
            return clock, clock.start(row[self._places["start"]])
        except (TimeRefused, Unreadable):
            return clock, None

    def clock_or_own(self, row: Sequence[Any]) -> LocalClock:
        """That of the row's zone; the timetable's where it is none."""
        try:
            return self.clock_of(row)
        except TimeRefused:
            return self._clock

    def _of_moments(self, row: Sequence[Any], clock: LocalClock) -> Span:
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
            return _checked(clock, start, self._after(clock, start, self._length_of(row)), "duration")
        if end <= start and self._overnight != "no":
            begin, finish = clock.local(start), clock.local(end)
            seconds = seconds_of(finish)
            if begin.date() == finish.date() and (self._overnight == "any" or not seconds):
                end = clock.at(finish.toordinal() + 1, seconds)[0]
        return _checked(clock, start, end)

    def _within_days(self, row: Sequence[Any], clock: LocalClock, days: Sequence[int]) -> list[Span]:
        start = self._start.of(row)
        if start is None:
            raise TimeRefused("start", "without a start")
        end = self._end.of(row) if "end" in self._places else None
        if end is None:
            return self._of_length(row, clock, days, start)
        if not days:
            return []
        last = day_or_none(row[self._places["end_date"]], clock) if "end_date" in self._places else None
        later = last is not None
        after = self._day("end_date", row, clock, days[0]) - days[0] if "end_date" in self._places else 0
        if isinstance(start, int) and isinstance(end, int):
            if end <= start and not later and (self._overnight == "any" or (self._overnight == "midnight" and not end)):
                end += DAY
            return [_span(clock, day, start, end + after * DAY) for day in days]
        spans, dated = [], self._days is None
        for day in days:
            begin = start_on(clock, day, start, days, dated=dated)
            finish = end_on(clock, day + after, end, days, begin, dated=dated, overnight=self._overnight, later=later)
            spans.append(_checked(clock, begin, finish))
        return spans

    def _of_length(self, row: Sequence[Any], clock: LocalClock, days: Sequence[int], start: Hour) -> list[Span]:
        length, dated = self._length_of(row), self._days is None
        starts = [clock.at(day, start)[0] if isinstance(start, int) else start_on(clock, day, start, days, dated=dated) for day in days]
        return [_checked(clock, begin, self._after(clock, begin, length), "duration") for begin in starts]

    @staticmethod
    def _after(clock: LocalClock, start: int, length: int) -> int:
        try:
            return clock.after(start, length)
        except Unreadable as error:
            raise TimeRefused("duration", "with a duration that cannot be read", str(error)) from None

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

    def _of_whole_day(self, row: Sequence[Any], clock: LocalClock, day: int) -> Span:
        start, last, field = clock.at(day, 0)[0], day, self._day_field
        if "end_date" in self._places:
            field, last = "end_date", self._day("end_date", row, clock, day)
        elif "end" in self._places and self._days is None and "date" not in self._places:
            field, last = "end", self._day("end", row, clock, day)
            # A moment at midnight is where the last day ends; a day is the last day itself.
            if last > day and at_midnight(row[self._places["end"]]):
                last -= 1
        try:
            return _checked(clock, start, clock.at(last + 1, 0)[0], field)
        except Unreadable as error:
            raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error)) from None

    def _day(self, field: str, row: Sequence[Any], clock: LocalClock, otherwise: int | None = None) -> int:
        try:
            found = day_in(row[self._places[field]], clock)
        except Unreadable as error:
            # Of a day that nobody can tell, the cell may well say a moment, and its week another than the one that is meant.
            anywhere = () if field in ("end", "end_date") else (None,)
            raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error), weeks=anywhere) from None
        if found is None:
            found = otherwise
        if found is None:
            raise TimeRefused(field, f"without {article(field)}")
        return found

    def clock_of(self, row: Sequence[Any]) -> LocalClock:
        """That of the row's zone. Raises TimeRefused."""
        if "zone" not in self._places or (name := name_in(row[self._places["zone"]])) is None:
            return self._clock
        try:
            return self._clock.elsewhere(name)
        except Unreadable as error:
            # What has a zone of its own may be on another day there, and so in another week.
            raise TimeRefused("zone", "with a zone that is none", str(error), weeks=(None,)) from None


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
        self._offset_column = offset if isinstance(offset, str) else ""
        self._weeks_column = columns["weeks"].column

    def of(self, row: Sequence[Any], clock: LocalClock) -> list[int]:
        """In order. Raises TimeRefused."""
        cell = row[self._places["weeks"]]
        try:
            weeks = _read("weeks", self._patterns.weeks, cell)
        except NumberForFlags:
            raise number_for_flags("timetable.columns.weeks", self._weeks_column, cell) from None
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
                begin = self._beginning(row, year, clock)
                return [begin + place for place in weeks if weekdays is None or (begin + place - 1) % 7 in weekdays]
            if self._axis is None or weekdays is None:
                return []
            return sorted({self._axis.place(week, weekday, year) for week in weeks for weekday in weekdays})
        except Unreadable as error:
            raise TimeRefused("weeks", "with a week that is not on the axis", str(error)) from None

    def _beginning(self, row: Sequence[Any], year: int | None, clock: LocalClock) -> int:
        begin = _read("begins", lambda cell: day_in(cell, clock), row[self._places["begins"]]) if "begins" in self._places else None
        if begin is None:
            if self._axis is None:
                raise TimeRefused("begins", f"without {article('begins')}")
            begin = self._axis.first(year)
        less = self._less if self._offset is None else _read("weeks", whole_in, row[self._offset], self._offset_column) or 0
        return begin - less


def _read(field: str, read: Any, cell: object, column: str = "") -> Any:
    try:
        return read(cell)
    except Unreadable as error:
        raise TimeRefused(field, f"with {article(field)} that cannot be read", str(error), column=column) from None


def _span(clock: LocalClock, day: int, start: int, end: int) -> Span:
    first, _ = clock.at(day, start)
    once, again = clock.at(day, end)
    return _checked(clock, first, again if once <= first and again is not None else once)


def _checked(clock: LocalClock, start: int, end: int, field: str = "end") -> Span:
    if end == start:
        raise TimeRefused(field, "of no length")
    if end < start:
        # Where they are of two days, either may be the mistake, and the lesson be meant for the week of the end, or for any.
        apart = clock.local(start).date() != clock.local(end).date()
        raise TimeRefused(field, "end before start", weeks=(clock.week(end), None) if apart else ())
    return clock, start, end


def day_or_none(cell: object, clock: LocalClock) -> int | None:
    """The day in ``cell``, or None for one that is empty or cannot be read."""
    try:
        return day_in(cell, clock)
    except Unreadable:
        return None
