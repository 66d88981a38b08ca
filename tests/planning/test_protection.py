"""Rows that were set aside: a typing mistake in the timetable must not delete, overwrite or double a lecture."""

import pytest

from tests.planning.builders import COMP101, DAY, MATH200, MONDAY, RULES, event, ledger, only_seen, plan, standing
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.event import Event
from timetable_sync.model.key import OWN, EventKey
from timetable_sync.model.plan import SkipReason, Unresolved
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.planning.protection import Protection

W48, W49 = "2026-W48", "2026-W49"


def week(*days: int, activity: str = "LEC1", first: int = 0) -> list[Event]:
    """Meetings on these days of the first week (or of the one ``first`` days later), numbered as the timetable numbers them."""
    monday = MONDAY + first * DAY
    return [event(activity, monday + day * DAY, nth, week_of=monday) for nth, day in enumerate(days, 1)]


def stand(events: list[Event]) -> list[RemoteEvent]:
    return [standing(lesson, f"item-{number}") for number, lesson in enumerate(events)]


def row(
    *, calendar: str | None = COMP101.address, period: str | None = "2026/27", activity: str | None = "LEC1", of: str | None = W48
) -> Unresolved:
    return Unresolved(calendar, period, activity, of)


def test_an_event_whose_row_is_bad_stays() -> None:
    there = stand(week(0))

    found = plan([], there, unsettled=[row()])

    assert found.changes == ()
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.UNSETTLED, there[0])]


def test_the_meetings_that_move_up_when_one_row_of_the_week_is_bad_do_not_overwrite_one_another() -> None:
    """Monday, Wednesday, Friday stand; Wednesday's row is bad, so Friday counts as the second. Nothing may move."""
    there = stand(week(0, 2, 4))

    found = plan(week(0, 4), there, unsettled=[row()])

    assert found.changes == ()
    assert {left.why for left in found.left_alone} == {SkipReason.UNSETTLED}
    assert found.unchanged == 1


def test_what_is_new_in_a_week_with_a_bad_row_waits_too() -> None:
    found = plan(week(0, 2, 4), stand(week(0, 2)), unsettled=[row()])

    assert found.changes == ()


def test_other_weeks_and_other_activities_go_on() -> None:
    there = stand([*week(0, 2), *week(0, first=7), *week(1, activity="LAB")])

    found = plan([], there, unsettled=[row()])

    assert {change.key for change in found.changes} == {there[2].marker.key, there[3].marker.key}


def test_another_calendars_bad_row_changes_nothing_here() -> None:
    assert plan([], stand(week(0)), unsettled=[row(calendar=MATH200.address)]).deletes == 1


def test_a_bad_row_that_names_no_calendar_counts_in_all() -> None:
    assert plan([], stand(week(0)), unsettled=[row(calendar=None)]).changes == ()


def test_a_bad_row_that_names_no_period_counts_in_all() -> None:
    assert plan([], stand(week(0)), unsettled=[row(period=None)]).changes == ()
    assert plan([], stand(week(0)), unsettled=[row(period="2025/26")]).deletes == 1


def test_a_bad_row_without_a_week_holds_the_weeks_that_lack_a_meeting_and_no_other() -> None:
    there = stand([*week(0, 2, 4), *week(0, 2, first=7)])
    moved = week(1, 3, first=7)

    found = plan([*week(0, 4), *moved], there, unsettled=[row(of=None)])

    assert [type(change) for change in found.changes] == [Update, Update]
    assert {change.key for change in found.changes} == {lesson.key for lesson in moved}


def test_a_bad_row_without_a_week_keeps_its_event_where_somebody_deleted_another_of_that_week() -> None:
    """As many stand as the good rows account for; but what stands is the bad row's, and what is gone the good one's."""
    friday = stand(week(0, 4))[1:]

    found = plan(week(0), friday, unsettled=[row(of=None)])

    assert found.changes == ()


def test_a_row_that_ends_before_it_starts_holds_both_weeks_and_elsewhere_only_what_would_be_missed() -> None:
    """Its start says the second week, its end the first; in the third a lesson moves, in the fourth one is gone."""
    there = stand([*week(0, 2), *week(0, first=7), *week(0, first=14), *week(0, 2, first=21)])
    moved = week(1, first=14)

    found = plan(
        [*week(0, 3), *moved, *week(0, first=21)], there, unsettled=[row(calendar=None, of=possible) for possible in (W49, W48, None)]
    )

    assert [(type(change), change.key) for change in found.changes] == [(Update, moved[0].key)]
    assert {left.why for left in found.left_alone} == {SkipReason.UNSETTLED}


def test_a_bad_row_of_unknown_activity_deletes_nothing_in_its_calendar() -> None:
    there = stand([*week(0), *week(1, activity="LAB")])

    found = plan([], there, unsettled=[row(activity=None, of=None)])

    assert found.changes == ()
    assert len(found.left_alone) == 2


