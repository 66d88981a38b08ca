"""The example configurations over the real timetables that they were written for."""

import sqlite3
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from timetable_sync.config.schema import Settings
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

pytestmark = pytest.mark.shared


def example(name: str, database: Path) -> Settings:
    tables: dict[str, Any] = tomllib.loads((EXAMPLES / f"{name}.toml").read_text("utf-8"))
    tables["timetable"]["url"] = f"sqlite:///{database}"
    return Settings.model_validate(tables)


def test_unitimes_college_is_read_in_full_with_one_calendar_a_course(shared: Path) -> None:
    database = shared / "data" / "unitime-woebegon.sqlite"
    window = Window(datetime(2007, 8, 1, tzinfo=UTC), datetime(2011, 1, 1, tzinfo=UTC))
    with read_timetable(example("unitime-woebegon", database), window, base=EXAMPLES) as reading:
        assert (reading.rows, reading.lessons, reading.events_in_window) == (6_722, 6_722, 6_722)
        assert (reading.bad_rows.count, reading.unsettled, reading.notes) == (0, (), ())
        found = {calendar.name: reading.events(calendar) for calendar in reading.calendars()}
        addresses = {calendar.name: calendar.address for calendar in reading.calendars()}
    assert addresses["C S 101"] == "c-s-101@groups.example.ac.uk"
    # What the database says by itself, by a query that shares nothing with the example's.
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    meetings = connection.execute(
        """SELECT subject_area_abbreviation || ' ' || course_nbr,
                  meeting_date, start_period, stop_period, stop_offset, class_id, room_number
             FROM meeting JOIN event ON event.uniqueid = event_id
             JOIN class_ ON class_.uniqueid = class_id JOIN scheduling_subpart s ON s.uniqueid = subpart_id
             JOIN instr_offering_config f ON f.uniqueid = s.config_id JOIN course_offering o ON o.instr_offr_id = f.instr_offr_id
             JOIN subject_area a ON a.uniqueid = o.subject_area_id
             LEFT JOIN room ON permanent_id = location_perm_id AND room.session_id = a.session_id
            WHERE event_type = 0"""
    ).fetchall()
    connection.close()
    zone = ZoneInfo("America/Indiana/Indianapolis")
    wanted: Counter[tuple[Any, ...]] = Counter()
    for course, day, start, stop, offset, activity, room in meetings:
        midnight = datetime.combine(date.fromisoformat(day), datetime.min.time())
        begins = (midnight + timedelta(minutes=5 * start)).replace(tzinfo=zone).astimezone(UTC)
        ends = (midnight + timedelta(minutes=5 * stop + offset)).replace(tzinfo=zone).astimezone(UTC)
        wanted[(course, begins, ends, str(activity), room)] += 1
    seen: Counter[tuple[Any, ...]] = Counter()
    for course, events in found.items():
        for event in events:
            room = (event.location or "").rpartition(" ")[2]
            seen[(course, event.start, event.end, event.key.split("/")[2], room)] += 1
            assert event.subject.startswith(f"{course} ")
        assert len({event.key for event in events}) == len(events)
        assert events == sorted(events, key=lambda event: (event.start, event.key))
    assert seen == wanted
    assert len(found) == 21


@pytest.fixture(scope="module")
def fullest_night(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the university, set to the night with the most meetings."""
    copy = tmp_path_factory.mktemp("university") / "nights.sqlite"
    with sqlite3.connect(f"file:{shared / 'data' / 'university-nights-2024S2.sqlite'}?mode=ro", uri=True) as source:
        target = sqlite3.connect(copy)
        source.backup(target)
    target.execute("UPDATE tonight SET n = (SELECT n FROM snapshot ORDER BY occurrences DESC LIMIT 1)")
    target.commit()
    target.close()
    return copy


@pytest.mark.slow
def test_a_whole_universitys_night_is_read_in_full(fullest_night: Path) -> None:
    window = Window(datetime(2024, 6, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    with read_timetable(example("university-nights", fullest_night), window, base=EXAMPLES) as reading:
        assert (reading.rows, reading.lessons, reading.events_in_window) == (51_691, 51_691, 51_691)
        assert (reading.bad_rows.count, reading.unsettled, reading.notes) == (0, (), ())
        calendars = reading.calendars()
        assert len(calendars) == 982
        events = [event for calendar in calendars for event in reading.events(calendar)]
    assert len(events) == 51_691
    zone = ZoneInfo("Australia/Sydney")
    starts = Counter(event.start.astimezone(zone).strftime("%Y-%m-%d %H:%M") for event in events)
    connection = sqlite3.connect(f"file:{fullest_night}?mode=ro", uri=True)
    # Before and after the clocks change on 6 October 2024, the hour is the publication's.
    assert starts == dict(connection.execute("SELECT date || ' ' || start, count(*) FROM v_occ_tonight GROUP BY 1").fetchall())
    connection.close()
    assert not any("\xa0" in event.subject or "  " in event.subject for event in events)
    assert not any("\xa0" in (event.location or "") or (event.location or "").startswith(" ") for event in events)


@pytest.mark.slow
def test_a_window_cuts_events_and_neither_their_numbers_nor_calendars(fullest_night: Path) -> None:
    settings = example("university-nights", fullest_night)
    whole = Window(datetime(2024, 6, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
    # From the midst of a Wednesday to the midst of a Thursday.
    part = Window(datetime(2024, 8, 14, 2, tzinfo=UTC), datetime(2024, 8, 22, 3, tzinfo=UTC))
    with read_timetable(settings, whole, base=EXAMPLES) as all_of_it, read_timetable(settings, part, base=EXAMPLES) as some_of_it:
        assert some_of_it.calendars() == all_of_it.calendars()
        assert some_of_it.lessons == all_of_it.lessons
        inside = 0
        for calendar in all_of_it.calendars():
            wanted = [event for event in all_of_it.events(calendar) if part.holds(event.start)]
            assert some_of_it.events(calendar) == wanted
            inside += len(wanted)
    assert some_of_it.events_in_window == inside > 3_000
