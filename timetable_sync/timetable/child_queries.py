"""Join child queries to lessons by their keys: rooms, staff, groups, calendars that stand in rows of their own.

Their rows wait in the spool, in the order of their keys, and lessons come in the order of their activities: so one look at the index serves
all lessons of an activity, and memory holds the rows of one. Keys are cleaned texts and are compared as such, so that what a database
takes for equal, or for less, plays no part. What must not be done here: drop a row in silence.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from timetable_sync.config.sections.columns import Child, Column
from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.columns import CALENDARS, JOINT, Field, names_of, prose_of
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.occurrences import key_text
from timetable_sync.timetable.spool import Spool
from timetable_sync.timetable.times import LocalClock, Unreadable
from timetable_sync.timetable.values import has_gaps, name_in, several_in
from timetable_sync.timetable.week_patterns import NumberForFlags, Weekly, number_for_flags

#: In the place of weeks that cannot be read.
UNREADABLE = "?"

_ABOUT = 120
_REMEMBERED = 4_096

#: A row of a child query in the spool: its key, its weeks ("" for all), then a text for each set.
ChildRow = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row of a child query that cannot be used. ``calendars`` are those that it names, "" for one that it should name and does not."""

    number: int
    column: str
    kind: str
    reason: str
    about: str
    calendars: tuple[str, ...]


def sets_of(name: str, child: Child) -> dict[str, Column]:
    """What a child query gives: the column of each set, by its name."""
    return ({} if child.value is None else {name: child.value}) | child.columns


def sets_per_child(timetable: Timetable) -> list[int]:
    """How many sets each child query gives, in their order."""
    return [len(sets_of(name, child)) for name, child in timetable.children.items()]


class Completed(Enum):
    """What came of completing a lesson."""

    WHOLE = "it is whole"
    UNNAMED = "a row that belongs to it names no calendar; of the rest it is whole"
    UNREADABLE = "a row that belongs to it has weeks that cannot be read; it is left as it was"


class ChildRows:
    """Reads the rows of one child query. Raises TimetableUnusable for a column that is not there.

    ``calendar_may_lack`` says that a row without a calendar is none the worse for it, as where rows complement each other.
    """

    def __init__(
        self, name: str, child: Child, names: Sequence[str], weekly: Weekly | None, clock: LocalClock, *, calendar_may_lack: bool = False
    ) -> None:
        self._key_name = f"timetable.children.{name}"
        query = f"{self._key_name}.query"
        self._kind = f"of children.{name}"
        self._keys = [place_of(f"{self._key_name}.key", column, names, query) for column in child.key]
        self._weeks_column = child.weeks or ""
        self._weeks = None if child.weeks is None else place_of(f"{self._key_name}.weeks", child.weeks, names, query)
        self._patterns = None if weekly is None or child.weeks is None else weekly.patterns_in(child.form)
        self._sets = [
            (place_of(where, column.column, names, query), column, given, names_of(clock, where) if given in CALENDARS else prose_of(clock))
            for given, column in sets_of(name, child).items()
            for where in (f"{self._key_name}.{_said_at(name, given)}",)
        ]
        self._name = name
        self._wanted = [not calendar_may_lack and given in CALENDARS and not column.many for _, column, given, _ in self._sets]

    def read(self, number: int, row: Sequence[Any]) -> tuple[ChildRow | None, OddRow | None]:
        """What is kept of a row, and what is wrong with it."""
        key = key_text(row, self._keys, f"{self._key_name}.key")
        texts = [
            _text(row[place], column, read, wanted=wanted)
            for (place, column, _, read), wanted in zip(self._sets, self._wanted, strict=True)
        ]
        odd = None
        for (_, _, given, _), text in zip(self._sets, texts, strict=True):
            if text.startswith(JOINT):
                odd = self._odd(number, _said_at(self._name, given), f"{self._kind} without a calendar", "", key, texts)
        if not key:
            return None, self._odd(number, "key", f"{self._kind} without a key", "", key, texts)
        if self._weeks is None or self._patterns is None:
            return (key, "", *texts), odd
        try:
            weeks = self._patterns.weeks(row[self._weeks])
        except NumberForFlags:
            raise number_for_flags(f"{self._key_name}.weeks", self._weeks_column, row[self._weeks]) from None
        except Unreadable as error:
            odd = self._odd(number, "weeks", f"{self._kind} with weeks that cannot be read", str(error), key, texts)
            return (key, UNREADABLE, *texts), odd
        # In no week is not the same as in all weeks, which is "".
        return (key, "" if weeks is None else ",".join(map(str, weeks)) or "-", *texts), odd

    def _odd(self, number: int, key: str, kind: str, reason: str, joined: str, texts: Sequence[str]) -> OddRow:
        about = " ".join(text.strip(JOINT).replace(JOINT, ", ") for text in (joined, *texts) if text)[:_ABOUT]
        calendars = [text for (_, _, given, _), text in zip(self._sets, texts, strict=True) if given in CALENDARS and text]
        names = tuple(name for text in calendars for name in text.split(JOINT))
        return OddRow(number, f"{self._key_name}.{key}", kind, reason or kind, about, names)


