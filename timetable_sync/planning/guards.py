"""Guards: limits that hold a calendar's plan, or the run's, judged for all before the first write. Pure."""

from collections.abc import Collection, Sequence

from timetable_sync.model.plan import CalendarPlan, Held
from timetable_sync.settings.quantities import show_share
from timetable_sync.settings.sections.safety import Guards

EMPTY = "empty_timetable"
SHRUNKEN = "shrunken_timetable"
IN_RUN = "deletes_in_run"
IN_CALENDAR = "deletes_in_calendar"

#: What ``--force-guard`` takes. An empty timetable is always refused: nobody means it.
RELEASABLE = (IN_RUN, IN_CALENDAR, SHRUNKEN)


def empty_timetable(lessons: int = 0, *, named: bool = False) -> Held:
    """The verdict on a query that gave no rows at all, or, where there are ``lessons``, on a timetable that puts none of them anywhere.

    ``named`` says that some name a calendar.
    """
    if lessons:
        what = "is in a calendar that has a mailbox" if named else "names a calendar"
        return Held(EMPTY, None, f"the timetable is empty: none of its {lessons} lessons {what}", 0, lessons, 0)
    return Held(EMPTY, None, "the timetable is empty: the query gave no rows", 0, 0, 0)


def judge(
    plans: Sequence[CalendarPlan], known: int, guards: Guards, forced: Collection[str], *, never_written: Collection[str] = ()
) -> list[Held]:
    """Every guard that these plans trip, the run's first.

    ``known`` is how many events the ledger has in the same window and the same calendars (0 after it was lost). ``forced`` names
    the guards that are released for this run: their verdicts are given all the same, marked. ``never_written`` are addresses of
    calendars that are only reported on.

    The run's deletes are those that would really be made. A calendar that its own guard holds, or that is only reported on, adds none,
    so that one broken calendar does not hold all the others.
    """
    calendars = [held for plan in plans if (held := _calendar(plan, guards, forced)) is not None]
    kept = {held.calendar.address for held in calendars if held.calendar is not None and not held.forced}.union(never_written)
    deletes = sum(len(plan.losses) for plan in plans if plan.calendar.address not in kept)
    standing = sum(plan.standing for plan in plans if plan.calendar.address not in never_written)
    return [*_shrunken(plans, known, guards, forced), *_run(deletes, standing, guards, forced), *calendars]


def _shrunken(plans: Sequence[CalendarPlan], known: int, guards: Guards, forced: Collection[str]) -> list[Held]:
    expected = sum(plan.expected for plan in plans)
    limit = int(guards.shrunken_timetable * known + 1e-9)
    # Below the floor of the run's deletes a shrunken timetable cannot do harm that the other guards would not see.
    if known - expected <= max(limit, guards.deletes_in_run.at_least):
        return []
    sentence = f"the timetable shrank from {known} to {expected} events in the window, the limit is {show_share(guards.shrunken_timetable)}"
    return [Held(SHRUNKEN, None, sentence, known - expected, known, limit, SHRUNKEN in forced)]


def _run(deletes: int, standing: int, guards: Guards, forced: Collection[str]) -> list[Held]:
    limit = guards.deletes_in_run
    if deletes <= limit.allowed(standing):
        return []
    sentence = f"{deletes} of {standing} events would be deleted in all, the limit is {limit.text()}"
    return [Held(IN_RUN, None, sentence, deletes, standing, limit.allowed(standing), IN_RUN in forced)]


def _calendar(plan: CalendarPlan, guards: Guards, forced: Collection[str]) -> Held | None:
    limit = guards.deletes_in_calendar
    allowed, losses = limit.allowed(plan.standing), len(plan.losses)
    if losses <= allowed:
        return None
    sentence = f"{losses} of {plan.standing} events would be deleted, the limit is {limit.text()}"
    return Held(IN_CALENDAR, plan.calendar, sentence, losses, plan.standing, allowed, IN_CALENDAR in forced)
