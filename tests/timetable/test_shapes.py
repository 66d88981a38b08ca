"""Whatever lessons there are, and in whatever shape and form a timetable holds them: they come back as the same lessons."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.timetable.configurations import configuration
from tests.timetable.nights import lessons_of
from tests.timetable.shapes import AXES, CLOCKWORKS, FIRST_MONDAY, PATTERNS, WEEKDAYS, Book, Clockwork, Taught, write_dated, write_patterns
from timetable_sync.model.window import Window

LONDON = ZoneInfo("Europe/London")
WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))

NAMES = st.frozensets(st.sampled_from(["R1", "R2", "Höfe 3", "a", "B", "Ångström"]), max_size=3)
#: The clocks go back on 25 October 2026, a Sunday of the term. Lessons of the night are left to tests of that night.
LESSON = st.builds(
    lambda activity, days, start, length, calendars, rooms, staff: Taught(
        activity, FIRST_MONDAY + timedelta(days), start, min(start + length, 1440), calendars, rooms, staff
    ),
    st.sampled_from(["A1", "a1", "A-2", "Ä 3"]),
    st.integers(0, 20 * 7 - 1),
    st.integers(8 * 12, 23 * 12).map(lambda fives: fives * 5),
    st.integers(1, 60).map(lambda fives: fives * 5),
    st.frozensets(st.sampled_from(["COMP101", "MATH101", "PHYS101"]), min_size=1, max_size=3),
    NAMES,
    NAMES,
)
#: Of lessons of one activity at one time there is one.
LESSONS = st.lists(LESSON, max_size=8, unique_by=lambda lesson: (lesson.activity, lesson.day, lesson.start, lesson.end))

Meeting = tuple[Any, ...]


def meetings(lessons: Sequence[Taught]) -> list[Meeting]:
    """What they must be read as."""
    return sorted(
        (
            lesson.activity,
            _moment(lesson.day, lesson.start),
            _moment(lesson.day, lesson.end),
            tuple(sorted(lesson.calendars)),
            f"Title of {lesson.activity}",
            tuple(sorted(lesson.rooms)),
            tuple(sorted(lesson.staff)),
        )
        for lesson in lessons
    )


def _moment(day: date, minutes: int) -> int:
    return int((datetime.combine(day, time()) + timedelta(minutes=minutes)).replace(tzinfo=LONDON).timestamp())


def read(book: Book, timetable: dict[str, Any]) -> list[Meeting]:
    """The lessons of a file."""
    found = lessons_of(configuration(f"sqlite:///{book.file}", address="{{ calendar | slug }}@groups.example.ac.uk", **timetable), WINDOW)
    return sorted(
        (lesson.activity, lesson.start, lesson.end, lesson.calendars, *(lesson.values[place] for place in (2, 0, 1))) for lesson in found
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LESSONS, st.sampled_from([None, *CLOCKWORKS]), st.sampled_from(["dated", "product", "complementary"]), st.booleans())
def test_dated_rows_come_back_as_the_same_lessons(
    tmp_path: Path, lessons: list[Taught], clockwork: Clockwork | None, shape: str, length: bool
) -> None:
    book = Book(tmp_path / "timetable.db")
    timetable = write_dated(book, lessons, clockwork, shape=shape, length=length)
    assert read(book, timetable) == meetings(lessons)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    LESSONS,
    st.sampled_from(CLOCKWORKS),
    st.sampled_from(sorted(PATTERNS)),
    st.sampled_from(AXES),
    st.sampled_from(sorted(WEEKDAYS)),
    st.booleans(),
    st.booleans(),
)
def test_week_patterns_and_child_queries_come_back_as_the_same_lessons(
    tmp_path: Path, lessons: list[Taught], clockwork: Clockwork, pattern: str, axis: str, weekday: str, length: bool, children: bool
) -> None:
    book = Book(tmp_path / "timetable.db")
    timetable = write_patterns(book, lessons, clockwork, pattern=pattern, axis=axis, weekday=weekday, length=length, children=children)
    assert read(book, timetable) == meetings(lessons)
