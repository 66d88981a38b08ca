"""Who looks on while a timetable is read sees every row, what was made of it, and every lesson once."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.timetable.configurations import configuration
from timetable_sync.model.window import Window
from timetable_sync.timetable.columns import MeetingRow
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import read_timetable


class Noting(ReadObserver):
    """Keeps all of it."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, Any], int]] = []
        self.lessons: list[tuple[str, int, bool]] = []

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        self.rows.append((number, dict(zip(names, row, strict=True)), len(meetings)))

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        self.lessons.append((lesson.activity, lesson.nth, inside))


def test_a_witness_sees_rows_with_what_was_made_of_them_and_lessons_inside_and_outside_of_the_window(tmp_path: Path) -> None:
    database = tmp_path / "timetable.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE meeting (activity, module, starts, ends, title, type, room)")
        connection.executemany(
            "INSERT INTO meeting VALUES (?, 'COMP101', ?, ?, 'Logic', 'Lecture', ?)",
            [
                ("A", "2026-10-12 09:00", "2026-10-12 10:00", "R1"),
                ("A", "2026-10-12 09:00", "2026-10-12 10:00", "R2"),
                ("B", "2026-10-12 09:00", "2026-10-12 08:00", "R1"),
                ("C", "2030-10-12 09:00", "2030-10-12 10:00", "R1"),
            ],
        )
    seen = Noting()
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))

    with read_timetable(configuration(f"sqlite:///{database}"), window, witness=seen) as reading:
        assert (reading.rows, reading.lessons, reading.bad_rows.count) == (4, 2, 1)

    assert [(number, row["activity"], row["room"], made) for number, row, made in seen.rows] == [
        (1, "A", "R1", 1), (2, "A", "R2", 1), (3, "B", "R1", 0), (4, "C", "R1", 1)
    ]  # fmt: skip
    assert seen.lessons == [("A", 1, True), ("C", 1, False)]
