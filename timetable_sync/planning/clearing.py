"""A calendar's plan when everything of ours is to go: each event that we wrote, and only those. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from timetable_sync.model.change import Delete, Reason
from timetable_sync.model.plan import CalendarPlan


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
