"""Lessons that moved to a calendar that cannot be had tonight: they stay where they stand, as half a move would lose them. Pure.

This holds for calendars in which nothing of ours stands by the ledger: their name or address may well be a mistake, such as a mailbox
that is misspelt tonight. One that was written before and fails tonight has its lessons still, and is no reason to keep them elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeGuard

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Delete, Reason
from timetable_sync.model.plan import CalendarPlan, Left, LeftAlone


def without_half_moves(
    plans: Sequence[CalendarPlan], not_had: Iterable[Calendar], wanted: Callable[[Calendar], Iterable[str]]
) -> tuple[CalendarPlan, ...]:
    """The plans without the deletes of such lessons. ``wanted`` gives the keys of what is to stand in one of ``not_had``."""
    leaving = {_meetings(change.key) for plan in plans for change in plan.changes if _leaves(change)}
    # Numbered together, as their numbers may have changed with the move.
    staying = leaving and {meetings for calendar in not_had for meetings in map(_meetings, wanted(calendar)) if meetings in leaving}
    return tuple(_with(plan, staying) for plan in plans) if staying else tuple(plans)


def _with(plan: CalendarPlan, staying: set[str]) -> CalendarPlan:
    changes, left = list[Change](), list[LeftAlone]()
    for change in plan.changes:
        if _leaves(change) and _meetings(change.key) in staying:
            left.append(LeftAlone(change.key, Left.NOT_MOVED, change.before, None))
        else:
            changes.append(change)
    if not left:
        return plan
    expected = plan.expected + len({one.key for one in left})
    return replace(plan, changes=tuple(changes), left_alone=(*plan.left_alone, *left), expected=expected)


def _leaves(change: Change) -> TypeGuard[Delete]:
    return isinstance(change, Delete) and change.reason is Reason.LEFT


def _meetings(key: str) -> str:
    """A key without the number of the meeting in its week."""
    return key.rpartition("/")[0]