def _text(cell: object, column: Column, read: Callable[[object], str | None], *, wanted: bool) -> str:
    """Of a set that is ``wanted``, and in which something is missing, there is nothing before the first JOINT."""
    if column.map:
        cell = column.map.get(name_in(cell) or "", cell)
    text = JOINT.join(several_in(cell, column.split, read))
    return JOINT + text if wanted and (not text or has_gaps(cell)) else text


class ChildIndex:
    """Completes lessons by what the child queries have for them.

    ``fields`` are those that templates see. Behind them a lesson has its zone, where it has one, and the keys of the child queries.
    """

    def __init__(self, timetable: Timetable, fields: Sequence[Field], store: Spool, clock: LocalClock, weekly: Weekly | None) -> None:
        self._store, self._clock = store, clock
        self._zone = len(fields) if "zone" in timetable.columns else None
        self._first_key = len(fields) + (self._zone is not None)
        places = {field.name: place for place, field in enumerate(fields)}
        self._names = tuple(timetable.children)
        self._children = [
            ([None if given in CALENDARS else places[given] for given in sets_of(name, child)], self._calendar_of_weeks(child, weekly))
            for name, child in timetable.children.items()
        ]
        self._rows = lru_cache(_REMEMBERED // 64)(store.child_rows)
        #: Calendars and values of the last lesson, as it came and as it went.
        self._before: tuple[tuple[str, ...], tuple[str | tuple[str, ...], ...]] | None = None
        self._completed: tuple[tuple[str, ...], tuple[str | tuple[str, ...], ...], Completed] = ((), (), Completed.WHOLE)

    def rows(self, lesson: Lesson) -> Iterator[tuple[str, ChildRow, bool]]:
        """Every row that belongs to a lesson by its key: the child query, the row, and whether its weeks are the lesson's."""
        for number, (name, (_, weeks)) in enumerate(zip(self._names, self._children, strict=True)):
            for key in lesson.values[self._first_key + number]:
                for row in self._rows(number, key):
                    readable = row[1] != UNREADABLE
                    yield name, row, readable and (not row[1] or weeks is None or weeks(row[1], self._day_of(lesson)))

    def complete(self, lesson: Lesson) -> Completed:
        """Give the lesson its sets."""
        if self._before is not None and lesson.values == self._before[1] and lesson.calendars == self._before[0]:
            # The lesson before had the same keys, and no row said when it holds. Most have; and looking is a tenth of gathering.
            lesson.calendars, lesson.values, completed = self._completed
            return completed
        gathered: dict[int | None, set[str]] = {}
        always, day = True, 0
        for number, (places, weeks) in enumerate(self._children):
            for key in lesson.values[self._first_key + number]:
                for row in self._rows(number, key):
                    if row[1] == UNREADABLE:
                        return Completed.UNREADABLE
                    if row[1] and weeks is not None:
                        always, day = False, day or self._day_of(lesson)
                        if not weeks(row[1], day):
                            continue
                    for place, text in zip(places, row[2:], strict=True):
                        if text:
                            gathered.setdefault(place, set()).update(text.split(JOINT))
        before = (lesson.calendars, lesson.values)
        completed = _merged(lesson, gathered) if gathered else Completed.WHOLE
        self._before, self._completed = before if always else None, (lesson.calendars, lesson.values, completed)
        return completed

    def _day_of(self, lesson: Lesson) -> int:
        clock = self._clock
        if self._zone is not None and (zone := str(lesson.values[self._zone])):
            clock = clock.elsewhere(zone)
        return clock.local(lesson.start).toordinal()

    @staticmethod
    def _calendar_of_weeks(child: Child, weekly: Weekly | None) -> "_Holds | None":
        return None if child.weeks is None or weekly is None else _Holds(weekly, by_day=weekly.patterns_in(child.form).form == "days")


class _Holds:
    """Whether a pattern, as it waits in the spool, holds on a day."""

    def __init__(self, weekly: Weekly, *, by_day: bool) -> None:
        self._axis, self._by_day = weekly.axis, by_day
        self._less = weekly.settings.offset if isinstance(weekly.settings.offset, int) else 0
        self._numbers = lru_cache(_REMEMBERED)(_numbers)

    def __call__(self, text: str, day: int) -> bool:
        if self._axis is None:
            return True
        place = day - self._axis.first() + self._less if self._by_day else self._axis.week_of(day)
        return place in self._numbers(text)


def _merged(lesson: Lesson, gathered: dict[int | None, set[str]]) -> Completed:
    values, calendars = list(lesson.values), gathered.pop(None, set())
    for place, found in gathered.items():
        if place is not None:
            values[place] = tuple(sorted(found.union(values[place])))
    lesson.values = tuple(values)
    lesson.calendars = tuple(sorted(calendars.union(lesson.calendars) - {""}))
    return Completed.UNNAMED if "" in calendars else Completed.WHOLE


def _said_at(name: str, given: str) -> str:
    """Where the table of a child query says which column ``given`` is."""
    return "value" if given == name else f"columns.{given}"


def _numbers(text: str) -> frozenset[int]:
    return frozenset(map(int, _parts(text)))


def _parts(text: str) -> Iterator[str]:
    return (part for part in text.split(",") if part != "-")
