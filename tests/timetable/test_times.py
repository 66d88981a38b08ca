"""Times in cells, and the rule for hours that do not exist or exist twice."""
# ruff: noqa: DTZ001 - datetimes without a zone are what drivers give

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.timetable.times import LocalClock, Unreadable, duration, moment_of

LONDON = ZoneInfo("Europe/London")


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp())


@pytest.fixture
def clock() -> LocalClock:
    return LocalClock("Europe/London")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-24 09:00",
        "2026-11-24T09:00",
        "2026-11-24 09:00:00",
        "2026-11-24 09:00:00.999999",
        "2026-11-24T09:00:00,5",
        " 2026-11-24 09:00:00  ",
        "2026-11-24T09:00Z",
        "2026-11-24 10:00:00+01:00",
        "2026-11-24 10:00:00 +0100",
        "2026-11-24 10:00:00+01",
        b"2026-11-24 09:00",
        datetime(2026, 11, 24, 9),
        datetime(2026, 11, 24, 9, 0, 0, 999_999),
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        datetime(2026, 11, 24, 4, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_moment_is_read_from_each_form_that_drivers_and_people_write(clock: LocalClock, cell: object) -> None:
    assert clock.start(cell) == utc("2026-11-24T09:00:00")


@pytest.mark.parametrize("cell", [None, "", "   ", b"", "\x00"])
def test_an_empty_cell_is_no_moment(clock: LocalClock, cell: object) -> None:
    assert clock.start(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-24",
        date(2026, 11, 24),
        time(9),
        "09:00",
        "2026-02-30 09:00",
        "2026-11-24 25:00",
        "24.11.2026 09:00",
        "11/24/2026 09:00",
        "20261124T0900",
        "2026-W48-2 09:00",
        "0000-00-00 00:00:00",
        "infinity",
        "２０２６-11-24 09:00",
        "2026-11-24 09:00 Europe/London",
        20261124,
        1_795_510_800.5,
        True,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
    ],
)
def test_what_is_no_date_with_a_time_is_unreadable(clock: LocalClock, cell: object) -> None:
    with pytest.raises(Unreadable):
        clock.start(cell)


def test_nine_o_clock_is_nine_o_clock_before_and_after_the_clocks_change(clock: LocalClock) -> None:
    assert clock.start("2026-10-24 09:00") == utc("2026-10-24T08:00:00")
    assert clock.start("2026-10-25 09:00") == utc("2026-10-25T09:00:00")
    assert [clock.local(utc(text)).hour for text in ("2026-10-24T08:00:00", "2026-10-25T09:00:00")] == [9, 9]


def test_a_time_that_does_not_exist_is_read_with_the_offset_from_before(clock: LocalClock) -> None:
    start = clock.start("2027-03-28 01:30")
    assert start == utc("2027-03-28T01:30:00")
    assert clock.local(start).strftime("%H:%M") == "02:30"


def test_a_time_that_exists_twice_is_the_first_of_the_two(clock: LocalClock) -> None:
    assert clock.start("2026-10-25 01:30") == utc("2026-10-25T00:30:00")
    assert clock.start(datetime(2026, 10, 25, 1, 30, fold=1)) == utc("2026-10-25T00:30:00")


def test_an_end_in_the_repeated_hour_is_the_second_pass_only_if_the_first_is_not_after_the_start(clock: LocalClock) -> None:
    start = utc("2026-10-25T00:45:00")  # 01:45, first pass
    assert clock.end("2026-10-25 01:50", start) == utc("2026-10-25T00:50:00")
    assert clock.end("2026-10-25 01:15", start) == utc("2026-10-25T01:15:00")
    assert clock.end("2026-10-25 01:45", start) == utc("2026-10-25T01:45:00")


def test_an_end_in_the_gap_does_not_lead_backwards(clock: LocalClock) -> None:
    start = clock.start("2027-03-28 01:45")
    assert start is not None
    assert clock.end("2027-03-28 01:30", start) == utc("2027-03-28T01:30:00") < start


def test_an_aware_moment_of_the_second_pass_is_not_taken_for_the_equal_one_of_the_first(clock: LocalClock) -> None:
    # Python calls two datetimes of one zone equal that differ in fold alone: a memory of what was read must not confuse them.
    passes = [datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=fold) for fold in (0, 1)]
    assert passes[0] == passes[1]
    assert [clock.start(moment) for moment in passes] == [utc("2026-10-25T00:30:00"), utc("2026-10-25T01:30:00")]


def test_the_week_is_that_of_the_local_day() -> None:
    assert LocalClock("Pacific/Auckland").week(utc("2026-11-29T12:00:00")) == "2026-W49"
    assert LocalClock("Europe/London").week(utc("2026-11-29T12:00:00")) == "2026-W48"
    assert LocalClock("Europe/London").week(utc("2027-01-01T12:00:00")) == "2026-W53"


def test_a_length_is_added_on_the_line_of_time_also_over_a_clock_change(clock: LocalClock) -> None:
    start = clock.start("2026-10-25 00:30")
    assert start is not None
    assert clock.local(clock.after(start, 2 * 3600)).strftime("%H:%M") == "01:30"


def test_an_end_beyond_any_calendar_is_unreadable(clock: LocalClock) -> None:
    with pytest.raises(Unreadable):
        clock.after(0, 10**15)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.sampled_from(["Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"])
)
def test_a_local_time_that_exists_is_read_as_it_is_shown(naive: datetime, zone: str) -> None:
    clock = LocalClock(zone)
    start = clock.start(naive)
    assert start is not None
    shown = clock.local(start).replace(tzinfo=None)
    naive = naive.replace(microsecond=0)
    exists = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive
    assert shown == naive if exists else shown > naive
    assert int(moment_of(start).timestamp()) == start
    assert clock.start(naive.isoformat(" ")) == start


@pytest.mark.parametrize(
    ("cell", "unit", "seconds"),
    [
        (90, "minutes", 5400),
        (1.5, "hours", 5400),
        (Decimal("1.5"), "hours", 5400),
        ("90", "minutes", 5400),
        (" 90 ", "minutes", 5400),
        (b"90", "minutes", 5400),
        (5400, "seconds", 5400),
        ("1:30", "minutes", 5400),
        ("01:30:00", "minutes", 5400),
        (time(1, 30), "minutes", 5400),
        (timedelta(hours=1, minutes=30), "minutes", 5400),
        (0, "minutes", 0),
        (-5, "minutes", -300),
        (timedelta(seconds=59, microseconds=900_000), "minutes", 59),
        (None, "minutes", None),
        ("  ", "minutes", None),
    ],
)
def test_a_duration_is_read_as_a_number_of_its_unit_or_an_interval(cell: object, unit: str, seconds: int | None) -> None:
    assert duration(cell, unit) == seconds


@pytest.mark.parametrize(
    "cell", ["an hour", "1,5", float("nan"), float("inf"), True, "1:75", [90], "9" * 5000, "1e9999999999", "1e999999999", "-1e999999"]
)
def test_what_is_no_duration_is_unreadable(cell: object) -> None:
    with pytest.raises(Unreadable):
        LocalClock("UTC").after(0, duration(cell, "minutes") or 0)
