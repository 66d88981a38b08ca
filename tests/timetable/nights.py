"""A whole university's nights, read as dated rows and as week patterns. Shared by tests and the benchmark of keys."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.timetable.configurations import configuration
from timetable_sync.config.schema import Settings
from timetable_sync.model.window import Window
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import read_timetable

DATABASE = "university-nights-2024S2.sqlite"
NIGHTS = 146
#: All of it.
WINDOW = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))

_COMMON: dict[str, Any] = {
    "activity": "name",
    "calendar": "course_id",
    "title": "title",
    "type": "activity",
    "rooms": {"column": "location", "many": True},
}


def copied(data: Path, folder: Path) -> Path:
    """The database, where its night can be changed."""
    file = folder / "nights.sqlite"
    shutil.copyfile(data / DATABASE, file)
    file.chmod(0o600)
    return file


def set_night(file: Path, night: int) -> None:
    """From now on it is the night of that number, counted from 1."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE tonight SET n = ?", (night,))


def dated(file: Path, **more: Any) -> Settings:
    """One row a dated meeting."""
    query = "SELECT *, date || ' ' || start AS starts_at, date || ' ' || finish AS ends_at FROM v_occ_tonight"
    return _settings(file, query, {"start": "starts_at", "end": "ends_at"}, **more)


def as_patterns(file: Path, **more: Any) -> Settings:
    """One row for all weeks: a weekday and a list of ISO weeks, with every dash there is."""
    columns = {"weekday": {"column": "day", "monday": 0}, "weeks": "weeks", "start": "start", "end": "finish"}
    return _settings(file, "SELECT * FROM v_tonight", columns, weeks={"axis": {"iso": 2024}}, **more)


def _settings(file: Path, query: str, columns: dict[str, Any], **more: Any) -> Settings:
    timetable = {"time_zone": "Australia/Sydney", "period": "2024 S2", "source": "nights", **more}
    return configuration(f"sqlite:///{file}", query, columns={**_COMMON, **columns}, **timetable)


class Everything(ReadObserver):
    """Keeps all lessons."""

    def __init__(self) -> None:
        self.lessons: list[Lesson] = []

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        self.lessons.append(lesson)


def lessons_of(settings: Settings, window: Window = WINDOW) -> list[Lesson]:
    """All lessons, in order; the number of their first row, which is another one in every shape, left out. No row may be set aside."""
    seen = Everything()
    with read_timetable(settings, window, witness=seen) as reading:
        assert dict(reading.bad_rows.by_reason) == {}
        assert len(seen.lessons) == reading.lessons
    for lesson in seen.lessons:
        lesson.row = 0
    return seen.lessons


def each_night(file: Path, nights: range) -> Iterator[int]:
    """Night after night."""
    for night in nights:
        set_night(file, night)
        yield night
