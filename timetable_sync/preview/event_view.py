"""One event in full: what it would be in each of its calendars, the lesson it is made of, and the rows that came from.

:class:`Origins` observes while the timetable is read, and keeps the lessons and rows of what was asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timetable_sync.errors import UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey
from timetable_sync.preview.request import is_meant
from timetable_sync.preview.timetable_view import TimetableView
from timetable_sync.timetable.columns import At, Field, MeetingRow
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import ReadObserver

#: More rows of one activity are not kept: nobody reads them, and memory must not grow with the timetable.
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row as the database gave it: its number in the result of ``query``, and its cells by column."""

    query: str
    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A row of a child query, cleaned: its key, its weeks' numbers ("" for all), what it gives, and whether its weeks are the lesson's."""

    query: str
    key: str
    weeks: str
    values: tuple[str, ...]
    holds: bool


class Origins(ReadObserver):
    """Of activities with one of these names. ``too_many`` says that there were more rows than are kept."""

    def __init__(self, activities: frozenset[str]) -> None:
        self._activities = activities
        self._rows: list[tuple[SourceRow, tuple[MeetingRow, ...]]] = []
        self._lessons: dict[tuple[str, str, str, int], Lesson] = {}
        self._kin: dict[tuple[str, str, str, int], list[ChildRow]] = {}
        self.too_many = False

    def anew(self) -> None:
        """As the witness's."""
        self._rows.clear()
        self.too_many = False

    def wants_kin(self, lesson: Lesson) -> bool:
        """As the witness's."""
        return lesson.activity in self._activities

    def kin(self, lesson: Lesson, child: str, key: str, weeks: str, values: Sequence[str], *, holds: bool) -> None:
        """As the witness's."""
        rows = self._kin.setdefault(_key_of(lesson), [])
        if len(rows) < MOST_ROWS:
            rows.append(ChildRow(f"timetable.children.{child}", key, weeks, tuple(values), holds))

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        """As the witness's."""
        if not meetings or meetings[0][At.ACTIVITY] not in self._activities:
            return
        if len(self._rows) == MOST_ROWS:
            self.too_many = True
            return
        self._rows.append((SourceRow("timetable.query", number, dict(zip(names, row, strict=True))), tuple(meetings)))

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        """As the witness's."""
        if lesson.activity in self._activities:
            self._lessons[_key_of(lesson)] = lesson

    def lesson_of(self, period: str, activity: str, week: str, nth: int) -> Lesson | None:
        """The lesson with this key, if it was seen."""
        return self._lessons.get((period, activity, week, nth))

    def kin_of(self, lesson: Lesson) -> list[ChildRow]:
        """The rows of child queries that belong to the lesson."""
        return self._kin.get(_key_of(lesson), [])

    def rows_of(self, lesson: Lesson) -> list[SourceRow]:
        """The rows that the lesson was folded from, in the order of the query."""
        return [
            row
            for row, meetings in self._rows
            if any(
                (meeting[At.PERIOD], meeting[At.ACTIVITY], meeting[At.START], meeting[At.END])
                == (lesson.period, lesson.activity, lesson.start, lesson.end)
                for meeting in meetings
            )
        ]


def _key_of(lesson: Lesson) -> tuple[str, str, str, int]:
    return (lesson.period, lesson.activity, lesson.week, lesson.nth)


@dataclass(frozen=True, slots=True)
class OneEvent:
    """``standing`` is the event as it would be in each calendar; ``lesson`` is None, and ``rows`` are none, where a long key hides it.

    ``values`` are the lesson's columns by name, ``kin`` rows of child queries.
    """

    key: str
    standing: tuple[tuple[Calendar, Event], ...]
    lesson: Lesson | None
    values: dict[str, str | tuple[str, ...]]
    rows: tuple[SourceRow, ...]
    kin: tuple[ChildRow, ...]
    too_many_rows: bool


def meant(outlook: TimetableView, given: str) -> Iterator[tuple[Calendar, Event]]:
    """The events that ``given`` names."""
    return ((calendar, event) for calendar, event in outlook.events() if is_meant(given, event.key))


def one_event(outlook: TimetableView, given: str, origins: Origins, fields: Sequence[Field]) -> OneEvent | list[tuple[Calendar, Event]]:
    """The event, or those there are where several fit. Raises UsageError where none does."""
    found = list(meant(outlook, given))
    if not found:
        raise UsageError(
            f'no event "{given}" in these days and calendars',
            "Keys stand at the end of the lines of: timetable-sync timetable show --calendar NAME",
        )
    keys = {event.key for _, event in found}
    if len(keys) > 1:
        return found
    (key,) = keys
    parsed = EventKey.parse(key)
    lesson = None if parsed is None else origins.lesson_of(parsed.period, parsed.activity, parsed.week, parsed.nth)
    return OneEvent(
        key,
        tuple(found),
        lesson,
        {} if lesson is None else {field.name: value for field, value in zip(fields, lesson.values, strict=False)},
        () if lesson is None else tuple(origins.rows_of(lesson)),
        () if lesson is None else tuple(origins.kin_of(lesson)),
        origins.too_many,
    )
