"""Decides which changes of the plans go ahead, once every guard is judged.

It also makes the plan that removes every event we wrote from a calendar, and only those (:func:`clearing`), and holds back half of a move
(:func:`without_half_moves`): lessons that moved to a calendar that cannot be had tonight stay where they are, as they would be lost.
That holds for calendars in which, by the ledger, there is nothing of ours: their name or address may well be a mistake, such as a mailbox
that is misspelt tonight. A calendar that was written before and fails tonight still has its lessons, and is no reason to keep them
elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from timetable_sync.config.sections.safety import Guards
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Delete, Reason
from timetable_sync.model.plan import CalendarPlan, Held, Skipped, SkipReason
from timetable_sync.planning.guards import ANOTHER, Extent, Release, is_shrunken, judge
from timetable_sync.planning.selection import Selection


@dataclass(frozen=True, slots=True)
class Decision:
    """``go_ahead`` are the plans to carry out; those of the calendars at the addresses ``held_back`` are not, because of a guard.

    ``held`` are the verdicts, released ones included; ``supposed`` those on calendars that are only reported on, where there is nothing to
    hold. ``within`` are the addresses that may have a plan at all, tonight or in another run. ``shrunken`` says whether the timetable is
    smaller than it may be over all of these, where it matters.
    """

    selection: Selection
    go_ahead: tuple[CalendarPlan, ...]
    held: tuple[Held, ...] = ()
    supposed: tuple[Held, ...] = ()
    held_back: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    shrunken: bool = False

    @property
    def holds_the_run(self) -> bool:
        """Whether a guard holds all of it."""
        return any(one.calendar is None and not one.forced for one in self.held)

    @property
    def let_pass(self) -> frozenset[str]:
        """The addresses of calendars in which what another installation seems to have made was let pass."""
        held = (one.calendar for one in self.held if one.guard == ANOTHER and one.forced)
        return frozenset(calendar.address for calendar in held if calendar is not None)


def decide(plans: Sequence[CalendarPlan], extent: Extent, guards: Guards, release: Release) -> Decision:
    """Judge every guard, and say what goes ahead."""
    selection = extent.selection
    verdicts = judge(plans, extent, guards, release)
    supposed = tuple(held for held in verdicts if held.calendar is not None and held.calendar.address in selection.report_only)
    held = tuple(verdict for verdict in verdicts if verdict not in supposed)
    standing = [verdict for verdict in held if not verdict.forced]
    own = {verdict.calendar.address for verdict in standing if verdict.calendar is not None}
    run = any(verdict.calendar is None for verdict in standing)
    free = unguarded(plans, selection)
    return Decision(
        selection,
        tuple(plan for plan in free.go_ahead if not run and plan.calendar.address not in own),
        held,
        supposed,
        frozenset(plan.calendar.address for plan in free.go_ahead if run or plan.calendar.address in own),
        free.within,
        # A run that visits all calendars says so by its verdict.
        shrunken=bool(selection.unasked) and is_shrunken(plans, extent, guards, release),
    )


def unguarded(plans: Sequence[CalendarPlan], selection: Selection) -> Decision:
    """All goes ahead that may be written."""
    ready = tuple(plan for plan in plans if plan.changes and plan.calendar.address not in selection.report_only)
    return Decision(selection, ready, within=frozenset(calendar.address for calendar in selection.within))


def once(plans: Iterable[CalendarPlan]) -> tuple[CalendarPlan, ...]:
    """The plans with each item in the first of them alone: by two addresses, one mailbox is read twice."""
    taken, found = set[str](), list[CalendarPlan]()
    for plan in plans:
        changes = tuple(one for one in plan.changes if isinstance(one, Delete) and one.before.item.id not in taken)
        taken.update(one.before.item.id for one in changes)
        found.append(plan if len(changes) == len(plan.changes) else replace(plan, changes=changes, standing=len(changes)))
    return tuple(found)


def clearing(plan: CalendarPlan) -> CalendarPlan:
    """``plan``, made by comparing the calendar with no events at all, as the plan of a purge: its deletes say why they are made.

    What somebody made part of a series stays, as it does at night: taking out one of its days would be a change of theirs.
    Raises ValueError for a plan that would do anything but delete.
    """
    if not all(isinstance(change, Delete) for change in plan.changes):
        raise ValueError("a purge deletes, and does nothing else")
    return replace(plan, changes=tuple(Delete(change.before, Reason.PURGED) for change in plan.changes if isinstance(change, Delete)))


def without_half_moves(
    plans: Sequence[CalendarPlan], not_had: Iterable[Calendar], wanted: Callable[[Calendar], Iterable[str]]
) -> tuple[CalendarPlan, ...]:
    """The plans without the deletes of such lessons. ``wanted`` gives the keys of what is to stand in one of ``not_had``."""
    leaving = {_meetings(change.key) for plan in plans for change in plan.changes if _leaves(change)}
    # Numbered together, as their numbers may have changed with the move.
    staying = leaving and {meetings for calendar in not_had for meetings in map(_meetings, wanted(calendar)) if meetings in leaving}
    return tuple(_with(plan, staying) for plan in plans) if staying else tuple(plans)


def _with(plan: CalendarPlan, staying: set[str]) -> CalendarPlan:
    changes, left = list[Change](), list[Skipped]()
    for change in plan.changes:
        if _leaves(change) and _meetings(change.key) in staying:
            left.append(Skipped(change.key, SkipReason.NOT_MOVED, change.before, None))
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
