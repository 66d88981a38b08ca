"""Where one event comes from: looks on while the timetable is read, and keeps the lessons and rows of what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timetable_sync.timetable.columns import At, MeetingRow
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.witness import Witness

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


class Origins(Witness):
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
