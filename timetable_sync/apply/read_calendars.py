"""Reads and compares every calendar before anything is written, several at once; one calendar's failure stops no other.

Of a calendar, its CTag is looked at where that is enough; else it is read completely, and its plan is made.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from timetable_sync.apply.progress import Progress
from timetable_sync.apply.retry import Retrier, RunInterrupted
from timetable_sync.apply.unanswered import NONE, UnansweredCreates, unexplained
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import BackendError, CalendarError, ConflictError, EventRejected, ServiceError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.folder import FolderSeen
from timetable_sync.model.last_full_read import CTag, LastFullRead
from timetable_sync.model.ledger_entry import NOTHING, Digest, LedgerEntry
from timetable_sync.model.plan import CalendarPlan, Skipped, SkipReason, Unresolved
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.model.window import Window
from timetable_sync.planning.bodies import settle_bodies
from timetable_sync.planning.change_detection import ReadMode, full_read_of, is_unchanged, quiet_plan, read_mode
from timetable_sync.planning.compare import Rules, compare
from timetable_sync.planning.folders import ExpectedFolders
from timetable_sync.planning.guards import doubled, newcomers
from timetable_sync.planning.protection import Reach

#: The keys of a calendar's events with their fingerprints.
Fingerprints = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownState:
    """What lets a look at a stamp be enough. Without it every calendar is read.

    ``sightings`` are the latest, by address; ``wanted`` gives the digest of what the timetable asks for in the night's window.
    ``standing`` are the digests of what the ledger says stands in that window, by address; a calendar that is not among them has nothing.
    ``known`` gives the fingerprints in any other window. ``now`` is the moment of the night (aware), ``every`` how often each calendar is
    read in full. ``early`` are stamps that were asked for before the two sides were known, by address; None where there is none to be had.
    ``folders`` say where addresses are expected to lead; None where nobody wants to know.
    """

    sightings: Mapping[str, LastFullRead]
    wanted: Callable[[Calendar], Digest]
    standing: Mapping[str, Digest]
    known: Callable[[Calendar, Window], Fingerprints]
    now: datetime
    every: timedelta
    early: Mapping[str, CTag | None] = field(default_factory=dict)
    folders: ExpectedFolders | None = None


#: Nothing is remembered, nothing will be.
NOTHING_KNOWN = KnownState({}, lambda calendar: NOTHING, {}, lambda calendar, window: {}, datetime(1970, 1, 1, tzinfo=UTC), timedelta(0))


@dataclass(frozen=True, slots=True)
class ReadContext:
    """Where the two sides of the comparison come from. All are called from several threads.

    ``seen`` is when each calendar was last read whole, by address and by the service's clock; ``explained`` gives those of some keys that
    the state has something of, be it in another calendar or of a request since then. ``named`` are the ids of people's copies of events of
    ours that were named before, by address.
    """

    events: Callable[[Calendar], Sequence[Event]]
    ledger: Callable[[Calendar], Mapping[str, LedgerEntry]]
    unsettled: Reach | Sequence[Unresolved]
    rules: Rules
    memory: KnownState = field(default=NOTHING_KNOWN)
    seen: Mapping[str, datetime | None] = field(default_factory=dict)
    explained: Callable[[Collection[str], datetime], Collection[str]] = lambda keys, since: keys
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def named_once(self, plan: CalendarPlan) -> CalendarPlan:
        """``plan`` without the people's copies that were named before, and with the ids of all."""
        before = self.named.get(plan.calendar.address, frozenset())
        left, copies = list[Skipped](), set[str]()
        for one in plan.left_alone:
            item = one.before.item.id if one.why is SkipReason.COPY and one.before is not None else None
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
class ReadPlan:
    """What our own side says of a calendar before it is asked: how to find out about it, its sighting, and its number of events."""

    approach: ReadMode
    before: LastFullRead | None
    events: int


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """What came of a visit: the plan, what is to be remembered once the ledger has learnt from it, and where the address leads.

    ``plan`` is None where that is not where it was expected to lead: then what the ledger has may be of another calendar. ``stamp`` is the
    one that was asked for. For so long a run may still be ``at_work`` there of which the state knows nothing.
    """

    plan: CalendarPlan | None
    sighting: LastFullRead | None = None
    look: FolderSeen = field(default=FolderSeen())
    stamp: CTag | None = None
    at_work: timedelta = NONE


