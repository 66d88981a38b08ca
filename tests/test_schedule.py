"""Starts by cron expressions, on ordinary days and on those when the clocks change."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.config.configuration import SHORTEST, read
from timetable_sync.schedule import Schedule, schedule_of

LONDON = ZoneInfo("Europe/London")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(starts: Schedule, after: str, many: int) -> list[str]:
    return [f"{start.wall:%d %H:%M} {start.at:%H:%M}Z {start.oddity}".strip() for start in starts.some(at(after), many)]


def test_two_o_clock_is_two_o_clock_in_winter_and_in_summer() -> None:
    starts = Schedule(["0 2 * * *"], "Europe/London")
    assert said(starts, "2026-10-24T12:00", 2) == ["25 02:00 02:00Z", "26 02:00 02:00Z"]
    assert said(starts, "2026-10-23T12:00", 1) == ["24 02:00 01:00Z"]


def test_a_start_at_a_time_that_does_not_exist_comes_with_the_offset_before_the_change() -> None:
    starts = Schedule(["30 1 * * *"], "Europe/London")
    assert said(starts, "2027-03-27T12:00", 2) == ["28 01:30 01:30Z does not exist", "29 01:30 00:30Z"]
    assert at("2027-03-28T01:30").astimezone(LONDON).strftime("%H:%M") == "02:30"


def test_a_start_at_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    starts = Schedule(["30 1 * * *"], "Europe/London")
    assert said(starts, "2026-10-24T12:00", 2) == ["25 01:30 00:30Z comes twice", "26 01:30 01:30Z"]
    # Also for one who asks between the two.
    assert said(starts, "2026-10-25T01:00", 1) == ["26 01:30 01:30Z"]


def test_where_clocks_change_at_midnight_the_day_keeps_its_start() -> None:
    """In Lebanon's spring, 00:00 to 01:00 does not exist."""
    starts = Schedule(["0 0 * * *"], "Asia/Beirut")
    days = [start.wall.date() for start in starts.some(at("2026-01-01T00:00"), 365)]
    assert all((later - earlier).days == 1 for earlier, later in pairwise(days))


@pytest.mark.parametrize("zone", ["Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "UTC"])
@pytest.mark.parametrize("expression", ["*/20 * * * *", "15 0-3 * * *", "0 2 * * sun"])
def test_starts_come_in_their_order_and_none_twice_all_year(zone: str, expression: str) -> None:
    moments = [start.at for start in Schedule([expression], zone).some(at("2026-01-01T00:00"), 400 if "sun" in expression else 9_000)]
    assert all(earlier < later for earlier, later in pairwise(moments))


def test_each_start_once_where_several_expressions_name_it() -> None:
    starts = Schedule(["0 2 * * *", "0 2,14 * * mon-fri", "30 1 * * sat"], "Europe/London")
    assert said(starts, "2026-11-27T12:00", 5) == [
        "27 14:00 14:00Z",
        "28 01:30 01:30Z",
        "28 02:00 02:00Z",
        "29 02:00 02:00Z",
        "30 02:00 02:00Z",
    ]


def test_six_fields_begin_with_the_second() -> None:
    starts = Schedule(["*/20 * * * * *"], "UTC")
    assert [f"{start.at:%H:%M:%S}" for start in starts.some(at("2026-11-24T10:00:05"), 3)] == ["10:00:20", "10:00:40", "10:01:00"]


def test_the_latest_start_is_found_however_long_ago_and_only_after_what_is_done() -> None:
    daily = Schedule(["0 2 * * *"], "Europe/London")
    now = at("2026-11-24T10:00")
    assert daily.latest(at("2026-11-20T00:00"), now) == daily.next(at("2026-11-23T12:00"))
    assert daily.latest(at("2026-11-24T02:00"), now) is None
    assert daily.latest(at("2020-01-01T00:00"), at("2026-11-24T02:00")) == daily.next(at("2026-11-23T12:00"))
    yearly = Schedule(["0 2 1 jan *"], "Europe/London")
    found = yearly.latest(at("2020-01-01T00:00"), now)
    assert found is not None
    assert found.at == at("2026-01-01T02:00")
    often = Schedule(["* * * * * *"], "UTC")
    found = often.latest(at("2020-01-01T00:00"), now)
    assert found is not None
    assert found.at == now


def test_a_schedule_that_never_comes_gives_none() -> None:
    never = Schedule(["0 2 30 feb *"], "UTC")
    assert never.next(at("2026-01-01T00:00")) is None
    assert never.latest(at("2020-01-01T00:00"), at("2026-01-01T00:00")) is None


def test_the_configuration_s_zone_is_the_timetable_s_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert schedule_of(read(tmp_path).settings).zone == "Europe/London"
    other = schedule_of(read(tmp_path, SHORTEST + '[schedule]\ntime_zone = "Asia/Tokyo"\ncron = "0 3 * * *"\n').settings)
    assert (other.zone, other.expressions) == ("Asia/Tokyo", ("0 3 * * *",))
