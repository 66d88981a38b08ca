"""Times of day, days, weekdays and numbers from cells: what is beyond all bounds is unreadable, and no crash."""

from datetime import date
from decimal import Decimal

import pytest

from timetable_sync.config.sections.columns import Column
from timetable_sync.timetable.parse_time import day_in, number_in, time_of_day, whole_in
from timetable_sync.timetable.times import LocalClock, Unreadable
from timetable_sync.timetable.values import written
from timetable_sync.timetable.week_axis import Weekdays


@pytest.mark.parametrize("cell", ["1e9999999999", "-1e9999999999", Decimal("1E+9999999999"), "sNaN", "Infinity", "10000001", "9" * 5_000])
def test_a_number_beyond_all_bounds_is_unreadable(cell: object) -> None:
    with pytest.raises(Unreadable):
        number_in(cell)
    with pytest.raises(Unreadable):
        whole_in(cell)


def test_numbers_within_bounds_are_read() -> None:
    assert [number_in(cell) for cell in ("10000000", -10_000_000, " 1.5 ", b"7", None, "")] == [
        10_000_000,
        -10_000_000,
        Decimal("1.5"),
        7,
        None,
        None,
    ]


def test_a_weekday_of_thousands_of_digits_is_none() -> None:
    with pytest.raises(Unreadable, match="is no day of the week"):
        Weekdays(Column(column="day")).days("1" * 5_000)


@pytest.mark.parametrize("cell", [Decimal("1E+9999999999"), Decimal("1E-9999999999"), Decimal("-1E-999999")])
def test_a_number_is_never_written_longer_than_people_read(cell: Decimal) -> None:
    assert written(cell) == str(cell)


def test_days_and_times_of_day_are_read() -> None:
    assert day_in("20261124", LocalClock("Europe/London")) == date(2026, 11, 24).toordinal()
    assert time_of_day("2:15 pm") == 14 * 3600 + 15 * 60
