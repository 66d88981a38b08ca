"""Which days weeks are: the axis that a week pattern is laid on. Pure; days are ordinals, weekdays count from Monday, 0.

A week begins on the day that the axis gives, whatever weekday that is, and ends before the next one begins, or after seven days.
Its Wednesday is the first Wednesday from its first day on. Where that day is another week's already, the week has none.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from timetable_sync.timetable.times import Unreadable

_WEEK = 7
_REMEMBERED = 8_192


class Axis:
    """``starts`` are the first days of weeks by their numbers."""

    def __init__(self, starts: Mapping[int, int]) -> None:
        self._starts = dict(starts)
        self._in_order = sorted((day, week) for week, day in starts.items())
        self._days = [day for day, _ in self._in_order]
        self.place = lru_cache(_REMEMBERED)(self._place)

    def first(self, year: int | None = None) -> int:
        """The day that all begins on."""
        return self._days[0]

    def week_of(self, day: int) -> int | None:
        """The number of the week that ``day`` lies in; None where it lies in none."""
        at = bisect_right(self._days, day) - 1
        return self._in_order[at][1] if at >= 0 and day < self._days[at] + _WEEK else None

    def _place(self, week: int, weekday: int, year: int | None = None) -> int:
        """The day of a week. Raises Unreadable."""
        start = self._starts.get(week)
        if start is None:
            raise Unreadable(f"week {week} is not on the axis of weeks")
        day = start + (weekday - (start - 1)) % _WEEK
        after = bisect_right(self._days, start)
        if after < len(self._days) and day >= self._days[after]:
            raise Unreadable(f"week {week}, which begins on {date.fromordinal(start)}, has no such weekday before the next one begins")
        return day


class IsoAxis(Axis):
    """The ISO weeks of ``year``, or, without one, of the year that each row names; weeks below ``turn`` are the next year's."""

    def __init__(self, year: int | None, turn: int = 1) -> None:
        self._year, self._turn = year, turn
        super().__init__({})

    def first(self, year: int | None = None) -> int:
        """The Monday of the first week."""
        return self._place(max(self._turn, 1), 0, year)

    def week_of(self, day: int) -> int | None:
        """The ISO week's number."""
        year, week, _ = date.fromordinal(day).isocalendar()
        right = self._year is None or year == self._year + (1 if week < self._turn else 0)
        return week if right else None

    def _place(self, week: int, weekday: int, year: int | None = None) -> int:
        whose = year if year is not None else self._year
        if whose is None:
            raise Unreadable("the year of its weeks is not given")
        try:
            return date.fromisocalendar(whose + (1 if week < self._turn else 0), week, weekday + 1).toordinal()
        except ValueError:
            raise Unreadable(f"{whose} has no ISO week {week}") from None


def even_axis(first_week: int, first_day: int, length: int, *, mondays: bool = False) -> Axis:
    """``length`` weeks, one after the other, from ``first_day`` on."""
    return Axis({first_week + place: _begin(first_day, mondays=mondays) + _WEEK * place for place in range(length)})


def axis_of(days: Mapping[int, int], *, mondays: bool = False) -> Axis:
    """Weeks by number, with their days, which may only lie within them."""
    return Axis({week: _begin(day, mondays=mondays) for week, day in days.items()})


def _begin(day: int, *, mondays: bool) -> int:
    return day - (day - 1) % _WEEK if mondays else day
