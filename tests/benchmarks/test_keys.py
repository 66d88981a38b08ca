"""What keys are for: a class that moves within its week is one update, and what the benchmark counts is what a night does."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.keys import counted, operations
from tests.night_world import Meeting, NightWorld
from tests.timetable.configurations import configuration
from tests.timetable.nights import as_patterns, copied, each_night, lessons_of
from timetable_sync.model.window import Window
from timetable_sync.reports.summary import RunSummary
from timetable_sync.timetable.lessons import Lesson

MONDAY: Meeting = ("A1", "COMP101", "2026-10-19 09:00", "2026-10-19 10:00", "Logic", "R1")
THURSDAY: Meeting = ("A1", "COMP101", "2026-10-22 14:00", "2026-10-22 15:00", "Logic", "R2")
NEXT_WEEK: Meeting = ("A1", "COMP101", "2026-10-27 09:00", "2026-10-27 10:00", "Logic", "R1")


ALWAYS = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))


def done(night: RunSummary) -> tuple[int, int, int]:
    reports = night.calendars
    created, updated, deleted = (sum(getattr(report, what) for report in reports) for what in ("created", "updated", "deleted"))
    return created, updated, deleted


def test_a_class_that_moves_within_its_week_is_one_update_and_the_same_entry(tmp_path: Path) -> None:
    world = NightWorld(tmp_path)
    address = world.calendar("COMP101")
    world.timetable([MONDAY, NEXT_WEEK])
    assert done(world.night()) == (2, 0, 0)
    before = sorted(world.backend.people.see(address), key=lambda item: item.start)
    world.timetable([THURSDAY, NEXT_WEEK])
    assert done(world.night()) == (0, 1, 0)
    after = sorted(world.backend.people.see(address), key=lambda item: item.start)
    assert [item.id for item in after] == [item.id for item in before]
    assert (after[0].start.day, after[0].location, after[1]) == (22, "R2", before[1])


def test_a_class_that_moves_to_another_week_is_one_that_goes_and_one_that_comes(tmp_path: Path) -> None:
    world = NightWorld(tmp_path)
    world.calendar("COMP101")
    world.timetable([MONDAY])
    world.night()
    world.timetable([NEXT_WEEK])
    assert done(world.night()) == (1, 0, 1)


def test_the_benchmark_counts_a_move_as_an_update_by_week_and_as_two_operations_by_date(tmp_path: Path) -> None:
    nights = [_lessons(tmp_path / "first.db", [MONDAY, NEXT_WEEK]), _lessons(tmp_path / "second.db", [THURSDAY, NEXT_WEEK])]
    needed, left_out = counted(nights)
    assert left_out == 0
    assert dict(needed["week"].total) == {"update": 1}
    assert dict(needed["dated"].total) == {"create": 1, "delete": 1}


def test_nights_that_fill_the_calendars_anew_are_left_out(tmp_path: Path) -> None:
    needed, left_out = counted([_lessons(tmp_path / "first.db", [MONDAY]), _lessons(tmp_path / "second.db", [NEXT_WEEK])])
    assert (left_out, needed["week"].each, needed["dated"].each) == (1, [], [])


def test_nothing_changed_is_nothing_to_do() -> None:
    assert operations({("C", "k"): (1,)}, {("C", "k"): (1,)}).total() == 0


@pytest.mark.shared
@pytest.mark.slow
def test_over_real_nights_keys_by_week_need_fewer_operations(shared: Path, tmp_path: Path) -> None:
    file = copied(shared / "data", tmp_path)
    needed, left_out = counted(lessons_of(as_patterns(file)) for _ in each_night(file, range(15, 31)))
    assert left_out == 0
    assert 0 < needed["week"].total.total() < needed["dated"].total.total()
    assert needed["week"].total["update"] > needed["dated"].total["update"]


def _lessons(file: Path, meetings: list[Meeting]) -> list[Lesson]:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE meeting (activity, module, starts, ends, title, room)")
        database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?)", meetings)
    columns = {"activity": "activity", "calendar": "module", "start": "starts", "end": "ends", "title": "title"}
    return lessons_of(configuration(f"sqlite:///{file}", columns=columns | {"rooms": {"column": "room", "many": True}}), ALWAYS)
