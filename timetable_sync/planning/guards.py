"""Guards: limits that hold a calendar's plan, or the run's, judged for all before the first write. Pure."""

from collections.abc import Collection, Sequence

from timetable_sync.model.plan import CalendarPlan, Held
from timetable_sync.settings.quantities import show_share
from timetable_sync.settings.schema import Guards

EMPTY = "empty_timetable"
SHRUNKEN = "shrunken_timetable"
IN_RUN = "deletes_in_run"
IN_CALENDAR = "deletes_in_calendar"

#: What ``--force-guard`` takes. An empty timetable is always refused: nobody means it.
RELEASABLE = (IN_RUN, IN_CALENDAR, SHRUNKEN)


def empty_timetable() -> Held:
    """The verdict on a query that gave no rows at all."""
    return Held(EMPTY, None, "the timetable is empty: the query gave no rows", 0, 0, 0)


def judge(plans: Sequence[CalendarPlan], known: int, guards: Guards, forced: Collection[str]) -> list[Held]:
    """Every guard that these plans trip.

    ``known`` is how many events the ledger has in the same window and the same calendars (0 after it was lost). ``forced`` names
    the guards that are released for this run: their verdicts are given all the same, marked.
    """
    held = []
    expected = sum(plan.expected for plan in plans)
    least = known - int(guards.shrunken_timetable * known + 1e-9)
    # Below the floor of the run's deletes a shrunken timetable cannot do harm that the other guards would not see.
    if expected < least and known - expected > guards.deletes_in_run.at_least:
        sentence = (
            f"the timetable shrank from {known} to {expected} events in the window, the limit is {show_share(guards.shrunken_timetable)}"
        )
        held.append(Held(SHRUNKEN, None, sentence, known - expected, known, known - least, SHRUNKEN in forced))
    deletes, standing = sum(plan.deletes for plan in plans), sum(plan.standing for plan in plans)
    limit = guards.deletes_in_run
    if deletes > limit.allowed(standing):
        sentence = f"{deletes} of {standing} events would be deleted in all, the limit is {limit.text()}"
        held.append(Held(IN_RUN, None, sentence, deletes, standing, limit.allowed(standing), IN_RUN in forced))
    limit = guards.deletes_in_calendar
    for plan in plans:
        if plan.deletes > limit.allowed(plan.standing):
            sentence = f"{plan.deletes} of {plan.standing} events would be deleted, the limit is {limit.text()}"
            allowed = limit.allowed(plan.standing)
            held.append(Held(IN_CALENDAR, plan.calendar, sentence, plan.deletes, plan.standing, allowed, IN_CALENDAR in forced))
    return held
