"""When the clocks change, and what that touches."""

from datetime import UTC, date, datetime, timedelta

import pytest

from timetable_sync.model.event import Event
from timetable_sync.model.window import Window
from timetable_sync.preview.timetable_view import clock_changes

YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def event(start: datetime, minutes: int) -> Event:
    return Event("k", start, start + timedelta(minutes=minutes), "Europe/London", "Logic")


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        (
            "Europe/London",
            [
                (date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC), 60),
                (date(2026, 10, 25), datetime(2026, 10, 25, 1, tzinfo=UTC), -60),
            ],
        ),
        (
            "Australia/Lord_Howe",
            [
                (date(2026, 4, 5), datetime(2026, 4, 4, 15, tzinfo=UTC), -30),
                (date(2026, 10, 4), datetime(2026, 10, 3, 15, 30, tzinfo=UTC), 30),
            ],
        ),
        ("Asia/Tokyo", []),
    ],
)
def test_each_change_is_found_to_the_second(zone: str, changes: list[tuple[date, datetime, int]]) -> None:
    found = [(change.day, change.at, int(change.shift.total_seconds() // 60)) for change in clock_changes(YEAR, zone)]

    assert found == changes


def test_what_begins_or_ends_in_the_hour_that_is_there_twice_is_touched_and_the_lesson_before_is_not() -> None:
    (_, autumn) = clock_changes(YEAR, "Europe/London")

    assert autumn.touches(event(datetime(2026, 10, 25, 0, 15, tzinfo=UTC), 30))
    assert autumn.touches(event(datetime(2026, 10, 25, 1, 15, tzinfo=UTC), 30))
    assert autumn.touches(event(datetime(2026, 10, 24, 22, tzinfo=UTC), 600))
    assert not autumn.touches(event(datetime(2026, 10, 24, 22, tzinfo=UTC), 60))
    assert not autumn.touches(event(datetime(2026, 10, 25, 9, tzinfo=UTC), 60))


def test_what_comes_to_lie_behind_the_hour_that_is_left_out_is_touched() -> None:
    (spring, _) = clock_changes(YEAR, "Europe/London")

    assert spring.touches(event(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), 60))
    assert not spring.touches(event(datetime(2026, 3, 29, 2, tzinfo=UTC), 60))
