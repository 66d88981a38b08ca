"""A survey in which every address is told from the others that lead to the same folder, before any plan is judged. Writes nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from timetable_sync.apply.read_calendars import KnownState, ReadContext, ReadResult
from timetable_sync.apply.unanswered import UnansweredCreates
from timetable_sync.errors import CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import BETWEEN, LedgerEntry, digest_of
from timetable_sync.model.window import Window
from timetable_sync.planning.folders import ExpectedFolders, FoldersFound, Resolution, learnt, now_known, resolve

#: Looks at calendars.
Look = Callable[[Sequence[Calendar], Window, ReadContext], ReadResult]


@dataclass(frozen=True, slots=True)
class ResolvedRead:
    """The survey of the calendars that there are, and what became of addresses.

    ``moved`` are, by address, the calendars that what was known under it is of now; ``forgotten`` addresses under which is known what is of
    nothing any more, and ``dropped`` those that are no calendars any more. ``memory`` is what was known, by the addresses of now, and
    ``visited`` what is to be remembered of addresses, where that is new; ``passed`` once what seems strange there was let pass.
    """

    survey: ReadResult
    moved: Mapping[str, Calendar]
    forgotten: frozenset[str]
    dropped: frozenset[str]
    memory: KnownState
    visited: tuple[KnownFolder, ...]
    passed: tuple[KnownFolder, ...] = ()

    @property
    def sightings(self) -> list[LastFullRead]:
        """What is to be remembered of the readings: that of tonight, and what went along to another address."""
        to = [calendar.address for calendar in self.moved.values()]
        return [*(self.memory.sightings[address] for address in to if address in self.memory.sightings), *self.survey.sightings]

    def carried(self, counts: Mapping[str, int]) -> dict[str, int]:
        """What was counted by address, by the addresses of now."""
        found = {address: count for address, count in counts.items() if address not in self.moved and address not in self.forgotten}
        for old, calendar in self.moved.items():
            found[calendar.address] = found.get(calendar.address, 0) + counts.get(old, 0)
        return found


def resolve_folders(
    look: Look,
    calendars: Sequence[Calendar],
    window: Window,
    sides: ReadContext,
    before: Mapping[str, KnownFolder],
    wanted: Collection[str],
    late: UnansweredCreates,
) -> ResolvedRead:
    """Read ``calendars``, and once more those of which it turns out that something else is known than under their address.

    ``before`` is what is remembered of addresses, ``wanted`` are those that the timetable names; ``late`` is that of ``look``.
    """
    # Of a mailbox that did not exist yet, nobody was told a folder: that is asked for once it does.
    expected = ExpectedFolders({address: one.folder for address, one in before.items() if one.folder or not one.gone_nights})
    first = look(calendars, window, replace(sides, memory=replace(sides.memory, folders=expected)))
    gone = [address for address, error in first.failed.items() if isinstance(error, CalendarError) and error.gone]
    resolution = resolve(before, FoldersFound(first.looks, gone, wanted, [calendar.address for calendar in calendars]))
    refused = dict(resolution.failed)
    out, changed = resolution.dropped | refused.keys(), resolution.changed
    anew = (first.elsewhere.keys() | (changed & first.looks.keys())) - out
    known = now_known(before, resolution)
    now = replace(
        sides,
        ledger=_ledger(sides, resolution),
        memory=_memory(sides.memory, first, resolution, window),
        seen={address: one.seen for address, one in known.items()} if sides.seen else {},
    )
    again = [calendar for calendar in calendars if calendar.address in anew]
    by_address = {one.address: one for one in calendars}
    moved = {old: by_address[owner] for old, owner in resolution.moved.items()}
    late.readdress(moved)
    second = look(again, window, now) if again else ReadResult((), {})
    whole = _merged(_without(first, out | anew), second, refused, calendars)
    looks = {**first.looks, **second.looks}
    # Of one that nobody can tell, what was known before stays.
    told = [one for one in calendars if one.address not in resolution.dropped and not (one.address in refused and one.address in known)]
    strange = {plan.calendar.address for plan in whole.plans if plan.strangers}
    new = [one for one in learnt(known, told, looks, strange) if one != before.get(one.calendar.address) or one.calendar.address in changed]
    passed = tuple(learnt(known, [one for one in told if one.address in strange], looks))
    return ResolvedRead(whole, moved, resolution.forgotten, resolution.dropped, now.memory, tuple(new), passed)


def _without(survey: ReadResult, addresses: Collection[str]) -> ReadResult:
    return ReadResult(
        tuple(plan for plan in survey.plans if plan.calendar.address not in addresses),
        {address: error for address, error in survey.failed.items() if address not in addresses},
        tuple(sighting for sighting in survey.sightings if sighting.address not in addresses),
    )


def _merged(first: ReadResult, second: ReadResult, refused: Mapping[str, CalendarError], calendars: Sequence[Calendar]) -> ReadResult:
    plans = {plan.calendar.address: plan for plan in (*first.plans, *second.plans)}
    in_order = [plans[calendar.address] for calendar in calendars if calendar.address in plans]
    return ReadResult(tuple(in_order), {**first.failed, **second.failed, **refused}, first.sightings + second.sightings)


def _ledger(sides: ReadContext, resolution: Resolution) -> Callable[[Calendar], Mapping[str, LedgerEntry]]:
    def ledger(calendar: Calendar) -> Mapping[str, LedgerEntry]:
        entries: dict[str, LedgerEntry] = {}
        for address in resolution.known_as(calendar.address):
            entries |= sides.ledger(Calendar(address, calendar.name))
        return entries

    return ledger


def _memory(memory: KnownState, first: ReadResult, resolution: Resolution, window: Window) -> KnownState:
    """What is remembered, by the addresses that calendars have now."""

    def known(calendar: Calendar, within: Window) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for address in resolution.known_as(calendar.address):
            found |= memory.known(Calendar(address, calendar.name), within)
        return found

    changed = resolution.changed
    sightings = {address: one for address, one in memory.sightings.items() if address not in changed}
    standing = {address: one for address, one in memory.standing.items() if address not in changed}
    for address in changed:
        names = [name for name in resolution.known_as(address) if name in memory.sightings or name in memory.standing]
        if len(names) == 1 and (seen := memory.sightings.get(names[0])) is not None:
            # Of two, neither saw what both know.
            sightings[address] = replace(seen, address=address)
        if names and memory.every:
            lines = known(Calendar(address, address), window).items()
            standing[address] = digest_of(f"{key}{BETWEEN}{fingerprint}" for key, fingerprint in lines)
    early = {**memory.early, **first.elsewhere}
    return replace(memory, sightings=sightings, standing=standing, known=known, early=early)
