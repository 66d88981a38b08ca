"""Which events are at the same time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.model.event import Event
from timetable_sync.preview.check import overlaps

NOON = datetime(2026, 10, 13, 12, tzinfo=UTC)


def event(name: str, start: int, end: int) -> Event:
    return Event(name, NOON + timedelta(minutes=start), NOON + timedelta(minutes=end), "UTC", name)


def test_one_that_begins_when_another_ends_is_no_overlap() -> None:
    assert list(overlaps([event("a", 0, 60), event("b", 60, 120)])) == []


def test_a_short_one_within_a_long_one_does_not_hide_the_next() -> None:
    long, short, late = event("long", 0, 180), event("short", 30, 60), event("late", 120, 200)

    assert list(overlaps([long, short, late])) == [(long, short), (long, late)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=20))
def test_an_event_is_found_just_when_an_earlier_one_still_goes_on(times: list[tuple[int, int]]) -> None:
    events = [event(str(at), start, start + length) for at, (start, length) in enumerate(sorted(times))]
    wanted = [later.key for at, later in enumerate(events) if any(earlier.end > later.start for earlier in events[:at])]

    assert [later.key for _, later in overlaps(events)] == wanted
