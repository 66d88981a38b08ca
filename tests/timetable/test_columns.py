"""Columns found by name, and rows read or refused."""

from datetime import timedelta
from typing import Any

import pytest

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.columns import JOINT, At, Columns, RowRefused
from timetable_sync.timetable.times import LocalClock

NAMES = ("activity", "module", "starts", "ends", "title", "type", "room")
GOOD = ("A1", "COMP101", "2026-11-24 09:00", "2026-11-24 10:00", "Logic", "Lecture", "R1")


def columns(names: tuple[str, ...] = NAMES, **more: Any) -> Columns:
    timetable = configuration(columns={**COLUMNS, **more}).timetable
    return Columns(timetable, names, LocalClock(timetable.time_zone))


def test_a_row_becomes_a_tuple_of_texts_and_moments() -> None:
    assert columns().read(7, GOOD) == (
        "2026/27",
        "A1",
        "2026-W48",
        1_795_510_800,
        1_795_514_400,
        7,
        0,
        "COMP101",
        "R1",
        "Logic",
        "Lecture",
    )
    assert [field.name for field in columns().fields] == ["rooms", "title", "type"]


def test_a_column_is_found_whatever_its_case_if_that_makes_one() -> None:
    assert columns(tuple(name.upper() for name in NAMES)).read(1, GOOD)[At.ACTIVITY] == "A1"
    names = ("ACTIVITY", *NAMES[1:], "activity")
    assert columns(names).read(1, (*GOOD, "exact"))[At.ACTIVITY] == "exact"


def test_a_missing_column_is_named_with_the_nearest_and_all_that_there_are() -> None:
    with pytest.raises(TimetableUnusable) as caught:
        columns(title={"column": "tittel"})
    assert caught.value.message == (
        'timetable.columns.title names the column "tittel", which the query does not give; did you mean "title"? '
        "(it gives activity, module, starts, ends, title, type, room)"
    )
    assert "\n" not in caught.value.message + caught.value.advice


def test_a_missing_column_that_resembles_none_is_named_with_all_that_there_are() -> None:
    with pytest.raises(TimetableUnusable, match=r'"qqq", which the query does not give \(it gives activity, module'):
        columns(title={"column": "qqq"})


def test_a_column_that_the_query_gives_twice_is_refused_where_it_is_named() -> None:
    with pytest.raises(TimetableUnusable, match=r'"room", which the query gives 2 times'):
        columns((*NAMES, "room"))
    assert columns((*NAMES, "unused", "unused")).read(1, (*GOOD, 1, 2))[At.ACTIVITY] == "A1"


def test_a_period_of_its_own_column_falls_back_to_the_configured_one() -> None:
    read = columns((*NAMES, "term"), period={"column": "term"}).read
    assert read(1, (*GOOD, "2027/28"))[At.PERIOD] == "2027/28"
    assert read(1, (*GOOD, " "))[At.PERIOD] == "2026/27"


def test_rooms_staff_and_groups_are_several_without_being_told() -> None:
    read = columns((*NAMES, "names"), rooms={"column": "room"}, staff={"column": "names", "split": ";"}).read
    row = read(1, (*GOOD, "Frege; Boole;;Frege"))
    assert row[At.FIELDS :] == ("R1", f"Boole{JOINT}Frege", "Logic", "Lecture")


def test_calendars_of_one_cell_can_be_split() -> None:
    row = columns(calendar={"column": "module", "split": "/"}).read(1, ("A1", "COMP101 / MATH7", *GOOD[2:]))
    assert row[At.CALENDARS] == f"COMP101{JOINT}MATH7"


def test_markup_in_what_identifies_is_no_markup() -> None:
    row = columns().read(1, ("A&amp;1", "<b>X</b>", *GOOD[2:4], "R&amp;D", "<i>Lecture</i>", None))
    assert (row[At.ACTIVITY], row[At.CALENDARS]) == ("A&amp;1", "<b>X</b>")
    assert row[At.FIELDS :] == ("", "R&D", "Lecture")


