"""The night's window: it ends at a local midnight, also when the clocks change in between."""

from datetime import UTC, datetime, timedelta

import pytest

from timetable_sync.config.sections.safety import WindowSpan
from timetable_sync.errors import UsageError
from timetable_sync.planning.horizon import window_of

NIGHT = datetime(2026, 10, 20, 1, 0, tzinfo=UTC)


def span(**given: str) -> WindowSpan:
    return WindowSpan.model_validate(given)


def test_a_window_starts_now_and_ends_at_the_end_of_its_last_local_day() -> None:
    window = window_of(NIGHT, span(future="1 day"), "Europe/London")

    assert window.start == NIGHT
    assert window.end == datetime(2026, 10, 21, 23, 0, tzinfo=UTC)


def test_the_last_midnight_is_local_on_the_other_side_of_a_clock_change_too() -> None:
    assert window_of(NIGHT, span(future="10 days"), "Europe/London").end == datetime(2026, 10, 31, 0, 0, tzinfo=UTC)


def test_the_days_are_those_of_the_timetables_zone() -> None:
    assert window_of(NIGHT, span(future="0 days"), "Australia/Sydney").end == datetime(2026, 10, 20, 13, 0, tzinfo=UTC)


def test_the_past_begins_so_long_before_now() -> None:
    assert window_of(NIGHT, span(past="2 hours"), "UTC").start == NIGHT - timedelta(hours=2)


def test_the_default_never_touches_the_past() -> None:
    assert window_of(NIGHT, WindowSpan(), "Europe/London").start == NIGHT


def test_a_window_beyond_all_calendars_is_said_in_one_line() -> None:
    with pytest.raises(UsageError):
        window_of(datetime(9999, 12, 1, tzinfo=UTC), WindowSpan(), "UTC")
