"""Reads days of the week from cells, and lays weeks on days: the axis for week patterns.

Days of the week are read by number, by name, or as a sum of bits; Monday is 0 here, Sunday 6. The axis counts days as ordinals.

A week begins on the day that the axis gives, whatever weekday that is, and ends before the next one begins, or after seven days.
Its Wednesday is the first Wednesday from its first day on. Where that day is another week's already, the week has none.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from timetable_sync.config.sections.columns import Column
from timetable_sync.timetable.parse_time import whole_in
from timetable_sync.timetable.times import Unreadable
from timetable_sync.timetable.values import name_in, several_in

#: Full names from Monday to Sunday. English can be cut short; what the others' beginnings would mean is not always clear.
_NAMES = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "pondělí úterý středa čtvrtek pátek sobota neděle",
    "måndag tisdag onsdag torsdag fredag lördag söndag",
    "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
    "понедельник вторник среда четверг пятница суббота воскресенье",
)
_FURTHER = {"sonnabend": 5, "tues": 1, "weds": 2, "thur": 3, "thurs": 3}
_ENGLISH = _NAMES[0].split()

KNOWN = {name: day for names in _NAMES for day, name in enumerate(names.split())} | _FURTHER
KNOWN |= {name[:length]: day for day, name in enumerate(_ENGLISH) for length in (2, 3)}

_SETS_REMEMBERED = 1_000

#: Of a number; Python reads none of thousands of digits.
_DIGITS = 9


class Weekdays:
    """Reads as ``column`` says: ``monday``, ``sunday``, ``bits``, ``names``, ``split``."""

    def __init__(self, column: Column) -> None:
        self._split = column.split
        self._names = KNOWN if column.names is None else {name.casefold(): day for day, name in enumerate(column.names)}
        self._bits = _bits(column.monday) if column.bits else None
        numbers = {column.monday + day: day for day in range(7)}
        if column.monday == 2:
            numbers = {column.monday + day: day for day in range(6)} | {1: 6}
        if column.sunday is not None:
            numbers = {number: day for number, day in numbers.items() if day != 6} | {column.sunday: 6}
        self._numbers = numbers
        self._read = lru_cache(_SETS_REMEMBERED)(self._of_text)

    def days(self, cell: object) -> tuple[int, ...]:
        """The days in ``cell``, sorted; none for an empty one. Raises Unreadable."""
        if self._bits is not None:
            return self._of_bits(cell, self._bits)
        return self._read(several_in(cell, self._split, name_in))

    def _of_text(self, parts: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(sorted({self._one(part) for part in parts}))

    def _one(self, text: str) -> int:
        known = self._names.get(text.casefold().rstrip("."))
        if known is None:
            known = self._numbers.get(int(text)) if text.isdecimal() and len(text) <= _DIGITS else None
        if known is None:
            raise Unreadable(f'"{text[:40]}" is no day of the week')
        return known

    @staticmethod
    def _of_bits(cell: object, bits: Sequence[int]) -> tuple[int, ...]:
        number = whole_in(cell)
        if number is None:
            return ()
        if not 0 <= number <= sum(bits):
            raise Unreadable(f"{number} is no sum of days of the week")
        return tuple(day for day, bit in enumerate(bits) if number & bit)


def _bits(monday: int) -> tuple[int, ...]:
    """What each day counts: Monday 64 and Sunday 1, Monday 1 and Sunday 64, or Sunday 1 and Monday 2."""
    if monday == 64:
        return tuple(64 >> day for day in range(7))
    return tuple(1 << (day + (1 if monday == 2 else 0)) % 7 for day in range(7))


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
