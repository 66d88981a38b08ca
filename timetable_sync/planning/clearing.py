"""A calendar's plan when everything of ours is to go: each event that we wrote, and only those. Pure."""

from dataclasses import replace

from timetable_sync.model.change import Delete, Reason
from timetable_sync.model.plan import CalendarPlan


def clearing(plan: CalendarPlan) -> CalendarPlan:
    """``plan``, made by comparing the calendar with no events at all, as the plan of a purge: its deletes say why they are made.

    What somebody made part of a series stays, as it does at night: taking out one of its days would be a change of theirs.
    Raises ValueError for a plan that would do anything but delete.
    """
    if not all(isinstance(change, Delete) for change in plan.changes):
        raise ValueError("a purge deletes, and does nothing else")
    return replace(plan, changes=tuple(Delete(change.before, Reason.PURGED) for change in plan.changes if isinstance(change, Delete)))
