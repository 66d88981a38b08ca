"""Where an event comes from now: rows that are dated, that hold for several weeks, and those of child queries."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.night_world import NightWorld
from timetable_sync.config.load import load
from timetable_sync.timetable.provenance import Origin, Origins, find_origins

PATTERNS = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
query = "SELECT * FROM pattern ORDER BY rowid"
[timetable.columns]
activity = "activity"
weekday = "weekday"
weeks = "weeks"
start = "starts"
end = "ends"
title = "title"
cancelled = { column = "off", values = ["Y"] }
[timetable.weeks.axis]
first = "2026-10-05"
length = 12
[timetable.children.calendars]
query = "SELECT activity, module FROM pattern"
key = "activity"
value = "module"
[timetable.children.rooms]
query = "SELECT * FROM room"
key = "activity"
value = "room"
weeks = "room_weeks"
"""


@pytest.fixture
def world(tmp_path: Path) -> NightWorld:
    made = NightWorld(tmp_path, timetable=PATTERNS)
    with closing(sqlite3.connect(made.database)) as database, database:
        database.execute("CREATE TABLE pattern (activity, module, weekday, weeks, starts, ends, title, off)")
        database.executemany(
            "INSERT INTO pattern VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                ("A1", "COMP101", "3", "1-4", "09:00", "10:00", "Logic", None),
                ("A1", "COMP101", "5", "1-4", "11:00", "12:00", "Logic", "Y"),
                ("A1", "COMP101", "3", "3", "09:00", "08:00", "Logic", None),
                ("A2", "COMP101", "4", "1-4", "09:00", "10:00", "Sets", None),
            ],
        )
        database.execute("CREATE TABLE room (activity, room, room_weeks)")
        database.executemany("INSERT INTO room VALUES (?, ?, ?)", [("A1", "R1", "1-2"), ("A1", "R2", "3-4"), ("A2", "R3", None)])
    return made


def found(world: NightWorld, *keys: str) -> Origins:
    loaded = load(world.configuration, {}, files=False)
    return find_origins(loaded.settings, keys, base=loaded.base)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def facts(origin: Origin) -> tuple[Any, ...]:
    return (origin.start, origin.end, origin.cancelled, [row.number for row in origin.rows])


def test_a_row_for_several_weeks_is_the_row_of_each_of_its_events(world: NightWorld) -> None:
    """One that was set aside (the third) may be meant for any of its activity's weeks."""
    keys = [f"timetable/{part}" for part in ("/A1/2026-W42/1", "/A1/2026-W42/2", "/A2/2026-W42/1", "/A1/2026-W50/1")]

    origins = found(world, *keys)

    assert origins.names == ("activity", "module", "weekday", "weeks", "starts", "ends", "title", "off")
    assert [facts(origins.by_key[key]) for key in keys] == [
        (at(14, 8), at(14, 9), False, [1, 3]),
        (at(16, 10), at(16, 11), True, [2, 3]),
        (at(15, 8), at(15, 9), False, [4]),
        (None, None, False, [3]),
    ]


def test_rows_of_child_queries_are_told_with_whether_their_weeks_are_the_lessons(world: NightWorld) -> None:
    (key,) = keys = ["timetable//A1/2026-W42/1"]

    rows = found(world, *keys).by_key[key].child_rows

    assert [(row.query, row.values, row.counts) for row in rows] == [
        ("calendars", ("COMP101",), True),
        ("rooms", ("R1",), True),
        ("rooms", ("R2",), False),
    ]


def test_a_row_that_was_set_aside_stands_with_its_reason_beside_the_others(world: NightWorld) -> None:
    key = "timetable//A1/2026-W43/1"

    origin = found(world, key).by_key[key]

    assert [(row.number, row.refused) for row in origin.rows] == [(1, ""), (3, "end before start")]


def test_dated_rows_of_one_lesson_are_all_told(tmp_path: Path) -> None:
    world = NightWorld(tmp_path)
    times = ("2026-10-14 09:00", "2026-10-14 10:00", "Logic")
    world.timetable([("A1", "COMP101", *times, "R1"), ("A1", "MATH101", *times, "R2"), ("A2", "COMP101", *times, "R1")])
    key = "timetable/2026%2F27/A1/2026-W42/1"

    origin = found(world, key).by_key[key]

    assert facts(origin) == (at(14, 8), at(14, 9), False, [1, 2])
    assert [row.cells[1] for row in origin.rows] == ["COMP101", "MATH101"]
