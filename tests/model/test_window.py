"""The window: half open, by start only, the same for both sides."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.planning.builders import MONDAY
from timetable_sync.model.window import Window

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
