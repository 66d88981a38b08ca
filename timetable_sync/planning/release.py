"""What ``--force-guard`` lets through: what is on record as held, and so was shown, and no more. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from timetable_sync.model.plan import CalendarPlan, Held, Keys, Shown

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Release:
    """``guards`` are to be let through; ``shown`` is what is on record as held.

    Where nothing that the guard holds is on record, nobody waits to be shown anything: whoever names the guard then lets through what it
    finds, in each calendar for itself.
    """

    guards: frozenset[str] = frozenset()
    shown: Shown = field(default_factory=Shown)

    def covers(self, guard: str, plan: CalendarPlan) -> bool:
        """Whether all that is lost in this calendar was held there by ``guard``, was shown and is let through now."""
        address = plan.calendar.address
        held = guard in self.guards and (address, guard) in self.shown.counts
        return held and plan.losses <= self.shown.keys.get(address, NOBODY)

    def of_calendars(self, verdicts: Sequence[Held], plans: Sequence[CalendarPlan]) -> list[Held]:
        """``verdicts`` on calendars, those marked that are let through, and of the others said what the release lacks."""
        on_record = {guard for plan in plans for guard in self.guards if (plan.calendar.address, guard) in self.shown.counts}
        return [self._judged(verdict, otherwise=verdict.guard not in on_record) for verdict in verdicts]

    def of_run(self, verdict: Held) -> Held:
        """The same for a verdict on the run."""
        return self._judged(verdict, otherwise=True)

    def _judged(self, verdict: Held, *, otherwise: bool) -> Held:
        """``otherwise``: whether it is let through though this very hold is not on record."""
        if verdict.guard not in self.guards:
            return verdict
        place = "" if verdict.calendar is None else verdict.calendar.address
        shown = self.shown.counts.get((place, verdict.guard))
        if shown is None:
            return replace(verdict, forced=True) if otherwise else _not_covered(verdict, verdict.keys, 0)
        fresh = {address: new for address, keys in verdict.keys.items() if (new := keys - self.shown.keys.get(address, NOBODY))}
        known = verdict.count - sum(map(len, fresh.values()))
        if verdict.count <= shown and not fresh:
            return replace(verdict, forced=True)
        return _not_covered(verdict, fresh, max(0, min(known, shown)))


def _not_covered(verdict: Held, fresh: Keys, covered: int) -> Held:
    rest = f"the release covers {covered} of them" if covered else "the release covers none of them"
    return replace(verdict, fresh=fresh, sentence=f"{verdict.sentence}; {rest}, as no more was held")
