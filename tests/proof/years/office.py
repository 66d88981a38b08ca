"""The timetable's office: lessons as people there think of them, and the database that they are written to."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

#: An activity that is never in any window, so that the timetable is never empty: an empty one is refused whatever is forced.
FAR = datetime.fromisoformat("2031-03-03T09:00")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson as it is planned: local times without a zone, all calendars that it is for. ``spoilt``: someone mistyped its start."""

    activity: str
    modules: tuple[str, ...]
    start: datetime
    end: datetime
    title: str
    room: str
    cancelled: bool = False
    spoilt: bool = False

    @property
    def place(self) -> tuple[str, datetime, datetime]:
        """What tells it from every other lesson: an activity does not meet twice at one time."""
        return self.activity, self.start, self.end


class Office:
    """All lessons. Every change leaves them such that no two are at the same :attr:`Lesson.place`; one that would not is not made."""

    def __init__(self) -> None:
        self.lessons: list[Lesson] = []

    def add(self, *lessons: Lesson) -> None:
        """Plan these too."""
        for lesson in lessons:
            if all(lesson.place != other.place for other in self.lessons):
                self.lessons.append(lesson)

    def change(self, lesson: Lesson, **fields: object) -> None:
        """The lesson becomes another one."""
        changed = replace(lesson, **fields)  # type: ignore[arg-type]  # names of fields, given by the rules
        rest = [other for other in self.lessons if other is not lesson]
        if all(changed.place != other.place for other in rest):
            self.lessons[self.lessons.index(lesson)] = changed

    def remove(self, lesson: Lesson) -> None:
        """It is no longer planned."""
        self.lessons.remove(lesson)

    def swap(self, one: Lesson, other: Lesson) -> None:
        """Each takes the other's activity: what was A's time is now B's."""
        if one.activity == other.activity:
            return
        rest = [lesson for lesson in self.lessons if lesson is not one and lesson is not other]
        swapped = replace(one, activity=other.activity), replace(other, activity=one.activity)
        if all(lesson.place != new.place for lesson in rest for new in swapped):
            self.lessons[self.lessons.index(one)], self.lessons[self.lessons.index(other)] = swapped


def write(database: Path, lessons: Iterable[Lesson], *, breaks_off_before: int | None = None) -> None:
    """The timetable's table is this; reading it fails so many rows before its end, ``breaks_off_before``, where that is given."""
    rows = [
        (
            lesson.activity,
            module,
            "soon" if lesson.spoilt else _text(lesson.start),
            _text(lesson.end),
            lesson.title,
            lesson.room,
            int(lesson.cancelled),
        )
        for lesson in lessons
        for module in lesson.modules
    ]
    rows.append(("FAR", "far", _text(FAR), _text(FAR.replace(hour=10)), "Far away", "", 0))
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS meeting (activity, module, starts, ends, title, room, cancelled, stumbling)")
        connection.execute("DELETE FROM meeting")
        stumbling = [None if breaks_off_before is None or number < len(rows) - breaks_off_before else "{" for number in range(len(rows))]
        connection.executemany(
            "INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(*row, stone) for row, stone in zip(rows, stumbling, strict=True)]
        )
    connection.close()


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
