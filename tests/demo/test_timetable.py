"""What happens to the timetable in the demo's fourth week is all that it says, and leaves the past alone."""

from timetable_sync.demo import checks, timetable
from timetable_sync.demo.checks import expected, utc
from timetable_sync.demo.timetable import SECOND_NIGHT, changes, right_after, rows_after

PLANNED = timetable.term()
MADE = changes(PLANNED)


def test_every_kind_of_change_is_made() -> None:
    created, updated, deleted = checks.differences(expected(PLANNED), expected(right_after(PLANNED, MADE)))
    assert (created, deleted) == (4, 2)
    assert updated > 30


def test_nothing_of_the_past_changes_in_the_calendars_though_it_does_in_the_database() -> None:
    now = utc(SECOND_NIGHT)
    before, after = expected(PLANNED), expected(right_after(PLANNED, MADE))
    for address, events in before.items():
        past = {name: event for name, event in events.items() if event.start < now}
        assert past
        assert past == {name: event for name, event in after[address].items() if event.start < now}
    past_rows = {lesson for lesson in PLANNED if lesson.starts < SECOND_NIGHT}
    assert past_rows - {*rows_after(PLANNED, MADE)}


def test_one_row_ends_before_it_starts_until_it_is_mended() -> None:
    assert sum(lesson.ends < lesson.starts for lesson in rows_after(PLANNED, MADE)) == 1
    assert all(lesson.ends > lesson.starts for lesson in rows_after(PLANNED, MADE, mended=True))


def test_a_moved_lesson_stays_in_its_week_so_that_it_moves_and_does_not_vanish() -> None:
    before = {lesson.id: lesson for lesson in PLANNED}
    moved = [lesson for lesson in right_after(PLANNED, MADE) if lesson.id in before and lesson.starts != before[lesson.id].starts]
    assert moved
    assert all(lesson.starts.isocalendar()[:2] == before[lesson.id].starts.isocalendar()[:2] for lesson in moved)
