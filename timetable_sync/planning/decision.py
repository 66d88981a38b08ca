"""What of the plans goes ahead, once every guard is judged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from timetable_sync.model.plan import CalendarPlan, Held
from timetable_sync.planning.guards import ANOTHER, Extent, is_shrunken, judge
from timetable_sync.planning.release import Release
from timetable_sync.planning.selection import Selection
from timetable_sync.settings.sections.safety import Guards


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
