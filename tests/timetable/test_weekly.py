"""The axis and the table of week patterns, as the database gives them: what is wrong with one pattern stops no other."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.times import Unreadable
from timetable_sync.timetable.week_patterns import Patterns, read_weekly

TABLE = {"query": "SELECT name, week FROM pattern", "id": "name", "week": "week"}


def patterns(rows: Sequence[tuple[Any, Any]]) -> Patterns:
    settings = configuration(
        columns={**COLUMNS, "weekday": "d", "weeks": "w"}, weeks={"form": "table", "table": TABLE, "axis": {"first": "2026-10-05"}}
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
    settings = configuration(columns={**COLUMNS, "weekday": "d", "weeks": "w"}, weeks={"form": "list", "axis": axis})

    with pytest.raises(TimetableUnusable, match="gives a week without a day"):
        read_weekly(settings.timetable, lambda query, key: (("begins",), [("2026-10-05",), (None,), ("2026-10-19",)]))