def read_plan(calendar: Calendar, window: Window, sides: ReadContext, *, believed: bool = True) -> ReadPlan:
    """Compares the timetable with the ledger and with what is remembered. Asks no calendar. What is not ``believed`` is read."""
    memory = sides.memory
    if not memory.every:
        return ReadPlan(ReadMode.READ, None, 0)
    before, wanted = memory.sightings.get(calendar.address), memory.wanted(calendar)
    settled = wanted == memory.standing.get(calendar.address, NOTHING)
    approach = read_mode(
        calendar.address, before, settled=settled, window=window, mapping=sides.rules.mapping, now=memory.now, every=memory.every
    )
    if approach is ReadMode.STAMP and not believed:
        approach = ReadMode.STAMP_AND_READ
    return ReadPlan(approach, before, wanted.entries)


def unread(calendar: Calendar, seen: ReadPlan, stamp: CTag | None, memory: KnownState) -> CalendarRead | None:
    """The visit where the stamp is enough, as nothing changed or the address leads elsewhere; None where the calendar has to be read."""
    if stamp is None:
        return None
    if memory.folders is not None and not memory.folders.meets(calendar.address, stamp.folder):
        return CalendarRead(None, look=FolderSeen(stamp.folder), stamp=stamp)
    if seen.approach is ReadMode.STAMP and seen.before is not None and is_unchanged(seen.before, stamp):
        return CalendarRead(quiet_plan(calendar, seen.events, seen.before), look=FolderSeen(stamp.folder))
    return None


def read_calendar(
    backend: Backend, calendar: Calendar, window: Window, sides: ReadContext, patience: Retrier, seen: ReadPlan | None = None
) -> CalendarRead:
    """Find out about ``calendar``.

    ``seen`` is its :func:`read_plan` where that is known. Raises RunInterrupted, and every BackendError that does not pass.
    """
    memory = sides.memory
    seen = seen or read_plan(calendar, window, sides)
    asked = seen.approach is not ReadMode.READ
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
    look = FolderSeen("" if stamp is None else stamp.folder, snapshot.at)
    if not memory.every:
        return CalendarRead(plan, look=look, at_work=at_work)
    stamp, until = stamp if asked else None, _until(snapshot, memory)
    sighting = full_read_of(plan, snapshot, seen.before, stamp, asked=asked, mapping=sides.rules.mapping, now=memory.now, until=until)
    return CalendarRead(plan, sighting, look, at_work=at_work)


def _uncertain(snapshot: Snapshot, ledger: Mapping[str, LedgerEntry], folders: ExpectedFolders | None) -> bool:
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


def _until(snapshot: Snapshot, memory: KnownState) -> datetime:
    """How far beyond the window nothing of ours was seen; its end, where the ledger says that something should have been."""
    end, clear = snapshot.window.end, snapshot.clear_until
    return end if clear is None or clear <= end or memory.known(snapshot.calendar, Window(end, clear)) else clear


