"""A lesson is not taken out of one calendar where the other, to which it moved, cannot be had."""

from tests.planning.builders import COMP101, DAY, MATH200, MONDAY, event, plan, settled, standing
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Delete
from timetable_sync.model.plan import SkipReason
from timetable_sync.planning.decide import without_half_moves

HERE, GONE = event("LEC1", MONDAY), event("LEC2", MONDAY + DAY)
THERE = [standing(HERE, "item-1"), standing(GONE, "item-2")]


def wanted(calendar: Calendar) -> list[str]:
    return [HERE.key] if calendar == MATH200 else []


def _nobody_asks(calendar: Calendar) -> list[str]:
    raise AssertionError(calendar)


def test_what_is_wanted_in_a_calendar_that_cannot_be_had_stays_where_it_stands() -> None:
    (found,) = without_half_moves([plan([], THERE)], [MATH200], wanted)

    assert [change.key for change in found.changes] == [GONE.key]
    assert [(left.key, left.why) for left in found.left_alone] == [(HERE.key, SkipReason.NOT_MOVED)]
    assert found.expected == 1


def test_one_that_was_numbered_anew_stays_too() -> None:
    second = event("LEC1", MONDAY, 2)

    (found,) = without_half_moves([plan([], THERE)], [MATH200], lambda calendar: [second.key])

    assert [change.key for change in found.changes] == [GONE.key]


def test_a_duplicate_goes_all_the_same() -> None:
    before = settled(plan([HERE], [THERE[0], standing(HERE, "item-3")]))

    (found,) = without_half_moves([before], [MATH200], wanted)

    assert [type(change) for change in found.changes] == [Delete]
    assert found == before


def test_where_all_can_be_had_the_plans_are_as_they_were_and_nothing_is_asked() -> None:
    before = [plan([], THERE), plan([HERE], THERE[:1])]

    assert list(without_half_moves(before, [], wanted)) == before
    assert list(without_half_moves(before[1:], [COMP101], _nobody_asks)) == before[1:]
