"""Guards are limits that hold a calendar's plan, or the run's; all are judged before the first write.

``--force-guard`` releases what is on record as held, and so was shown, and no more (:class:`Release`).

Another installation with the same source, or a copy of this one with a state of its own, takes our events for its own and deletes what its
timetable lacks, as we do with its. Its sign is an event that bears our source's mark, that is newer than our last look at the calendar, by
the service's clock, that the timetable does not ask for there, and that no record of ours explains (:func:`newcomers`).

A source that was renamed takes every event there for another source's, and creates it again beside. Its sign is that new events are there
already, by all of their key but the source, and at the same time (:func:`doubled`): two sources of one calendar may have a number in
common by chance.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from timetable_sync.config.sections.safety import Guards
from timetable_sync.config.units import show_share
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey, source_prefix
from timetable_sync.model.plan import CalendarPlan, Doubled, Held, Keys, Shown
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.planning.selection import Selection, pattern_for

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


EMPTY = "empty_timetable"
SHRUNKEN = "shrunken_timetable"
IN_RUN = "deletes_in_run"
IN_CALENDAR = "deletes_in_calendar"
RENAMED = "renamed_source"
ANOTHER = "another_installation"

#: What ``--force-guard`` takes. An empty timetable is always refused: nobody means it.
RELEASABLE = (IN_RUN, IN_CALENDAR, SHRUNKEN, RENAMED, ANOTHER)

#: Two sources of one calendar may have a number, and a time, in common.
_BY_CHANCE = 2


@dataclass(frozen=True, slots=True)
class Extent:
    """All that the run's guards are judged over, whether it is visited tonight or not: what the configuration lets this source write.

    ``known`` is how many keys the ledger has in the window, by address (none after it was lost); ``wanted`` gives how many the timetable
    has, and is asked of calendars that were not read.
    """

    selection: Selection
    known: Mapping[str, int] = field(default_factory=dict)
    wanted: Callable[[Calendar], int] = field(default=lambda calendar: 0)

    @property
    def calendars(self) -> list[Calendar]:
        """Those that are written. One that is only reported on has no losses, and makes no room for any."""
        return [one for one in self.selection.within if one.address not in self.selection.report_only]


def empty_timetable(lessons: int = 0, *, named: bool = False) -> Held:
    """The verdict on a query that gave no rows at all, or, where there are ``lessons``, on a timetable that puts none of them anywhere.

    ``named`` says that some name a calendar.
    """
    if lessons:
        what = "is in a calendar that has a mailbox" if named else "names a calendar"
        return Held(EMPTY, None, f"the timetable is empty: none of its {lessons} lessons {what}", 0, lessons, 0)
    return Held(EMPTY, None, "the timetable is empty: the query gave no rows", 0, 0, 0)


def judge(plans: Sequence[CalendarPlan], extent: Extent, guards: Guards, release: Release) -> list[Held]:
    """Every guard that these plans trip, the run's first. What is released is named all the same, marked.

    The run's losses are those that would really be made. A calendar that its own guard holds, or that is outside of the ``extent`` as it is
    only reported on, adds none, so that one broken calendar does not hold all the others; nor does one of which all that is lost was shown
    and is released.
    """
    doubling = _doubling(plans, extent)
    everywhere = doubling[:1] if doubling and doubling[0].calendar is None else []
    found = [held for plan in plans for held in (*_deletes(plan, extent, guards), *_strangers(plan, extent))]
    calendars = release.of_calendars([*found, *doubling[len(everywhere) :]], plans)
    kept = {held.calendar.address for held in calendars if held.calendar is not None and not held.forced}
    whole = _Whole(plans, extent, frozenset(plan.calendar.address for plan in plans if release.covers(IN_CALENDAR, plan)))
    losses = whole.losses(kept)
    return [*map(release.of_run, (*everywhere, *_shrunken(whole, losses, guards), *_in_run(whole, losses, guards))), *calendars]


def is_shrunken(plans: Sequence[CalendarPlan], extent: Extent, guards: Guards, release: Release) -> bool:
    """Whether the timetable is smaller than it may be over all calendars, those that were not read included."""
    whole = _Whole(plans, extent, frozenset(plan.calendar.address for plan in plans if release.covers(IN_CALENDAR, plan)))
    return whole.shrunk(unread=True) > whole.may_shrink(guards)


class _Whole:
    """All calendars of the extent together: as they were read, and where one was not, as the ledger counts it.

    Of the calendars at the addresses ``released`` nothing is missed any more.
    """

    def __init__(self, plans: Sequence[CalendarPlan], extent: Extent, released: frozenset[str]) -> None:
        calendars = extent.calendars
        inside = {calendar.address for calendar in calendars}
        self.asked, self._extent, self._released = extent.selection.asked, extent, released
        self._plans = [plan for plan in plans if plan.calendar.address in inside]
        read = {plan.calendar.address for plan in self._plans}
        self._unread = [calendar for calendar in calendars if calendar.address not in read]
        self.known = sum(map(self._known, calendars))
        self.standing = sum(plan.standing for plan in self._plans) + sum(map(self._known, self._unread))

    def _known(self, calendar: Calendar) -> int:
        return self._extent.known.get(calendar.address, 0)

    def losses(self, kept: Collection[str]) -> Keys:
        """What would be lost, but in calendars that are ``kept`` as they are."""
        lost = {plan.calendar.address: plan.losses for plan in self._plans}
        return {address: keys for address, keys in lost.items() if keys and address not in kept and address not in self._released}

    def shrunk(self, *, unread: bool = False) -> int:
        """By how many events the timetable is smaller than the ledger. ``unread``: also where nobody read the calendar."""
        total = 0
        for plan in self._plans:
            less = self._known(plan.calendar) - plan.expected
            total += min(0, less) if plan.calendar.address in self._released else less
        for calendar in self._unread if unread or total > 0 else ():
            # What moved from a calendar that was read to one that was not is not missed; what such a one lacks is for whoever reads it.
            less = self._known(calendar) - self._extent.wanted(calendar)
            total += less if unread else min(0, less)
        return total

    def may_shrink(self, guards: Guards) -> int:
        """Below the floor of the run's deletes a shrunken timetable cannot do harm that the other guards would not see."""
        return max(self.limit(guards), guards.deletes_in_run.at_least)

    def limit(self, guards: Guards) -> int:
        """The share of all that is known."""
        return int(guards.shrunken_timetable * self.known + 1e-9)


