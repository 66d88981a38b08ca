"""Durations and shares are read as people write them, and written as they would."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.config.units import parse_duration, parse_reminder, parse_share, show_duration, show_share


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30 seconds", timedelta(seconds=30)),
        ("1 second", timedelta(seconds=1)),
        ("90s", timedelta(seconds=90)),
        ("10 minutes", timedelta(minutes=10)),
        ("1.5 hours", timedelta(minutes=90)),
        (" 3  Hours ", timedelta(hours=3)),
        ("180 days", timedelta(days=180)),
        ("2 weeks", timedelta(days=14)),
        ("0 days", timedelta(0)),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    "text", ["", "3", "hours", "3 fortnights", "-3 hours", "3 hours 5 minutes", "1e9 days", "٣ hours", "three hours", "3 \n"]
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match='must be a duration such as "30 seconds"'):
        parse_duration(text)


@pytest.mark.parametrize("value", [3, 3.5, True, None, ["3 hours"], {"hours": 3}])
def test_a_number_without_a_unit_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="in quotes with its unit"):
        parse_duration(value)


def test_a_duration_longer_than_any_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="hundred years"):
        parse_duration("999999999999 weeks")


@given(st.integers(min_value=0, max_value=3_000_000_000))
def test_a_duration_that_is_shown_reads_as_the_same(seconds: int) -> None:
    value = timedelta(seconds=seconds)
    assert parse_duration(show_duration(value)) == value


@given(st.integers(min_value=0, max_value=10**12).map(lambda count: timedelta(microseconds=count)))
def test_and_so_does_one_with_a_fraction(value: timedelta) -> None:
    assert parse_duration(show_duration(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=14), "2 weeks"),
        (timedelta(days=180), "180 days"),
        (timedelta(days=350), "350 days"),
        (timedelta(seconds=90), "90 seconds"),
    ],
)
def test_a_duration_is_shown_in_its_largest_whole_unit(value: timedelta, text: str) -> None:
    assert show_duration(value) == text


@pytest.mark.parametrize(("text", "value"), [("10 %", 0.1), ("0%", 0.0), ("100 %", 1.0), ("2.5 %", 0.025)])
def test_a_share_has_a_percent_sign(text: str, value: float) -> None:
    assert parse_share(text) == pytest.approx(value)
    assert parse_share(show_share(value)) == pytest.approx(value)


@pytest.mark.parametrize("value", ["10", "101 %", "-1 %", "", "ten %", 10, 0.1, True, None, []])
def test_what_is_no_share_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r'from "0 %" to "100 %"'):
        parse_share(value)


def test_a_reminder_is_off_or_whole_minutes_before() -> None:
    assert parse_reminder("off") == "off"
    assert parse_reminder("15 minutes") == timedelta(minutes=15)
    assert parse_reminder("0 minutes") == timedelta(0)


@pytest.mark.parametrize("value", ["Off", "90 seconds", "30 seconds", "11 years", "600 weeks", 15, False, None])
def test_another_reminder_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match='must be "off", or'):
        parse_reminder(value)
