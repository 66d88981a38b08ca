"""The window: half open, by start only, the same for both sides; and its time zone, whose name may come from any cell of a timetable."""

from datetime import datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.builders import MONDAY
from timetable_sync.model.window import Window, zone_named

MOMENTS = st.integers(0, 10**8).map(lambda seconds: MONDAY + timedelta(seconds=seconds))


def test_a_start_on_the_first_edge_is_in_and_one_on_the_last_is_out() -> None:
    window = Window(MONDAY, MONDAY + timedelta(days=1))

    assert window.holds(window.start)
    assert not window.holds(window.end)
    assert not window.holds(window.start - timedelta(seconds=1))


def test_an_empty_window_holds_nothing() -> None:
    assert not Window(MONDAY, MONDAY).holds(MONDAY)
    assert list(Window(MONDAY, MONDAY).slices(timedelta(days=1))) == []


@given(MOMENTS, st.integers(1, 10_000), st.integers(1, 800), st.integers(-10, 10_010))
def test_slices_share_no_moment_and_leave_none_out(start: datetime, hours: int, longest: int, at: int) -> None:
    window, moment = Window(start, start + timedelta(hours=hours)), start + timedelta(hours=at)

    slices = list(window.slices(timedelta(hours=longest)))

    assert sum(part.holds(moment) for part in slices) == window.holds(moment)
    assert all(timedelta(0) < part.end - part.start <= timedelta(hours=longest) for part in slices)


def test_every_zone_there_is_is_found_by_its_name() -> None:
    assert {zone_named(name).key for name in available_timezones()} == available_timezones()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/Atlantis",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/..",
        "\x00",
        "a" * 5_000,
        "É",
        "\ud800",
        "__init__.py",
        # Found by fuzzing: the package of the zone database is imported step by step, as deep as the name says.
        "a/" * 400 + "b",
    ],
)
def test_any_other_text_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone has"):
        zone_named(name)
