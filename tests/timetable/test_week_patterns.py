"""Flags of weeks, and ids, in columns and tables of patterns: what is lost is never guessed, and what is wrong with one stops no other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.timetable.configurations import COLUMNS as USUAL_COLUMNS
from tests.timetable.configurations import configuration
from tests.timetable.servers import Server
from timetable_sync.config.schema import Settings
from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable
from timetable_sync.timetable.times import Unreadable
from timetable_sync.timetable.week_patterns import Patterns, read_weekly

WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))
COLUMNS: dict[str, Any] = {"activity": "a", "calendar": "c", "title": "t", "weekday": "w", "weeks": "k", "start": "b", "end": "e"}
#: Without the columns a and k.
ROW = "'COMP101' AS c, 'Logic' AS t, 1 AS w, '09:00' AS b, '10:00' AS e"
AXIS = {"first": "2026-10-05", "length": 20}


def flags(url: str, cell: str, *, form: str = "flags", **timetable: Any) -> Settings:
    query = f"SELECT 'A1' AS a, {ROW}, {cell} AS k"
    return configuration(url, query, columns=COLUMNS, weeks={"form": form, "axis": AXIS}, **timetable)


def days_of(settings: Settings) -> list[str]:
    with read_timetable(settings, WINDOW) as reading:
        assert dict(reading.bad_rows.by_reason) == {}
        return [f"{event.start:%m-%d}" for calendar in reading.calendars() for event in reading.events(calendar)]


def refused(settings: Settings) -> str:
    with pytest.raises(TimetableUnusable) as caught, read_timetable(settings, WINDOW):
        pass
    assert caught.value.advice
    return caught.value.message


NUMBERS = {
    "sqlite": ["11", "1100000000000000", "11.0", "0", "CAST(11.0 AS TEXT)"],
    "postgresql": [
        "11",
        "11::numeric",
        "11::float",
        "true",
        "ARRAY[11]",
        "ARRAY[0, 0, 1, 1]",
        "ARRAY[false, true]",
        "(11.0::numeric)::text",
    ],
    "mariadb": ["11", "11.0", "11e0", "CAST('0011' AS INTEGER)"],
}


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        pytest.param(kind, cell, marks=() if kind == "sqlite" else getattr(pytest.mark, kind))
        for kind, cells in NUMBERS.items()
        for cell in cells
    ],
)
@pytest.mark.parametrize("form", ["flags", "days"])
def test_a_number_is_no_string_of_flags(request: pytest.FixtureRequest, kind: str, cell: str, form: str) -> None:
    url = "sqlite://" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    said = refused(flags(url, cell, form=form))
    assert said.startswith("timetable.columns.weeks: the column k gives the number ")
    assert said.endswith("flags of weeks are a text: a number has lost the zeros at its front")


def test_nor_is_it_one_in_a_child_query() -> None:
    child = {"query": "SELECT 'A1' AS a, 'R1' AS room, 11 AS k", "key": "a", "value": "room", "weeks": "k"}
    said = refused(flags("sqlite://", "'0011'", children={"rooms": child}))
    assert said.startswith("timetable.children.rooms.weeks: the column k gives the number 11")
    assert days_of(flags("sqlite://", "'0011'", children={"rooms": child | {"form": "list"}})) == ["10-19", "10-26"]


@pytest.mark.mariadb
def test_bits_are_a_number_whatever_letters_their_bytes_look_like(mariadb_url: str) -> None:
    # 49 is the letter 1.
    Server("mariadb", mariadb_url).tell("CREATE OR REPLACE TABLE bits (k BIT(8), gone BIT(1))", "INSERT INTO bits VALUES (49, 1)")
    weeks = {"form": "flags", "axis": AXIS}
    query = f"SELECT 'A1' AS a, {ROW}, k, gone FROM bits"
    assert "gives the number 49" in refused(configuration(mariadb_url, query, columns=COLUMNS, weeks=weeks))
    columns = COLUMNS | {"cancelled": "gone"}
    assert days_of(configuration(mariadb_url, query.replace(" k,", " '0011' AS k,"), columns=columns, weeks=weeks)) == []


@pytest.mark.parametrize("cell", ["'0011'", "'NNYY  '", "'0011.'", "'..11'", "CAST('0011' AS BLOB)"])
def test_flags_in_a_text_are_what_they_were(cell: str) -> None:
    assert days_of(flags("sqlite://", cell)) == ["10-19", "10-26"]


@pytest.mark.parametrize("text", ["'1.1e5'", "'1E+05'", "'+11'"])
def test_a_text_that_is_no_flags_sets_its_row_aside(text: str) -> None:
    with read_timetable(flags("sqlite://", text), WINDOW) as reading:
        assert dict(reading.bad_rows.by_reason) == {"with weeks that cannot be read": 1}


def test_numbers_are_weeks_in_a_list_and_names_in_a_table() -> None:
    assert days_of(flags("sqlite://", "3", form="list")) == ["10-19"]
    table = {"query": "SELECT 11 AS id, 3 AS week"}
    query = f"SELECT 'A1' AS a, {ROW}, 11.0 AS k"
    weeks = {"form": "table", "axis": AXIS, "table": table}
    assert days_of(configuration("sqlite://", query, columns=COLUMNS, weeks=weeks)) == ["10-19"]


DATED = {"activity": "a", "calendar": "c", "title": "t", "start": "b", "end": "e", "period": "p"}
LESSON = {"a": "'A1'", "c": "'COMP101'", "t": "'Logic'", "b": "'2026-10-19 09:00'", "e": "'2026-10-19 10:00'", "p": "'26'"}
JOINED = {"rooms": {"query": "SELECT 'A1' AS a, 'R1' AS room", "key": "a", "value": "room"}}


def dated(url: str, cells: dict[str, str], columns: dict[str, Any], **more: Any) -> Settings:
    query = "SELECT " + ", ".join(f"{cell} AS {name}" for name, cell in (LESSON | cells).items())
    return configuration(url, query, columns=columns, **more)


@pytest.mark.parametrize("number", ["9007199254740992.0", "-9007199254740993e0", "1e20", "1.5e300"])
@pytest.mark.parametrize("field", ["activity", "key", "calendar", "period"])
def test_a_float_that_may_be_several_numbers_names_nothing(number: str, field: str) -> None:
    columns = dict(DATED) if field != "key" else {name: column for name, column in DATED.items() if name != "activity"} | {"key": "a"}
    for more in ({}, {"children": JOINED}):
        if more and field == "key":
            continue
        said = refused(dated("sqlite://", {columns[field]: number}, columns, **more))
        assert said.startswith(f"timetable.columns.{field}: ")
        assert said.endswith(" is a number with more digits than its type keeps, so that it may stand for several")


def test_nor_where_a_column_may_name_several() -> None:
    for calendar in ({"column": "c", "split": ","}, {"column": "c", "many": True}):
        assert refused(dated("sqlite://", {"c": "1e20"}, DATED | {"calendar": calendar})).startswith("timetable.columns.calendar: 1e+20")


def test_nor_does_one_join_child_queries_or_name_a_mailbox() -> None:
    child = {"query": "SELECT 1e20 AS i, 'R1' AS room", "key": "i", "parent": "a", "value": "room"}
    assert refused(dated("sqlite://", {}, DATED, children={"rooms": child})).startswith("timetable.children.rooms.key: 1e+20")
    child = {"query": "SELECT 'A1' AS i, 'R1' AS room", "key": "i", "parent": "n", "value": "room"}
    assert refused(dated("sqlite://", {"n": "1e20"}, DATED, children={"rooms": child})).startswith("timetable.children.rooms.parent: 1e+20")
    child = {"query": "SELECT 'A1' AS a, 1e20 AS item", "key": "a", "value": "item"}
    columns = {name: column for name, column in DATED.items() if name != "calendar"}
    assert refused(dated("sqlite://", {}, columns, children={"calendars": child})).startswith("timetable.children.calendars.value: 1e+20")
    settings = dated("sqlite://", {}, DATED)
    calendars = settings.calendars.model_copy(update={"mailboxes_query": "SELECT 1e20, 'a@groups.example.ac.uk'"})
    assert refused(settings.model_copy(update={"calendars": calendars})).startswith("calendars.mailboxes_query: 1e+20")


@pytest.mark.postgresql
def test_a_decimal_names_as_far_as_it_is_written(postgresql_url: str) -> None:
    many = "1.2345678901234567890123456789"
    for number in ("float8 '1e20'", f"numeric '{many}'", "float8 '9007199254740993'"):
        assert refused(dated(postgresql_url, {"a": number}, DATED)).startswith("timetable.columns.activity: ")
    for number in (
        "numeric '9007199254740993'",
        "numeric '1e20'",
        "9007199254740993",
        "float8 '9007199254740991'",
        f"numeric '{many[:-1]}'",
    ):
        assert days_of(dated(postgresql_url, {"a": number}, DATED)) == ["10-19"]


def test_a_float_that_is_no_number_is_no_name() -> None:
    with read_timetable(dated("sqlite://", {"a": "9e999"}, DATED), WINDOW) as reading:
        assert dict(reading.bad_rows.by_reason) == {"without an activity": 1}


def test_what_only_describes_may_be_any_number_and_elsewhere_one_row_stops_no_other() -> None:
    assert days_of(dated("sqlite://", {"t": "1e20"}, DATED)) == ["10-19"]
    assert days_of(dated("sqlite://", {"t": "1e20"}, DATED | {"title": {"column": "t", "map": {"1": "One"}}})) == ["10-19"]
    query = f"SELECT 'A1' AS a, {ROW}, '3' AS k UNION ALL SELECT 'A2', {ROW.replace('1 AS w', '1e20 AS w')}, '3'"
    with read_timetable(configuration("sqlite://", query, columns=COLUMNS, weeks={"axis": AXIS}), WINDOW) as reading:
        assert (dict(reading.bad_rows.by_reason), reading.lessons) == ({"with a weekday that cannot be read": 1}, 1)


TABLE = {"query": "SELECT name, week FROM pattern", "id": "name", "week": "week"}


def patterns(rows: Sequence[tuple[Any, Any]]) -> Patterns:
    settings = configuration(
        columns={**USUAL_COLUMNS, "weekday": "d", "weeks": "w"}, weeks={"form": "table", "table": TABLE, "axis": {"first": "2026-10-05"}}
    )
    weekly = read_weekly(settings.timetable, lambda query, key: (("name", "week"), rows))
    assert weekly is not None
    return weekly.patterns


@pytest.mark.parametrize(
    ("week", "said"), [("twelve", "a week of it cannot be read"), (2.5, "cannot be read"), (None, "a week of it is empty")]
)
def test_a_week_that_is_none_is_a_matter_of_its_pattern_alone(week: Any, said: str) -> None:
    found = patterns([("odd", 1), ("odd", week), ("odd", 3), ("even", 2), ("even", 4)])

    assert found.weeks("even") == (2, 4)
    with pytest.raises(Unreadable, match=f'"odd": .*{said}'):
        found.weeks("odd")


def test_a_pattern_of_no_week_stands_there_as_an_outer_join_has_it() -> None:
    assert patterns([("never", None), ("never", None), ("even", 2)]).weeks("never") == ()


def test_weeks_that_are_counted_must_all_have_a_day() -> None:
    axis = {"query": "SELECT begins FROM week", "date": "begins"}
    settings = configuration(columns={**USUAL_COLUMNS, "weekday": "d", "weeks": "w"}, weeks={"form": "list", "axis": axis})

    with pytest.raises(TimetableUnusable, match="gives a week without a day"):
        read_weekly(settings.timetable, lambda query, key: (("begins",), [("2026-10-05",), (None,), ("2026-10-19",)]))