@pytest.mark.parametrize(("length", "minutes"), [("90", 90), (timedelta(minutes=45), 45), ("1:30", 90)])
def test_a_duration_stands_for_an_end(length: object, minutes: int) -> None:
    without_end = {name: column for name, column in COLUMNS.items() if name != "end"}
    timetable = configuration(columns={**without_end, "duration": {"column": "length", "unit": "minutes"}}).timetable
    row = Columns(timetable, (*NAMES, "length"), LocalClock("Europe/London")).read(1, (*GOOD, length))
    assert row[At.END] - row[At.START] == minutes * 60


@pytest.mark.parametrize(
    ("changed", "field", "kind", "known"),
    [
        ({"activity": " "}, "activity", "without an activity", (None, "2026-W48", "COMP101")),
        ({"starts": None}, "start", "without a start", ("A1", None, "COMP101")),
        ({"starts": "soon"}, "start", "with a start that cannot be read", ("A1", None, "COMP101")),
        ({"ends": ""}, "end", "without an end", ("A1", "2026-W48", "COMP101")),
        ({"ends": "later"}, "end", "with an end that cannot be read", ("A1", "2026-W48", "COMP101")),
        ({"ends": "2026-11-24 08:00"}, "end", "end before start", ("A1", "2026-W48", "COMP101")),
        ({"ends": "2026-11-24 09:00:00.4"}, "end", "of no length", ("A1", "2026-W48", "COMP101")),
        ({"module": None}, "calendar", "without a calendar", ("A1", "2026-W48", "")),
        ({"activity": None, "starts": "soon"}, "activity", "without an activity", (None, None, "COMP101")),
    ],
)
def test_a_bad_row_says_why_and_what_is_known_of_it(
    changed: dict[str, Any], field: str, kind: str, known: tuple[str | None, str | None, str]
) -> None:
    with pytest.raises(RowRefused) as caught:
        columns().read(3, [changed.get(name, cell) for name, cell in zip(NAMES, GOOD, strict=True)])
    refused = caught.value
    assert (refused.field, refused.kind) == (field, kind)
    assert (refused.known[At.ACTIVITY], refused.known[At.WEEK], refused.known[At.CALENDARS]) == known
    assert refused.known[At.NUMBER] == 3
    assert "Logic" in refused.about


def test_a_row_that_ends_before_it_starts_may_belong_to_either_week_or_to_any() -> None:
    with pytest.raises(RowRefused) as caught:
        columns().read(3, [{"starts": "2026-12-24 09:00"}.get(name, cell) for name, cell in zip(NAMES, GOOD, strict=True)])
    assert caught.value.weeks == ("2026-W52", "2026-W48", None)
    with pytest.raises(RowRefused) as caught:
        columns().read(3, [{"ends": None}.get(name, cell) for name, cell in zip(NAMES, GOOD, strict=True)])
    assert caught.value.weeks == ("2026-W48",)


def test_a_row_without_a_calendar_is_good_where_the_rows_of_a_lesson_complement_each_other() -> None:
    row = columns(calendar={"column": "module", "many": True}).read(1, ("A1", None, *GOOD[2:]))
    assert row[At.CALENDARS] == ""


@pytest.mark.parametrize("gap", [None, "", " \xa0"])
def test_an_array_that_names_a_calendar_by_nothing_is_a_row_without_a_calendar(gap: str | None) -> None:
    row = ("A1", ["COMP101", gap], *GOOD[2:])
    with pytest.raises(RowRefused) as caught:
        columns().read(1, row)
    assert (caught.value.kind, caught.value.known[At.ACTIVITY]) == ("without a calendar", "A1")
    assert columns(calendar={"column": "module", "many": True}).read(1, row)[At.CALENDARS] == "COMP101"
    assert columns().read(1, ("A1", ["COMP101", "MATH7"], *GOOD[2:]))[At.CALENDARS] == f"COMP101{JOINT}MATH7"