def test_a_bad_row_of_unknown_activity_keeps_even_what_nothing_else_would_hold() -> None:
    """As many meetings as before, but under other numbers; and one of ours whose key says neither activity nor week."""
    third = week(0, 2, 4)[2]
    first = standing(week(0)[0], "item-1")
    odd = standing(event(key="timetable/of-a-newer-version"), "item-2")

    found = plan([third], [first, odd], unsettled=[row(activity=None, of=None)])

    assert [(type(change), change.key) for change in found.changes] == [(Create, third.key)]


def test_a_bad_row_of_unknown_activity_lets_no_meeting_move_up_over_another() -> None:
    """Wednesday's row lost its activity's id: Friday now counts as the second meeting. Wednesday must not become Friday."""
    found = plan(week(0, 4), stand(week(0, 2, 4)), unsettled=[row(activity=None, of=None)])

    assert found.changes == ()


def test_a_bad_row_of_unknown_activity_lets_moves_and_new_lessons_go_ahead() -> None:
    found = plan([*week(1), *week(3, activity="LAB")], stand(week(0)), unsettled=[row(activity=None, of=None, calendar=None)])

    assert {type(change) for change in found.changes} == {Update, Create}


def test_a_bad_row_of_an_activity_with_a_very_long_name_is_found_by_its_digest() -> None:
    long, period = "x" * 5000, "🎓" * 30
    lesson = event(key=EventKey("timetable", period, long, W48, 1).text())

    assert plan([], stand([lesson]), unsettled=[row(activity=long, period=period)]).changes == ()


def test_a_bad_row_of_the_sources_own_key_holds_just_that_event() -> None:
    one, other = (event(key=EventKey("timetable", "2026/27", own, OWN, 1).text()) for own in ("4711", "4712"))
    there = stand([one, other])

    assert plan([], there, unsettled=[row(activity="4711", of=OWN)]).changes[0].key == other.key
    assert plan([], there, unsettled=[row(activity="4711", of=OWN)]).deletes == 1


def test_a_frozen_event_is_on_record_even_if_the_ledger_was_lost() -> None:
    there = stand(week(0))

    assert {known.key: known for known in plan([], there, {}, unsettled=[row()]).record} == {
        one.marker.key: only_seen(one) for one in there
    }
    assert {known.key: known for known in plan(week(0), there, {}, unsettled=[row()]).record} == ledger(*there)


def test_a_frozen_event_that_is_right_counts_as_unchanged() -> None:
    found = plan(week(0), stand(week(0)), unsettled=[row()])

    assert (found.unchanged, found.left_alone) == (1, ())


def test_once_the_row_is_mended_everything_is_put_right() -> None:
    there = stand(week(0, 2, 4))
    held = plan(week(0, 4), there, unsettled=[row()])

    mended: tuple[Change, ...] = plan(week(0, 4), there).changes

    assert held.changes == ()
    assert {type(change) for change in mended} == {Update, Delete}


@pytest.mark.parametrize("rows", [[], [row(calendar=MATH200.address)]], ids=["none", "another calendar's"])
def test_nothing_is_frozen_where_no_bad_row_concerns_the_calendar(rows: list[Unresolved]) -> None:
    freeze = Protection(rows, COMP101.address)

    assert freeze.frozen(["timetable/p/LEC1/2026-W48/1"], []) == frozenset()
    assert freeze.deletes_allowed


def test_a_bad_row_never_reaches_events_of_another_source() -> None:
    foreign = standing(event(key=EventKey("exams", "2026/27", "LEC1", W48, 1).text()))

    found = plan([], [foreign], {}, RULES, [row()])

    assert (found.changes, found.left_alone, found.foreign) == ((), (), 1)


def lesson(nth: int = 1, activity: str = "LEC1", of: str = W48) -> Unresolved:
    """All of it is known but in which calendar it is."""
    return Unresolved(None, "2026/27", activity, of, EventKey("timetable", "2026/27", activity, of, nth).text())


def test_of_a_lesson_without_one_of_its_addresses_what_stands_stays() -> None:
    there = stand(week(0, 2))

    found = plan([], there, unsettled=[lesson(2)])

    assert found.changes == ()
    assert [left.why for left in found.left_alone] == [SkipReason.UNSETTLED, SkipReason.UNSETTLED]


def test_in_a_calendar_that_it_is_in_by_another_name_all_is_known() -> None:
    there = stand(week(0, 2))

    found = plan(week(0), there, unsettled=[lesson(1)])

    assert [change.key for change in found.changes] == [there[1].marker.key]


def test_two_lessons_of_a_week_must_both_be_there_or_all_of_it_stays() -> None:
    assert plan(week(0), stand(week(0, 2)), unsettled=[lesson(1), lesson(2)]).changes == ()
    assert plan(week(0), stand(week(0, 2)), unsettled=[lesson(1), row(calendar=None)]).changes == ()


def test_what_stays_is_expected_to_so_that_no_guard_misses_it() -> None:
    assert plan([], stand(week(0, 2)), unsettled=[lesson(1)]).expected == 2
    assert plan(week(0), stand(week(0, 2)), unsettled=[row(activity=None)]).expected == 2
