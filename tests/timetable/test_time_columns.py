"""What has a zone where a day or a time of day is wanted: converted to the lesson's zone, or its row is set aside; never moved."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.timetable.configurations import configuration
from timetable_sync.config.schema import Settings
from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC))
COLUMNS: dict[str, Any] = {"activity": "a", "calendar": "c", "title": "t"}
DAY = COLUMNS | {"date": "d", "start": "b", "end": "e"}


class Found:
    """``lessons`` as they stand in the zone of each, ``aside`` the columns that are to blame and the kinds of reason."""

    def __init__(self, settings: Settings) -> None:
        with read_timetable(settings, WINDOW) as reading:
            events = [event for calendar in reading.calendars() for event in reading.events(calendar)]
            self.events = sorted(events, key=lambda event: event.start)
            self.aside = [(bad.column, bad.reason) for bad in reading.bad_rows.examples]
            self.unsettled = {left.week for left in reading.unsettled}

    @property
    def lessons(self) -> list[str]:
        return [
            f"{event.start.astimezone(ZoneInfo(event.zone)):%Y-%m-%d %H:%M} {event.end.astimezone(ZoneInfo(event.zone)):%d %H:%M}"
            for event in self.events
        ]

    @property
    def blamed(self) -> list[str]:
        return [column for column, _ in self.aside]


def texts(
    folder: Path, columns: dict[str, Any], rows: Sequence[Mapping[str, object]], zone: str = "Europe/London", **timetable: Any
) -> Found:
    """Rows of a SQLite file, whose every cell is a text."""
    names = list(dict.fromkeys(["a", "c", "t", *(name for row in rows for name in row)]))
    file = folder / "timetable.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DROP TABLE IF EXISTS m")
        database.execute(f"CREATE TABLE m ({', '.join(names)})")
        given = [{"a": f"A{number}", "c": "COMP101", "t": "Logic", **row} for number, row in enumerate(rows)]
        database.executemany(f"INSERT INTO m VALUES ({', '.join('?' * len(names))})", [[row.get(name) for name in names] for row in given])
    return Found(configuration(f"sqlite:///{file}", "SELECT * FROM m", columns=columns, time_zone=zone, **timetable))


def served(url: str, selected: str, columns: dict[str, Any], session: str = "UTC", zone: str = "Europe/London", **timetable: Any) -> Found:
    """Rows of a PostgreSQL query, in a session of that zone."""
    query = f"SELECT 'A' AS a, 'COMP101' AS c, 'Logic' AS t, {selected}"
    return Found(configuration(f"{url}?options=-cTimeZone%3D{session}", query, columns=columns, time_zone=zone, **timetable))


@pytest.mark.parametrize("end", ["10:00+00", "10:00:00Z", "15:30:00+05:30", "05:00:00-05", "10:00:00.25+0000"])
@pytest.mark.parametrize("start", ["09:00+00", "09:00Z", "9:00+00", "10:00:00+0100", "04:00:00-05:00"])
def test_a_time_of_day_with_a_zone_is_converted_on_the_lessons_date(tmp_path: Path, start: str, end: str) -> None:
    found = texts(tmp_path, DAY, [{"d": day, "b": start, "e": end} for day in ("2026-07-01", "2026-11-30")])
    assert (found.lessons, found.aside) == (["2026-07-01 10:00 01 11:00", "2026-11-30 09:00 30 10:00"], [])


@pytest.mark.parametrize("start", ["2026-07-01 09:00:00+00", "2026-07-01T09:00:00Z", "2026-07-01T14:30:00.000+05:30"])
def test_a_moment_with_a_zone_is_the_moment_that_it_is(tmp_path: Path, start: str) -> None:
    found = texts(tmp_path, DAY, [{"d": "2026-07-01", "b": start, "e": "11:00"}])
    assert (found.lessons, found.aside) == (["2026-07-01 10:00 01 11:00"], [])


@pytest.mark.parametrize("text", ["09:00-05", "09:00-10:30", "9:00-10"])
def test_what_may_be_from_when_to_when_is_no_time_with_a_zone(tmp_path: Path, text: str) -> None:
    assert texts(tmp_path, DAY, [{"d": "2026-07-01", "b": text, "e": "11:00"}]).blamed == ["b"]


@pytest.mark.parametrize(
    ("zone", "day", "lesson"),
    [
        ("Europe/London", "2026-11-30 00:00:00+00", "2026-11-30"),
        ("Europe/London", "20261130T000000Z", "2026-11-30"),
        ("Europe/Prague", "2026-11-29T23:00:00Z", "2026-11-30"),
        ("America/New_York", "2026-11-30T05:00:00.000Z", "2026-11-30"),
        ("Europe/London", "2026-07-01 00:00:00+00", None),
        ("Europe/Prague", "2026-11-30 00:00:00+00", None),
        ("America/New_York", "2026-11-30T00:00:00Z", None),
        ("Europe/London", "2026-11-30 09:00:00+00", None),
        ("Europe/London", "2026-11-30 00:00 Europe/London", None),
        ("Europe/London", "2026-11-30 00:00 UTC", None),
        # In Beirut the clocks go forward at midnight: that day begins at one o'clock.
        ("Asia/Beirut", "2026-03-28T22:00:00Z", "2026-03-29"),
    ],
)
def test_a_day_is_the_one_that_begins_then_in_the_lessons_zone(tmp_path: Path, zone: str, day: str, lesson: str | None) -> None:
    found = texts(tmp_path, DAY, [{"d": day, "b": "09:00", "e": "10:00"}], zone)
    if lesson is None:
        assert (found.lessons, found.blamed, found.unsettled) == ([], ["d"], {None})
    else:
        assert (found.lessons, found.aside) == ([f"{lesson} 09:00 {lesson[-2:]} 10:00"], [])


def test_why_a_day_cannot_be_told_is_said_with_what_to_do(tmp_path: Path) -> None:
    found = texts(tmp_path, DAY, [{"d": "2026-07-01T00:00:00Z", "b": "09:00", "e": "10:00"}])
    reason = "2026-07-01 00:00:00+00:00 is 2026-07-01 01:00 in Europe/London, where no day begins then; let the query give the day without"
    assert found.aside[0][1].startswith(reason)


WHOLE = COLUMNS | {"start": "b", "end": "e", "all_day": "w"}


@pytest.mark.parametrize(
    ("columns", "cells", "lesson", "blamed"),
    [
        (COLUMNS | {"date": "d"}, {"d": "2026-11-30T00:00:00Z"}, "2026-11-30 00:00 01 00:00", ""),
        (COLUMNS | {"date": "d"}, {"d": "2026-07-01T00:00:00Z"}, "", "d"),
        (COLUMNS | {"date": "d", "end_date": "l"}, {"d": "2026-11-30", "l": "2026-12-01T00:00:00Z"}, "2026-11-30 00:00 02 00:00", ""),
        (COLUMNS | {"date": "d", "end_date": "l"}, {"d": "2026-07-01", "l": "2026-07-02T00:00:00Z"}, "", "l"),
        (WHOLE, {"w": "1", "b": "2026-11-30T00:00:00Z", "e": "2026-12-02T00:00:00Z"}, "2026-11-30 00:00 02 00:00", ""),
        (WHOLE, {"w": "1", "b": "2026-11-30", "e": b"2026-12-02 00:00:00"}, "2026-11-30 00:00 02 00:00", ""),
        (WHOLE, {"w": "1", "b": "2026-06-30T23:00:00Z", "e": "2026-07-01T23:00:00Z"}, "2026-07-01 00:00 02 00:00", ""),
        (WHOLE, {"w": "1", "b": "2026-07-01T00:00:00Z", "e": "2026-07-02"}, "", "b"),
        (WHOLE, {"w": "1", "b": "2026-07-01", "e": "2026-07-02T00:00:00Z"}, "", "e"),
        (WHOLE, {"w": "1", "b": "2026-07-01", "e": "9999-12-31"}, "", "e"),
    ],
)
def test_so_it_is_with_whole_days(tmp_path: Path, columns: dict[str, Any], cells: dict[str, object], lesson: str, blamed: str) -> None:
    found = texts(tmp_path, columns, [cells])
    assert (found.lessons, found.blamed) == ([lesson] if lesson else [], [blamed] if blamed else [])


def test_each_lesson_has_its_own_zone(tmp_path: Path) -> None:
    rows = [
        {"z": zone, "d": day, "b": "09:00Z", "e": "10:00Z"}
        for zone in (None, "Asia/Kolkata", "America/New_York")
        for day in ("2026-07-01", "2026-11-30")
    ]
    found = texts(tmp_path, DAY | {"zone": "z"}, rows)
    assert found.aside == []
    assert sorted(found.lessons) == sorted(
        [
            "2026-07-01 10:00 01 11:00",
            "2026-07-01 14:30 01 15:30",
            "2026-07-01 05:00 01 06:00",
            "2026-11-30 09:00 30 10:00",
            "2026-11-30 14:30 30 15:30",
            "2026-11-30 04:00 30 05:00",
        ]
    )
    day = texts(tmp_path, COLUMNS | {"date": "d", "zone": "z"}, [{"d": "2026-07-01T04:00:00Z", "z": "America/New_York"}])
    assert (day.lessons, day.aside) == (["2026-07-01 00:00 02 00:00"], [])


@pytest.mark.parametrize("start", ["21:00Z", "2026-11-29T21:00:00Z", "2026-11-30T21:00:00Z"])
def test_a_start_that_leads_to_another_day_than_the_date_is_set_aside(tmp_path: Path, start: str) -> None:
    # 30 November is a Monday: the lesson may be meant for the week before.
    found = texts(tmp_path, DAY, [{"d": "2026-11-30", "b": start, "e": "23:30"}], "Pacific/Auckland")
    if start.startswith("2026-11-29"):
        assert found.lessons == ["2026-11-30 10:00 30 23:30"]
    else:
        assert (found.lessons, found.blamed) == ([], ["b"])
        assert None in found.unsettled


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "overnight", "lesson"),
    [
        ("Europe/London", "2026-07-01", "21:00Z", "23:00Z", "no", "2026-07-01 22:00 02 00:00"),
        ("Europe/London", "2026-07-01", "21:00Z", "23:30Z", "no", "2026-07-01 22:00 02 00:30"),
        ("Europe/London", "2026-07-01", "21:00Z", "00:30Z", "no", ""),
        ("Europe/London", "2026-07-01", "21:00Z", "00:30Z", "any", "2026-07-01 22:00 02 01:30"),
        ("Europe/London", "2026-11-30", "21:00Z", "00:00Z", "midnight", "2026-11-30 21:00 01 00:00"),
        ("Europe/London", "2026-07-01", "21:00Z", "00:00Z", "midnight", ""),
        ("Pacific/Honolulu", "2026-07-01", "20:00Z", "09:00Z", "no", "2026-07-01 10:00 01 23:00"),
        ("Europe/London", "2026-07-01", "2026-07-01T21:00Z", "2026-07-02T00:30Z", "no", "2026-07-01 22:00 02 01:30"),
        ("Europe/London", "2026-07-01", "22:00", "00:30Z", "any", "2026-07-01 22:00 02 01:30"),
        ("Europe/London", "2026-07-01", "21:00Z", "00:30", "any", "2026-07-01 22:00 02 00:30"),
        # The night in which the clocks go back at 01:00 UTC: an hour is there twice, and what has a zone is one of both.
        ("Europe/London", "2026-10-25", "00:30Z", "01:30Z", "no", "2026-10-25 01:30 25 01:30"),
        ("Europe/London", "2026-10-25", "2026-10-25T01:15Z", "01:45Z", "no", "2026-10-25 01:15 25 01:45"),
        ("Europe/London", "2026-10-24", "22:30Z", "01:30Z", "any", "2026-10-24 23:30 25 01:30"),
        ("Europe/London", "2027-03-28", "00:30Z", "01:30Z", "no", "2027-03-28 00:30 28 02:30"),
    ],
)
def test_ends_after_midnight_and_in_hours_that_are_there_twice(
    tmp_path: Path, zone: str, day: str, start: str, end: str, overnight: str, lesson: str
) -> None:
    columns = DAY | {"end": {"column": "e", "overnight": overnight}}
    found = texts(tmp_path, columns, [{"d": day, "b": start, "e": end}], zone)
    assert (found.lessons, found.blamed) == ([lesson] if lesson else [], [] if lesson else ["e"])
    for event in found.events:
        assert event.end > event.start
        if day == "2026-10-25":
            assert event.start in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC))


def test_a_length_is_added_to_a_start_with_a_zone(tmp_path: Path) -> None:
    columns = COLUMNS | {"date": "d", "start": {"column": "b", "offset": 15}, "duration": "n"}
    rows = [{"d": "2026-07-01", "b": "09:00+00", "n": "90"}, {"d": "2026-07-01", "b": "09:00+00", "n": "5e9"}]
    found = texts(tmp_path, columns, rows)
    assert (found.lessons, found.blamed) == (["2026-07-01 10:15 01 11:45"], ["n"])


PATTERN = COLUMNS | {"weekday": "w", "weeks": "k", "start": "b", "end": "e"}
AXIS = {"axis": {"first": "2026-10-12", "length": 4}}


def test_in_a_pattern_of_weeks_a_time_of_day_follows_the_clocks_of_its_zone_and_a_lessons_moment_those_of_the_lesson(
    tmp_path: Path,
) -> None:
    # The clocks go back on 25 October, in the midst of it.
    row: dict[str, object] = {"w": "1", "k": "2-3"}
    found = texts(tmp_path, PATTERN, [row | {"b": "09:00Z", "e": "10:00Z"}], weeks=AXIS)
    assert (found.lessons, found.aside) == (["2026-10-19 10:00 19 11:00", "2026-10-26 09:00 26 10:00"], [])
    first = {"b": "2026-10-19T08:00:00Z", "e": "2026-10-19T09:00:00Z"}
    found = texts(tmp_path, PATTERN, [row | first], weeks=AXIS)
    assert (found.lessons, found.aside) == (["2026-10-19 09:00 19 10:00", "2026-10-26 09:00 26 10:00"], [])


def test_a_moment_on_a_day_of_no_lesson_is_read_only_where_summer_and_winter_are_the_same(tmp_path: Path) -> None:
    moments = {"b": "1899-12-30T09:00:00Z", "e": "1899-12-30T10:00:00Z"}
    found = texts(tmp_path, DAY, [moments | {"d": "2026-11-30"}, moments | {"d": "2026-07-01"}])
    assert (found.lessons, found.blamed) == (["2026-11-30 09:00 30 10:00"], ["b"])
    assert "is 09:00 in Europe/London on its own day, and 10:00 on 2026-07-01" in found.aside[0][1]


def test_an_axis_and_the_beginnings_of_patterns_have_days_that_begin(tmp_path: Path) -> None:
    row = {"w": "1", "k": "1", "b": "09:00", "e": "10:00"}
    for day, well in (("2026-10-11T23:00:00Z", True), ("2026-10-12T00:00:00Z", False)):
        for query in (f"SELECT 1 AS n, '{day}' AS date", f"SELECT '{day}' AS date", f"SELECT '{day}' AS week1"):
            axis = {"query": query, **({"number": "n"} if " n," in query else {"wide": "week{}"} if "week1" in query else {})}
            if well:
                assert texts(tmp_path, PATTERN, [row], weeks={"axis": axis}).lessons == ["2026-10-12 09:00 12 10:00"]
            else:
                with pytest.raises(TimetableUnusable, match="is 2026-10-12 01:00 in Europe/London, where no day begins then"):
                    texts(tmp_path, PATTERN, [row], weeks={"axis": axis})
        begins = COLUMNS | {"weeks": "k", "begins": "s", "start": "b", "end": "e"}
        found = texts(tmp_path, begins, [row | {"s": day}], weeks={"form": "days"})
        assert (found.lessons, found.blamed) == ((["2026-10-12 09:00 12 10:00"], []) if well else ([], ["s"]))


def test_the_offsets_column_is_blamed_for_what_it_says(tmp_path: Path) -> None:
    columns = DAY | {"start": {"column": "b", "unit": "minutes", "offset": "o"}, "end": "e"}
    assert texts(tmp_path, columns, [{"d": "2026-07-01", "b": "540", "e": "10:00", "o": "soon"}]).blamed == ["o"]
    columns = COLUMNS | {"weeks": "k", "begins": "s", "start": "b", "end": "e"}
    row = {"s": "2026-07-01", "k": "1", "b": "09:00", "e": "10:00", "o": "soon"}
    assert texts(tmp_path, columns, [row], weeks={"form": "days", "offset": "o"}).blamed == ["o"]


def test_a_pattern_without_a_week_is_no_lesson_where_it_names_its_last_day_too(tmp_path: Path) -> None:
    row = {"w": "1", "k": "NN", "b": "09:00", "e": "10:00", "l": "2026-10-12"}
    found = texts(tmp_path, PATTERN | {"end_date": "l"}, [row], weeks=AXIS | {"form": "flags"})
    assert (found.lessons, found.aside) == ([], [])


def test_of_a_lesson_that_ends_in_the_week_before_either_time_may_be_the_mistake(tmp_path: Path) -> None:
    columns = COLUMNS | {"start": "b", "end": "e", "zone": "z"}
    found = texts(tmp_path, columns, [{"b": "2026-11-30 09:00", "e": "2026-11-24 10:00", "z": None}])
    assert found.unsettled == {"2026-W49", "2026-W48", None}


def test_a_bad_row_leaves_the_week_open_that_it_has_in_its_own_zone(tmp_path: Path) -> None:
    # Sunday in London, Monday in Auckland.
    columns = COLUMNS | {"start": "b", "end": "e", "zone": "z"}
    found = texts(tmp_path, columns, [{"b": "2026-11-29T20:00:00Z", "e": "soon", "z": "Pacific/Auckland"}])
    assert found.unsettled == {"2026-W49"}


@pytest.mark.postgresql
@pytest.mark.parametrize("session", ["UTC", "Europe/London", "America/New_York", "Pacific/Auckland"])
def test_the_zone_of_the_servers_session_has_no_say(postgresql_url: str, session: str) -> None:
    def lessons(selected: str, columns: dict[str, Any] = DAY, **more: Any) -> tuple[list[str], list[str]]:
        found = served(postgresql_url, selected, columns, session, **more)
        return found.lessons, found.blamed

    times = "timetz '09:00+00' AS b, timetz '12:00+02' AS e"
    assert lessons(f"date '2026-07-01' AS d, {times}") == (["2026-07-01 10:00 01 11:00"], [])
    moments = "timestamptz '2026-07-01 09:00+00' AS b, timestamptz '2026-07-01 10:00+00' AS e"
    assert lessons(f"date '2026-07-01' AS d, {moments}") == (["2026-07-01 10:00 01 11:00"], [])
    assert lessons(f"timestamptz '2026-06-30 23:00+00' AS d, {times}") == (["2026-07-01 10:00 01 11:00"], [])
    assert lessons(f"timestamptz '2026-07-01 00:00+00' AS d, {times}") == ([], ["d"])
    whole = COLUMNS | {"start": "d", "end": "l", "all_day": "w"}
    two = "true AS w, timestamptz '2026-06-30 23:00+00' AS d, timestamptz '2026-07-02 23:00+00' AS l"
    assert lessons(two, whole) == (["2026-07-01 00:00 03 00:00"], [])
    # The first lesson of a pattern, as a moment: one in summer, the other in winter.
    pattern = "1 AS w, '2,3' AS k, timestamptz '2026-10-19 08:00+00' AS b, timestamptz '2026-10-19 09:00+00' AS e"
    assert lessons(pattern, PATTERN, weeks=AXIS) == (["2026-10-19 09:00 19 10:00", "2026-10-26 09:00 26 10:00"], [])
    dummy = "timestamptz '1970-01-01 09:00+00' AS b, timestamptz '1970-01-01 10:00+00' AS e"
    assert lessons(f"date '2026-11-30' AS d, {dummy}") == ([], ["b"])
    assert lessons(f"date '2026-07-01' AS d, {dummy}") == (["2026-07-01 10:00 01 11:00"], [])
    assert lessons(
        "date '2026-07-01' AS d, time '09:00' AS b, timetz '01:30+00' AS n", COLUMNS | {"date": "d", "start": "b", "duration": "n"}
    )[1] == ["n"]
    axis = {"axis": {"query": "SELECT timestamptz '2026-10-11 23:00+00' AS date"}}
    assert lessons("1 AS w, '1' AS k, '09:00' AS b, '10:00' AS e", PATTERN, weeks=axis) == (["2026-10-12 09:00 12 10:00"], [])


@pytest.mark.postgresql
@pytest.mark.parametrize("session", ["UTC", "America/New_York"])
@pytest.mark.parametrize("zone", [None, "Asia/Kolkata"])
def test_nor_has_it_in_ids_and_texts(postgresql_url: str, session: str, zone: str | None) -> None:
    columns = {"key": "k", "calendar": "c", "title": "t", "start": "b", "end": "e", "rooms": "r", "zone": "z"}
    moment = "timestamptz '2026-07-01 09:00+00'"
    query = (
        f"SELECT {moment} AS k, 'COMP101' AS c, {moment} AS t, {moment} AS b, timestamptz '2026-07-01 10:00+00' AS e, ARRAY[{moment}] AS r,"
        f" {'NULL' if zone is None else repr(zone)} AS z"
    )
    if zone is None:
        del columns["zone"]
    url = f"{postgresql_url}?options=-cTimeZone%3D{session}"
    event = {"location": "{{ rooms | join(', ') }}"}
    with read_timetable(configuration(url, query, columns=columns, event=event), WINDOW) as reading:
        (found,) = (event for calendar in reading.calendars() for event in reading.events(calendar))
    here = "2026-07-01 10:00+01:00" if zone is None else "2026-07-01 14:30+05:30"
    assert (found.subject, found.location) == (here, here)
    # An id is no lesson's, and stays the same when that moves to another zone.
    assert found.key == "timetable/2026%2F27/2026-07-01%2010:00+01:00/own/1"


@pytest.mark.parametrize(
    "text", ["2026-11-30", "2026-11-30 00:00", "2026-11-30T00:00:00", "20261130", "2026-11-30 23:59:59.5", "2026-11-30 11:00 AM"]
)
def test_a_day_without_a_zone_is_what_it_was(tmp_path: Path, text: str) -> None:
    assert texts(tmp_path, DAY, [{"d": text, "b": "09:00", "e": "10:00"}]).lessons == ["2026-11-30 09:00 30 10:00"]


def test_a_day_in_the_configuration_has_no_zone() -> None:
    for first in (date(2026, 9, 21), "2026-09-21"):
        assert configuration(columns=PATTERN, weeks={"axis": {"first": first}}).timetable.weeks is not None
    for wrong in (datetime(2026, 9, 21, tzinfo=UTC), 1_790_035_200):
        with pytest.raises(ValueError, match="must be a day"):
            configuration(columns=PATTERN, weeks={"axis": {"first": wrong}})
