"""When a look at a stamp is enough: only together with a complete reading that was right, and never for anything that it cannot show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.planning.builders import COMP101, DAY, HOUR, MATH200, MONDAY, WINDOW, event, plan, snapshot, standing
from timetable_sync.model.last_full_read import CTag, LastFullRead
from timetable_sync.model.window import Window
from timetable_sync.planning.change_detection import MARGIN, ReadMode, full_read_of, is_unchanged, quiet_plan, read_mode

WEEK = 7 * DAY
SEEN = LastFullRead(COMP101.address, "sign", "mapaaa", WINDOW.start, WINDOW.end + WEEK, MONDAY, 3)
OLD = CTag("sign", HOUR)
LECTURE = event()
STANDING = standing(LECTURE)
READ = snapshot(STANDING, foreign=3)
RIGHT = plan([LECTURE], [STANDING], foreign=3)


def approach(
    sighting: LastFullRead | None = SEEN,
    *,
    days: float = 0,
    settled: bool = True,
    window: Window | None = None,
    mapping: str = "mapaaa",
    every: timedelta = WEEK,
    address: str = COMP101.address,
) -> ReadMode:
    """A night ``days`` later."""
    later = timedelta(days=days)
    window = window or Window(WINDOW.start + later, WINDOW.end + later)
    return read_mode(address, sighting, settled=settled, window=window, mapping=mapping, now=MONDAY + later, every=every)


def test_where_all_was_right_and_the_timetable_is_the_same_the_stamp_is_enough() -> None:
    assert approach() is ReadMode.STAMP


def test_what_is_not_as_the_timetable_wants_it_is_read_without_a_stamp_that_would_not_outlive_the_night() -> None:
    assert approach(settled=False) is ReadMode.READ


def test_asked_to_read_everything_every_night_it_does() -> None:
    assert approach(every=timedelta(0)) is ReadMode.READ


def test_the_very_first_reading_asks_for_the_sign_of_before_we_write() -> None:
    assert approach(None, settled=False) is ReadMode.STAMP_AND_READ
    assert approach(None, settled=False, every=timedelta(0)) is ReadMode.READ


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("never seen", approach(None)),
        ("written since", approach(replace(SEEN, intact=False))),
        ("another mapping", approach(mapping="mapbbb")),
        ("the window reaches further back", approach(window=Window(WINDOW.start - HOUR, WINDOW.end))),
        ("an event of ours lies beyond, and the window has come to it", approach(replace(SEEN, until=WINDOW.end), days=1)),
    ],
)
def test_a_sighting_that_does_not_fit_is_not_used(what: str, found: ReadMode) -> None:
    assert found is ReadMode.STAMP_AND_READ, what


def test_every_calendar_is_read_once_in_the_days_it_is_given_and_not_all_in_one_night() -> None:
    read: dict[int, int] = {}
    for number in range(210):
        address = f"c{number}@groups.example.ac.uk"
        on = [day for day in range(1, 7) if approach(replace(SEEN, address=address), days=day, address=address) is ReadMode.READ]
        assert len(on) <= 1
        for day in on:
            read[day] = read.get(day, 0) + 1
        assert approach(replace(SEEN, address=address), days=7, address=address) is not ReadMode.STAMP

    assert sorted(read) == [1, 2, 3, 4, 5, 6]
    assert all(15 <= number <= 45 for number in read.values())


def test_a_calendar_read_on_its_day_is_not_read_twice_that_day() -> None:
    its_day = next(day for day in range(1, 8) if approach(days=day) is ReadMode.READ)
    read = replace(SEEN, seen=MONDAY + timedelta(days=its_day))

    assert approach(read, days=its_day + 0.3) is ReadMode.STAMP


@pytest.mark.parametrize("days", [-1, 8])
def test_a_night_before_the_last_or_long_after_it_reads(days: float) -> None:
    assert approach(days=days, window=WINDOW) is ReadMode.READ


def test_a_service_without_stamps_is_asked_for_one_only_as_often_as_calendars_are_read() -> None:
    without = replace(SEEN, sign=None)

    assert approach(without) is ReadMode.READ
    assert approach(without, days=7) is ReadMode.STAMP_AND_READ


def test_only_the_very_sign_says_that_nothing_moved() -> None:
    assert is_unchanged(SEEN, OLD)
    assert not is_unchanged(SEEN, CTag("another", HOUR))
    assert not is_unchanged(SEEN, None)
    assert not is_unchanged(None, OLD)
    assert not is_unchanged(replace(SEEN, sign=None), OLD)
    assert not is_unchanged(replace(SEEN, intact=False), OLD)


def remembered(
    *, before: LastFullRead | None = None, stamp: CTag | None = OLD, asked: bool = True, wrong: bool = False
) -> LastFullRead | None:
    found = plan([event(subject="Another")], [STANDING], foreign=3) if wrong else RIGHT
    return full_read_of(found, READ, before, stamp, asked=asked, mapping="mapaaa", now=MONDAY, until=WINDOW.end + WEEK)


def test_a_reading_that_found_all_right_is_remembered_with_the_sign_from_before_it() -> None:
    assert remembered() == SEEN


def test_a_reading_that_found_something_to_do_is_not() -> None:
    assert remembered(before=SEEN, wrong=True) is None


def test_before_we_write_for_the_first_time_only_the_sign_is_remembered() -> None:
    """A service whose signs stand still is known by it from the first night on."""
    assert remembered(wrong=True) == replace(SEEN, intact=False)
    assert remembered(wrong=True, stamp=None) is None


def test_an_edit_in_the_second_of_the_stamp_cannot_hide() -> None:
    """The folder's time has no fractions: a sign younger than the margin might be that of a later edit too."""
    assert remembered(stamp=CTag("sign", MARGIN - timedelta(seconds=1))) is None
    assert remembered(stamp=CTag("sign", timedelta(seconds=-30))) is None
    assert remembered(stamp=CTag("sign", MARGIN)) is not None


def test_a_sign_that_stood_still_while_we_wrote_is_believed_no_more() -> None:
    assert remembered(before=replace(SEEN, intact=False)) is None
    assert remembered(before=replace(SEEN, intact=False, sign="of before")) == SEEN


def test_a_service_that_gives_no_stamp_is_remembered_as_such() -> None:
    assert remembered(stamp=None) == replace(SEEN, sign=None)


def test_a_reading_when_it_was_due_keeps_the_sign_that_is_older_than_it() -> None:
    before = replace(SEEN, seen=MONDAY - WEEK, until=WINDOW.end)

    assert remembered(before=before, stamp=None, asked=False) == SEEN


@pytest.mark.parametrize(
    "before", [None, replace(SEEN, intact=False), replace(SEEN, mapping="mapbbb"), replace(SEEN, sign=None)], ids=["none", "2", "3", "4"]
)
def test_a_reading_without_a_sign_is_nothing_new(before: LastFullRead | None) -> None:
    assert remembered(before=before, stamp=None, asked=False) is None


def test_a_quiet_calendar_has_a_plan_of_nothing() -> None:
    found = quiet_plan(MATH200, 12, SEEN)

    assert (found.calendar, found.standing, found.expected, found.unchanged, found.foreign) == (MATH200, 12, 12, 12, 3)
    assert (found.changes, found.left_alone, found.record, found.forget) == ((), (), (), ())
