"""The name of the mapping."""

import re

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.model.marker import Marker
from timetable_sync.timetable.mapping_id import mapping_id


def test_it_is_six_characters_that_a_marker_can_hold() -> None:
    mapping = mapping_id(configuration())
    assert re.fullmatch("[a-z2-7]{6}", mapping)
    assert Marker.parse(Marker(mapping, "a" * 16, "timetable//A1/2026-W48/1").text()).mapping == mapping


def test_it_is_the_same_for_the_same_mapping_and_another_for_another() -> None:
    usual = mapping_id(configuration())
    assert mapping_id(configuration(columns=dict(reversed(COLUMNS.items())))) == usual
    others = [
        configuration(event={"subject": "{{ title }}!"}),
        configuration(event={"busy": "free"}),
        configuration(event={"rules": [{"when": {"type": "Exam"}, "busy": "free"}]}),
        configuration(columns={**COLUMNS, "title": "long_title"}),
        configuration(time_zone="Europe/Paris"),
    ]
    assert len({usual, *map(mapping_id, others)}) == len(others) + 1


def test_where_the_timetable_is_and_who_is_written_is_no_part_of_it() -> None:
    usual = mapping_id(configuration())
    assert mapping_id(configuration("postgresql+psycopg://reader@db/timetable", "SELECT 1", address="x@x.uk", timeout="1 minute")) == usual


def test_a_value_that_is_the_default_anyway_changes_nothing() -> None:
    assert mapping_id(configuration(event={"subject": "{{ title }}", "busy": "busy"})) == mapping_id(configuration())


def test_how_weeks_and_child_queries_are_read_is_part_of_it_and_their_sql_is_not() -> None:
    def mapping(sql: str, value: str = "room", form: str = "list", query: str = "SELECT * FROM axis") -> str:
        rooms = {"query": sql, "key": "activity", "value": value}
        axis = {"query": query, "number": "n", "date": "d"}
        columns = {**COLUMNS, "weekday": "day", "weeks": "weeks"}
        return mapping_id(configuration(columns=columns, weeks={"form": form, "axis": axis}, children={"sites": rooms}))

    usual = mapping("SELECT * FROM room")
    assert mapping("SELECT activity, room FROM room_of", query="SELECT n, d FROM axis") == usual
    assert len({usual, mapping("SELECT * FROM room", "site"), mapping("SELECT * FROM room", form="flags")}) == 3
