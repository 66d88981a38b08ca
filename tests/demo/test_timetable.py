"""The made-up college is as large and as odd as it is said to be; its fourth week changes what it says, and leaves the past alone."""

from collections import Counter

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


def test_the_term_is_the_same_every_time() -> None:
    assert timetable.term() == timetable.term()


def test_there_are_twelve_calendars_and_fifteen_hundred_events_at_least() -> None:
    calendars = expected(timetable.term())
    assert len(calendars) >= 12
    assert sum(map(len, calendars.values())) >= 1_500


def test_lessons_lie_on_both_sides_of_the_clock_change_and_over_it() -> None:
    lessons = timetable.term()
    nine = {utc(lesson.starts)[11:16] for lesson in lessons if lesson.starts.hour == 9}
    assert nine == {"08:00", "09:00"}
    (night,) = [lesson for lesson in lessons if lesson.activity == "PHY201/NIGHT"]
    assert (utc(night.starts), utc(night.ends)) == ("2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z")


def test_lessons_are_joint_and_have_several_rooms_and_lecturers_and_some_have_none() -> None:
    lessons = timetable.term()
    assert max(len(lesson.groups) for lesson in lessons) >= 4
    assert {len(lesson.rooms) for lesson in lessons} >= {0, 1, 2}
    assert {len(lesson.staff) for lesson in lessons} >= {1, 2}
    assert any(lesson.staff == (timetable.NOBODY,) for lesson in lessons)


def test_the_texts_are_as_odd_as_real_ones() -> None:
    texts = {text for lesson in timetable.term() for text in (lesson.title, lesson.kind, *lesson.rooms, *lesson.staff)}
    for odd in ("\u00a0", "\u2011", "&amp;", "<br />", "Русский", "e\u0301", "  "):
        assert any(odd in text for text in texts), odd
    assert 121 in {len(text) for text in texts}


def test_nobody_is_in_two_places_at_once() -> None:
    weekly = [lesson for lesson in timetable.term() if lesson.id.count("/") == 2]
    for what in ("groups", "rooms"):
        hours = Counter(
            (who, lesson.starts.date(), hour)
            for lesson in weekly
            for who in getattr(lesson, what)
            for hour in range(lesson.starts.hour, lesson.ends.hour)
        )
        assert max(hours.values()) == 1
