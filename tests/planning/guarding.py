"""Plans and verdicts for tests of guards, with as little said as a test needs to say."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from tests.planning.builders import event, standing
from timetable_sync.config.sections.safety import Guards
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create, Delete, Reason
from timetable_sync.model.plan import CalendarPlan, Held, Shown
from timetable_sync.planning.guards import Extent, Release, judge
from timetable_sync.planning.selection import Selection

NEW = Create(event("NEW"), "marker", Reason.TIMETABLE)


@cache
def left(many: int) -> tuple[Delete, ...]:
    """So many events that left the timetable, each with a key of its own."""
    return tuple(Delete(standing(event(f"A{number}"), f"item-{number}"), Reason.LEFT) for number in range(many))


def calendar(number: int) -> Calendar:
    return Calendar(f"c{number}@groups.example.ac.uk", f"C{number}")


def planned(number: int, *, standing: int, deletes: int = 0, creates: int = 0, expected: int | None = None) -> CalendarPlan:
    changes = left(deletes) + (NEW,) * creates
    return CalendarPlan(calendar(number), standing, standing - deletes + creates if expected is None else expected, 0, 0, changes)


def judged(
    plans: Sequence[CalendarPlan],
    known: int = 0,
    limits: Guards | None = None,
    forced: Iterable[str] = (),
    *,
    never_written: Iterable[str] = (),
    shown: Shown | None = None,
    unasked: Iterable[Calendar] = (),
    counts: Mapping[str, int] | None = None,
    wanted: Mapping[str, int] | None = None,
    asked: tuple[str, ...] = (),
    homonyms: Iterable[str] = (),
) -> list[Held]:
    """``known`` is what the ledger has in the first calendar, if not ``counts`` says it of each."""
    visited = tuple(plan.calendar for plan in plans)
    selection = Selection(visited, frozenset(never_written), (), unasked=tuple(unasked), homonyms=frozenset(homonyms), asked=asked)
    ledger = {visited[0].address: known} if counts is None else counts
    extent = Extent(selection, ledger, lambda calendar: (wanted or {}).get(calendar.address, 0))
    return judge(plans, extent, limits or guards(), Release(frozenset(forced), shown or Shown()))


def guards(**given: Any) -> Guards:
    return Guards.model_validate(given)


def names(held: list[Held]) -> list[tuple[str, str | None]]:
    return [(verdict.guard, verdict.calendar.name if verdict.calendar else None) for verdict in held]


#: A university beside the calendar that a test is about, so that the run's guards see no share worth naming.
REST = planned(999, standing=10_000)
