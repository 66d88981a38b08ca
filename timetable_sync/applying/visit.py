"""A visit to one calendar: a look at its stamp where that is enough, else a complete reading and the plan. Writes nothing."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from timetable_sync.applying.late import NONE, unexplained
from timetable_sync.applying.patience import Patience
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import CalendarFailed, ItemRefused, Stale
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.ledger import NOTHING, Digest, LedgerEntry
from timetable_sync.model.plan import CalendarPlan, Left, LeftAlone
from timetable_sync.model.sighting import Sighting, Stamp
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.model.unsettled import Unsettled
from timetable_sync.model.visited import Look
from timetable_sync.model.window import Window
from timetable_sync.planning.bodies import settle_bodies
from timetable_sync.planning.compare import Rules, compare
from timetable_sync.planning.folders import Expected
from timetable_sync.planning.freeze import Reach
from timetable_sync.planning.quiet import Approach, approach_to, quiet_plan, sighting_of, unmoved
from timetable_sync.planning.strangers import doubled, newcomers

#: The keys of a calendar's events with their fingerprints.
Fingerprints = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Memory:
    """What lets a look at a stamp be enough. Without it every calendar is read.

    ``sightings`` are the latest, by address; ``wanted`` gives the digest of what the timetable asks for in the night's window.
    ``standing`` are the digests of what the ledger says stands in that window, by address; a calendar that is not among them has nothing.
    ``known`` gives the fingerprints in any other window. ``now`` is the moment of the night (aware), ``every`` how often each calendar is
    read in full. ``early`` are stamps that were asked for before the two sides were known, by address; None where there is none to be had.
    ``folders`` say where addresses are expected to lead; None where nobody wants to know.
    """

    sightings: Mapping[str, Sighting]
    wanted: Callable[[Calendar], Digest]
    standing: Mapping[str, Digest]
    known: Callable[[Calendar, Window], Fingerprints]
    now: datetime
    every: timedelta
    early: Mapping[str, Stamp | None] = field(default_factory=dict)
    folders: Expected | None = None


#: Nothing is remembered, nothing will be.
NO_MEMORY = Memory({}, lambda calendar: NOTHING, {}, lambda calendar, window: {}, datetime(1970, 1, 1, tzinfo=UTC), timedelta(0))


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the two sides of the comparison come from. All are called from several threads.

    ``seen`` is when each calendar was last read whole, by address and by the service's clock; ``explained`` gives those of some keys that
    the state has something of, be it in another calendar or of a request since then. ``named`` are the ids of people's copies of events of
    ours that were named before, by address.
    """

    events: Callable[[Calendar], Sequence[Event]]
    ledger: Callable[[Calendar], Mapping[str, LedgerEntry]]
    unsettled: Reach | Sequence[Unsettled]
    rules: Rules
    memory: Memory = field(default=NO_MEMORY)
    seen: Mapping[str, datetime | None] = field(default_factory=dict)
    explained: Callable[[Collection[str], datetime], Collection[str]] = lambda keys, since: keys
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def named_once(self, plan: CalendarPlan) -> CalendarPlan:
        """``plan`` without the people's copies that were named before, and with the ids of all."""
        before = self.named.get(plan.calendar.address, frozenset())
        left, copies = list[LeftAlone](), set[str]()
        for one in plan.left_alone:
            item = one.before.item.id if one.why is Left.COPY and one.before is not None else None
            if item is None or item not in before:
                left.append(one)
            if item is not None:
                copies.add(item)
        return replace(plan, left_alone=tuple(left), copies=frozenset(copies))

    def suspicious(self, plan: CalendarPlan, snapshot: Snapshot, events: Iterable[Event], ledger: Collection[str]) -> CalendarPlan:
        """``plan``, and what in it another installation seems to have made, or another source."""
        seen = self.seen.get(plan.calendar.address)
        found = newcomers(snapshot, events, ledger, self.rules.source, seen, plan.copies or ())
        if found and seen is not None:
            found = found.difference(self.explained(found, seen))
        record = tuple(entry for entry in plan.record if entry.key not in found) if found else plan.record
        return replace(plan, doubled=doubled(plan, snapshot, self.rules.source), strangers=found, record=record)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What our own side says of a calendar before it is asked: how to find out about it, its sighting, and its number of events."""

    approach: Approach
    before: Sighting | None
    events: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a visit: the plan, what is to be remembered once the ledger has learnt from it, and where the address leads.

    ``plan`` is None where that is not where it was expected to lead: then what the ledger has may be of another calendar. ``stamp`` is the
    one that was asked for. For so long a run may still be ``at_work`` there of which the state knows nothing.
    """

    plan: CalendarPlan | None
    sighting: Sighting | None = None
    look: Look = field(default=Look())
    stamp: Stamp | None = None
    at_work: timedelta = NONE