def _stamp(backend: Backend, calendar: Calendar, patience: Retrier, early: Mapping[str, CTag | None]) -> CTag | None:
    """The calendar's stamp. What refuses it may still let the calendar be read: that is for the reading to find out."""
    if calendar.address in early:
        return early[calendar.address]
    try:
        return patience.call(lambda: backend.stamp(calendar))
    except (CalendarError, EventRejected, ConflictError):
        return None


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The plans; the calendars that could not be read, with the reason, by address; what is to be remembered for the next night.

    ``looks`` say by address where each calendar that was seen leads, and when it was read. ``elsewhere`` are the stamps of those that have
    no plan, as their address does not lead where it was expected to lead.
    """

    plans: tuple[CalendarPlan, ...]
    failed: Mapping[str, BackendError]
    sightings: tuple[LastFullRead, ...] = ()
    looks: Mapping[str, FolderSeen] = field(default_factory=dict)
    elsewhere: Mapping[str, CTag | None] = field(default_factory=dict)


_Visited = CalendarRead | BackendError


def read_calendars(
    backend: Backend,
    calendars: Sequence[Calendar],
    window: Window,
    sides: ReadContext,
    *,
    patience: Retrier,
    at_once: int,
    progress: Progress,
    late: UnansweredCreates | None = None,
) -> ReadResult:
    """A plan for each of ``calendars``. Raises RunInterrupted, and what ends the whole run (ServiceError, StateUnusable, …).

    Those in which something may still appear that an earlier run asked for are read ``late``, after all others.
    """
    late = late or UnansweredCreates((), backend, patience, wait=True)
    work = _Reading(backend, window, sides, patience, max(1, at_once), progress, late)
    found = work.read([calendar for calendar in calendars if not (late.wait and late.is_not_over(calendar))])
    for calendar in calendars:
        if isinstance(seen := found.get(calendar.address), CalendarRead):
            late.at_work(calendar, seen.at_work)
    last = [calendar for calendar in calendars if late.is_not_over(calendar) or calendar.address not in found]
    found |= late.wait_for([calendar for calendar in last if not isinstance(found.get(calendar.address), BackendError)])
    if late.wait:
        found |= work.read([calendar for calendar in last if not isinstance(found.get(calendar.address), BackendError)])
    results = [(calendar.address, found[calendar.address]) for calendar in calendars]
    done = {address: result for address, result in results if not isinstance(result, BackendError)}
    return ReadResult(
        tuple(result.plan for result in done.values() if result.plan is not None),
        {address: result for address, result in results if isinstance(result, BackendError)},
        tuple(result.sighting for result in done.values() if result.sighting is not None),
        {address: result.look for address, result in done.items()},
        {address: result.stamp for address, result in done.items() if result.plan is None},
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    backend: Backend
    window: Window
    sides: ReadContext
    patience: Retrier
    at_once: int
    progress: Progress
    late: UnansweredCreates
    counted: set[str] = field(default_factory=set)

    def read(self, calendars: Sequence[Calendar]) -> dict[str, _Visited]:
        """What each visit gives, by address.

        Those whose stamp has come already are judged by this thread, while others ask for the rest; that too ends at the deadline, and when
        it is asked to stop.
        """
        early, found, broken = self.sides.memory.early, dict[str, _Visited](), list[BaseException]()
        futures: dict[str, Future[_Visited]] = {}
        with ThreadPoolExecutor(max_workers=self.at_once, thread_name_prefix="calendar") as pool:
            try:
                with _ending(self.patience):
                    futures |= {one.address: pool.submit(self._visited, one) for one in calendars if one.address not in early}
                    for calendar in calendars:
                        if calendar.address not in early:
                            continue
                        self.patience.may_begin()
                        seen = self._prospect(calendar)
                        enough = unread(calendar, seen, early[calendar.address], self.sides.memory)
                        if enough is None:
                            futures[calendar.address] = pool.submit(self._visited, calendar, seen)
                        else:
                            found[calendar.address] = enough
                            self._step(calendar)
            except BaseException as reason:
                broken.append(reason)  # raised below, unless it only followed from another
        broken += [error for future in futures.values() if (error := future.exception()) is not None]
        if broken:
            # The others were cut short by it.
            raise next((error for error in broken if not isinstance(error, RunInterrupted)), broken[0])
        return found | {address: future.result() for address, future in futures.items()}

    def _prospect(self, calendar: Calendar) -> ReadPlan:
        return read_plan(calendar, self.window, self.sides, believed=not self.late.holds(calendar))

    def _visited(self, calendar: Calendar, seen: ReadPlan | None = None) -> _Visited:
        try:
            with _ending(self.patience):
                seen = seen or self._prospect(calendar)
                return read_calendar(self.backend, calendar, self.window, self.sides, self.patience, seen)
        except BackendError as error:
            if isinstance(error, ServiceError):
                raise
            return error
        finally:
            self._step(calendar)

    def _step(self, calendar: Calendar) -> None:
        """A calendar that is read twice is one step."""
        if calendar.address not in self.counted:
            self.counted.add(calendar.address)
            self.progress.step()


@contextmanager
def _ending(patience: Retrier) -> Iterator[None]:
    """What is no matter of one calendar ends the whole run, and all its threads."""
    try:
        yield
    except RunInterrupted as end:
        patience.end(str(end))
        raise
    except BackendError as error:
        if isinstance(error, ServiceError):
            patience.end("the run failed")
        raise
    except BaseException:
        patience.end("the run failed")
        raise
