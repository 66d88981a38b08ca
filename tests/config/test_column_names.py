"""What a timetable's columns must name, and what excludes each other."""

import pytest

from timetable_sync.config.column_names import KNOWN_COLUMNS, column_faults, column_name

NEEDED = dict.fromkeys(("activity", "calendar", "start", "end", "title"), "x")


def test_five_columns_are_enough() -> None:
    assert column_faults(NEEDED) == []


@pytest.mark.parametrize("name", ["calendar", "start", "title"])
def test_each_of_them_is_missed(name: str) -> None:
    assert column_faults({key: value for key, value in NEEDED.items() if key != name}) == [f"lacks {name}"]


def test_duration_does_for_end_and_key_for_activity() -> None:
    assert column_faults({"key": "x", "calendar": "x", "start": "x", "duration": "x", "title": "x"}) == []


def test_either_of_two_is_enough_and_both_are_too_many() -> None:
    assert column_faults(NEEDED | {"key": "x"}) == ["names both activity and key; only one of them can make the events' identity"]
    assert column_faults(NEEDED | {"duration": "x"}) == ["names both end and duration; only one of them can say when a lesson ends"]


def test_a_misspelt_column_is_recognised_in_the_one_that_is_missed() -> None:
    columns = {key: value for key, value in NEEDED.items() if key != "calendar"} | {"calender": "x", "colour": "x"}
    assert column_faults(columns) == ['lacks calendar; is that "calender"?']


def test_nothing_at_all_lacks_everything() -> None:
    assert len(column_faults({})) == 5


@pytest.mark.parametrize("name", [*KNOWN_COLUMNS, "module_leader", "Größe"])
def test_a_columns_name_can_stand_in_a_template(name: str) -> None:
    assert column_name(name) == name


@pytest.mark.parametrize("name", ["module-leader", "2nd", "", "a b", "_hidden", "a.b"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name in templates"):
        column_name(name)