def _shrunken(whole: _Whole, losses: Keys, guards: Guards) -> list[Held]:
    shrunk, known = whole.shrunk(), whole.known
    if shrunk <= whole.may_shrink(guards):
        return []
    share = show_share(guards.shrunken_timetable)
    sentence = f"the timetable shrank from {known} to {known - shrunk} events in the window, the limit is {share}"
    return [Held(SHRUNKEN, None, sentence, shrunk, known, whole.limit(guards), scope=whole.asked, keys=losses)]


def _in_run(whole: _Whole, losses: Keys, guards: Guards) -> list[Held]:
    limit, lost, standing = guards.deletes_in_run, sum(map(len, losses.values())), whole.standing
    allowed = limit.allowed(standing)
    if lost <= allowed:
        return []
    sentence = f"{lost} of {standing} events would be deleted in all, the limit is {limit.text()}"
    return [Held(IN_RUN, None, sentence, lost, standing, allowed, scope=whole.asked, keys=losses)]


def _deletes(plan: CalendarPlan, extent: Extent, guards: Guards) -> list[Held]:
    limit, losses = guards.deletes_in_calendar, plan.losses
    allowed = limit.allowed(plan.standing)
    if len(losses) <= allowed:
        return []
    sentence = f"{len(losses)} of {plan.standing} events would be deleted, the limit is {limit.text()}"
    return [_of_calendar(IN_CALENDAR, plan, extent, sentence, losses, plan.standing, allowed)]


