"""Where rooms are calendars, a lesson without a room is in none: whole nights in which lessons lose and find their rooms."""

from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.config.load import load
from timetable_sync.reports.summary import RunSummary

LECTURES = [(f"L{number}", "R1", f"2026-10-{14 + number} 09:00", f"2026-10-{14 + number} 10:00", "Logic", None) for number in range(10)]


def rooms(folder: Path, said: str = 'lessons_without = "skip"') -> NightWorld:
    world = NightWorld(folder)
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[event]", f"{said}\n[event]"), "utf-8")
    for room in ("R1", "R2"):
        world.calendar(room)
    return world


def written(night: RunSummary) -> tuple[int, int, int, int]:
    """The exit code; events created, updated, deleted."""
    return (
        night.exit_code,
        sum(report.created for report in night.calendars),
        sum(report.updated for report in night.calendars),
        sum(report.deleted for report in night.calendars),
    )


def moved(meeting: Meeting, room: str | None) -> Meeting:
    return (meeting[0], room, *meeting[2:])


def test_it_is_counted_and_said_and_no_mistake(tmp_path: Path) -> None:
    world = rooms(tmp_path)
    world.timetable([*LECTURES, moved(("X", "", "2026-10-20 13:00", "2026-10-20 14:00", "Nowhere", None), None)])

    night = world.night()

    assert written(night) == (0, 10, 0, 0)
    assert (night.lessons, night.nowhere, night.bad_rows) == (11, 1, None)
    assert "1 lesson is in no calendar, as the timetable names none" in [trouble.message for trouble in night.worth_knowing]


def test_one_outside_of_the_window_is_not_counted(tmp_path: Path) -> None:
    world = rooms(tmp_path)
    world.timetable([*LECTURES, ("X", None, "2025-10-20 13:00", "2025-10-20 14:00", "Long ago", None)])

    assert world.night().nowhere == 0


def test_one_that_loses_its_room_leaves_that_rooms_calendar_and_others_go_on(tmp_path: Path) -> None:
    world = rooms(tmp_path)
    world.timetable(LECTURES)
    world.night()
    world.timetable([moved(LECTURES[0], None), moved(LECTURES[1], "R2"), *LECTURES[2:]])

    assert written(world.night()) == (0, 1, 0, 2)
    assert written(world.night()) == (0, 0, 0, 0)
    world.timetable(LECTURES)
    assert written(world.night()) == (0, 2, 0, 1)


def test_where_it_is_a_mistake_its_event_stays_and_the_night_ends_with_1(tmp_path: Path) -> None:
    world = rooms(tmp_path, said="")
    world.timetable(LECTURES)
    world.night()
    world.timetable([moved(LECTURES[0], None), *LECTURES[1:]])

    night = world.night()

    assert written(night) == (1, 0, 0, 0)
    assert night.bad_rows == {"without a calendar": 1}


def test_a_query_that_lost_most_rooms_is_held_by_the_guards(tmp_path: Path) -> None:
    world = rooms(tmp_path)
    world.timetable([*LECTURES, *[(f"M{row[0]}", "R2", *row[2:]) for row in LECTURES]])
    world.night()
    world.timetable([*[moved(row, None) for row in LECTURES], *[(f"M{row[0]}", "R2", *row[2:]) for row in LECTURES]])

    night = world.night()

    assert written(night) == (5, 0, 0, 0)
    assert [verdict.guard for verdict in night.held] == ["deletes_in_calendar"]


@pytest.mark.parametrize("forced", [(), ("deletes_in_run", "deletes_in_calendar", "shrunken_timetable")])
def test_a_timetable_of_which_no_lesson_names_a_calendar_is_refused_like_an_empty_one(tmp_path: Path, forced: tuple[str, ...]) -> None:
    """Three events only: below all floors the other guards would let them go."""
    world = rooms(tmp_path)
    world.timetable(LECTURES[:3])
    world.night()
    world.timetable([moved(row, None) for row in LECTURES[:3]])

    night = world.night(forced=forced)

    assert written(night) == (5, 0, 0, 0)
    assert [(verdict.guard, verdict.sentence) for verdict in night.held] == [
        ("empty_timetable", "the timetable is empty: none of its 3 lessons names a calendar")
    ]


def test_a_row_that_is_bad_otherwise_still_keeps_its_event(tmp_path: Path) -> None:
    world = rooms(tmp_path)
    world.timetable(LECTURES)
    world.night()
    activity, _, start, _, title, room = LECTURES[0]
    world.timetable([(activity, None, start, "yesterday", title, room), *LECTURES[1:]])

    assert written(world.night()) == (1, 0, 0, 0)


def test_rooms_of_a_child_query_may_lack_as_well(tmp_path: Path) -> None:
    timetable = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
start = "starts"
end = "ends"
title = "title"
[timetable.children.rooms]
query = "SELECT activity, module AS room FROM meeting WHERE module IS NOT NULL"
key = "activity"
value = "room"
[timetable.children.calendars]
query = "SELECT activity, module AS room FROM meeting WHERE module IS NOT NULL"
key = "activity"
value = "room"
"""
    world = NightWorld(tmp_path, timetable=timetable)
    world.calendar("R1")
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[event]", 'lessons_without = "skip"\n[event]'), "utf-8")
    world.timetable(LECTURES)
    assert written(world.night()) == (0, 10, 0, 0)
    world.timetable([moved(LECTURES[0], None), *LECTURES[1:]])

    night = world.night()

    assert written(night) == (0, 0, 0, 1)
    assert night.nowhere == 1


def test_it_makes_no_other_mapping(tmp_path: Path) -> None:
    """So that taking it up rewrites no event."""
    world = rooms(tmp_path, said="")
    world.timetable(LECTURES)
    world.night()
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[event]", 'lessons_without = "skip"\n[event]'), "utf-8")
    assert load(world.configuration, {}).settings.calendars.lessons_without == "skip"

    assert written(world.night()) == (0, 0, 0, 0)