def prospect(calendar: Calendar, window: Window, sides: Sides, *, believed: bool = True) -> Prospect:
    """Compares the timetable with the ledger and with what is remembered. Asks no calendar. What is not ``believed`` is read."""
    memory = sides.memory
    if not memory.every:
        return Prospect(Approach.READ, None, 0)
    before, wanted = memory.sightings.get(calendar.address), memory.wanted(calendar)
    settled = wanted == memory.standing.get(calendar.address, NOTHING)
    approach = approach_to(
        calendar.address, before, settled=settled, window=window, mapping=sides.rules.mapping, now=memory.now, every=memory.every
    )
    if approach is Approach.STAMP and not believed:
        approach = Approach.STAMP_AND_READ
    return Prospect(approach, before, wanted.entries)


def unread(calendar: Calendar, seen: Prospect, stamp: Stamp | None, memory: Memory) -> Visit | None:
    """The visit where the stamp is enough, as nothing changed or the address leads elsewhere; None where the calendar has to be read."""
    if stamp is None:
        return None
    if memory.folders is not None and not memory.folders.meets(calendar.address, stamp.folder):
        return Visit(None, look=Look(stamp.folder), stamp=stamp)
    if seen.approach is Approach.STAMP and seen.before is not None and unmoved(seen.before, stamp):
        return Visit(quiet_plan(calendar, seen.events, seen.before), look=Look(stamp.folder))
    return None


def visit(backend: Backend, calendar: Calendar, window: Window, sides: Sides, patience: Patience, seen: Prospect | None = None) -> Visit:
    """Find out about ``calendar``.

    ``seen`` is its :func:`prospect` where that is known. Raises CutShort, and every BackendError that does not pass.
    """
    memory = sides.memory
    seen = seen or prospect(calendar, window, sides)
    asked = seen.approach is not Approach.READ
    stamp = _stamp(backend, calendar, patience, memory.early) if asked or calendar.address in memory.early else None
    if (enough := unread(calendar, seen, stamp, memory)) is not None:
        return enough
    snapshot = patience.call(lambda: backend.snapshot(calendar, window, memory.every))
    ledger = sides.ledger(calendar)
    if not asked and stamp is None and _uncertain(snapshot, ledger, memory.folders):
        stamp = _stamp(backend, calendar, patience, memory.early)
        if (enough := unread(calendar, seen, stamp, memory)) is not None:
            return enough
    events = sides.events(calendar)
    plan = compare(events, snapshot, ledger, sides.rules, sides.unsettled)
    if plan.bodies:
        items = [check.standing.item for check in plan.bodies]
        plan = settle_bodies(plan, patience.call(lambda: backend.read_bodies(calendar, items)), sides.rules)
    plan = sides.suspicious(sides.named_once(plan), snapshot, events, ledger)
    at_work = unexplained(plan, snapshot, ledger, sides.rules.source, backend.longest_request)
    look = Look("" if stamp is None else stamp.folder, snapshot.at)
    if not memory.every:
        return Visit(plan, look=look, at_work=at_work)
    stamp, until = stamp if asked else None, _until(snapshot, memory)
    sighting = sighting_of(plan, snapshot, seen.before, stamp, asked=asked, mapping=sides.rules.mapping, now=memory.now, until=until)
    return Visit(plan, sighting, look, at_work=at_work)


def _uncertain(snapshot: Snapshot, ledger: Mapping[str, LedgerEntry], folders: Expected | None) -> bool:
    """Whether the folder that was read may be another one than was expected. It is not where an item of it is known: no other has that.

    Exchange finds an item by its id alone: https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-identifiers-in-exchange
    """
    expected = None if folders is None else folders.by_address.get(snapshot.calendar.address)
    if folders is None or expected == "":
        return False
    known = (ledger.get(one.marker.key) for one in snapshot.ours)
    return expected is None or not any(
        entry is not None and entry.item.id == one.item.id for entry, one in zip(known, snapshot.ours, strict=True)
    )


def _until(snapshot: Snapshot, memory: Memory) -> datetime:
    """How far beyond the window nothing of ours was seen; its end, where the ledger says that something should have been."""
    end, clear = snapshot.window.end, snapshot.clear_until
    return end if clear is None or clear <= end or memory.known(snapshot.calendar, Window(end, clear)) else clear


def _stamp(backend: Backend, calendar: Calendar, patience: Patience, early: Mapping[str, Stamp | None]) -> Stamp | None:
    """The calendar's stamp. What refuses it may still let the calendar be read: that is for the reading to find out."""
    if calendar.address in early:
        return early[calendar.address]
    try:
        return patience.call(lambda: backend.stamp(calendar))
    except (CalendarFailed, ItemRefused, Stale):
        return None