def _strangers(plan: CalendarPlan, extent: Extent) -> list[Held]:
    if not plan.strangers:
        return []
    many = "1 event" if len(plan.strangers) == 1 else f"{len(plan.strangers)} events"
    sentence = f"{many} with our mark, newer than our last look and on no record of ours: another installation seems to write there"
    return [_of_calendar(ANOTHER, plan, extent, sentence, plan.strangers, max(plan.standing, len(plan.strangers)), 0)]


def _doubling(plans: Sequence[CalendarPlan], extent: Extent) -> list[Held]:
    """On calendars of which half of what is new stands there already as another source's; on the run where those are half of all."""
    if not any(plan.doubled.keys for plan in plans):
        return []
    inside = {calendar.address for calendar in extent.calendars}
    written = [plan for plan in plans if plan.calendar.address in inside]
    doubling = [plan for plan in written if len(plan.doubled.keys) >= max(_BY_CHANCE, plan.creates / 2)]
    if len(doubling) > 1 and 2 * len(doubling) >= len(written):
        keys = {plan.calendar.address: plan.doubled.keys for plan in doubling}
        many, new = sum(map(len, keys.values())), sum(plan.creates for plan in written)
        sentence = _as_another(many, new, doubling[0])
        return [Held(RENAMED, None, sentence, many, new, 0, scope=extent.selection.asked, keys=keys)]
    sentences = [(plan, _as_another(len(plan.doubled.keys), plan.creates, plan)) for plan in doubling]
    return [_of_calendar(RENAMED, plan, extent, sentence, plan.doubled.keys, plan.creates, 0) for plan, sentence in sentences]


def _as_another(many: int, new: int, plan: CalendarPlan) -> str:
    return f'{many} of {new} new events stand there already, made under the source "{plan.doubled.source}"'


def _of_calendar(guard: str, plan: CalendarPlan, extent: Extent, sentence: str, keys: frozenset[str], of: int, limit: int) -> Held:
    calendar = plan.calendar
    scope = (pattern_for(calendar, extent.selection.homonyms),)
    return Held(guard, calendar, sentence, len(keys), of, limit, scope=scope, keys={calendar.address: keys})


def newcomers(
    snapshot: Snapshot,
    wanted: Iterable[Event],
    known: Iterable[str],
    source: str,
    seen: datetime | None,
    copies: Collection[str] = (),
) -> frozenset[str]:
    """The keys of events that would be another installation's, if nothing else explains them.

    ``wanted`` is what the timetable asks for in the calendar, ``known`` are the keys of the ledger. ``seen`` is when it was last read
    whole; None where it was not, and then nothing tells. ``copies`` are the ids of items that people made.
    """
    if seen is None:
        return frozenset()
    ours = source_prefix(source)
    new = {
        item.marker.key
        for item in snapshot.ours
        if item.created is not None and item.created > seen and item.marker.key.startswith(ours) and item.item.id not in copies
    }
    return frozenset(new.difference(known, (event.key for event in wanted)) if new else new)


def doubled(plan: CalendarPlan, snapshot: Snapshot, source: str) -> Doubled:
    """What ``plan`` would make twice."""
    ours = source_prefix(source)
    theirs: Mapping[tuple[str, datetime], str] = {
        (_after_source(item.marker.key), item.start): item.marker.key for item in snapshot.ours if not item.marker.key.startswith(ours)
    }
    if not theirs:
        return Doubled()
    creates = [change for change in plan.changes if isinstance(change, Create)]
    found = {change.key: theirs[place] for change in creates if (place := (_after_source(change.key), change.after.start)) in theirs}
    if not found:
        return Doubled()
    (prefix, _), *_ = Counter(key.partition("/")[0] for key in found.values()).most_common(1)
    parsed = EventKey.parse(next(key for key in found.values() if key.startswith(prefix + "/")))
    return Doubled(prefix if parsed is None else parsed.source, frozenset(found))


def _after_source(key: str) -> str:
    """A key without its source."""
    return key.partition("/")[2]
