"""The schema documents itself: each key has what the example and the reference need."""

import pytest
from pydantic import ValidationError

from timetable_sync.config.schema import Settings, fixed_keys, key_at
from timetable_sync.config.sections.columns import Column
from timetable_sync.config.sections.event import EventRule
from timetable_sync.config.sections.safety import Guards, Limit


def test_every_key_says_what_it_is_for() -> None:
    keys = [*fixed_keys()]
    assert len(keys) > 70
    for path in keys:
        key = key_at(path)
        assert key is not None
        assert key.field is not None
        assert key.field.description or (key.model is not None and key.model.__doc__), path
    for model in (Column, EventRule, Limit):
        assert all(field.description for field in model.model_fields.values())


def test_every_key_without_a_default_has_an_example() -> None:
    for path in fixed_keys():
        key = key_at(path)
        assert key is not None
        if key.field is not None and len(path) == 2 and (key.field.is_required() or key.field.default is None):
            assert key.field.examples, path


@pytest.mark.parametrize(
    ("limit", "of", "allowed"),
    [
        ({"share": "30 %", "at_least": 5}, 90, 27),
        ({"share": "30 %", "at_least": 5}, 4, 5),
        ({"share": "10 %"}, 1000, 100),
        ({"share": "10 %", "at_most": 50}, 1000, 50),
        ({"share": "0 %"}, 1000, 0),
        ({"share": "7 %"}, 100, 7),
    ],
)
def test_a_limit_is_a_share_with_a_floor_and_a_ceiling(limit: dict[str, object], of: int, allowed: int) -> None:
    assert Limit.model_validate(limit).allowed(of) == allowed


def test_what_a_guard_leaves_out_is_the_guards_own() -> None:
    guards = Guards.model_validate({"deletes_in_run": {"at_most": 500}, "deletes_in_calendar": "20 %"})
    assert guards.deletes_in_run.text() == "10 %, at least 10, at most 500"
    assert guards.deletes_in_calendar.text() == "20 %, at least 5"


def test_settings_cannot_be_changed_once_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Guards().shrunken_timetable = 0.5  # type: ignore[misc]  # that is what is refused


def test_columns_that_cannot_work_together_are_refused_by_the_schema_itself() -> None:
    timetable = {"url": "sqlite:///x.db", "time_zone": "UTC", "query": "SELECT 1", "columns": {"calendar": "c"}}
    with pytest.raises(ValidationError, match=r"timetable.columns: lacks start; lacks title; lacks end"):
        Settings.model_validate({"timetable": timetable})


def test_pydantics_own_errors_hold_no_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"timetable": {"password": "hunter2", "url": "postgresql://u:hunter2@db/x"}})
    assert "hunter2" not in str(caught.value)
