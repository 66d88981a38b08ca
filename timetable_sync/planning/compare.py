"""Compare what ought to stand in a calendar with what stands there, and say what to change and why. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey, source_prefix
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import NOT_UNDERSTOOD
from timetable_sync.model.plan import BodyToCheck, CalendarPlan, Skipped, SkipReason, Unresolved
from timetable_sync.model.snapshot import ItemRef, RemoteEvent, Snapshot
from timetable_sync.model.window import Window
from timetable_sync.planning.diff import differences
from timetable_sync.planning.ownership import Unreadable, can_be_told, marker_of, untouched, written
from timetable_sync.planning.protection import Protection, Reach

Policy = Literal["restore", "keep", "report"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What comparing needs to know beside the two sides.

    ``source`` is ours: markers of other sources are foreign. ``mapping`` names what made the events. ``edited`` and ``deleted``
    are the drift policies. ``zone`` is the timetable's time zone.
    """

    source: str
    mapping: str
    edited: Policy = "restore"
    deleted: Policy = "restore"
    zone: str = "UTC"

    def zones(self, event: Event | None) -> frozenset[str]:
        """The zones that ``event``, or what stands in its place, may have been written in."""
        return frozenset((self.zone,) if event is None else (self.zone, event.zone))


_NOWHERE: Sequence[RemoteEvent] = ()


@dataclass(slots=True)
class Draft:
    """A plan under way."""

    changes: list[Change] = field(default_factory=list)
    left_alone: list[Skipped] = field(default_factory=list)
    bodies: list[BodyToCheck] = field(default_factory=list)
    record: dict[str, LedgerEntry] = field(default_factory=dict)
    #: How many items of a key people made.
    copies: Counter[str] = field(default_factory=Counter)
    #: Keys of which nothing of ours stands after all.
    gone: set[str] = field(default_factory=set)
    overwritten: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0
    staying: int = 0


def compare(
    events: Sequence[Event],
    snapshot: Snapshot,
    ledger: Mapping[str, LedgerEntry],
    rules: Rules,
    unsettled: Reach | Iterable[Unresolved] = (),
) -> CalendarPlan:
    """The plan for one calendar.

    ``events`` are those of the timetable in ``snapshot.window``, keys unique. ``ledger`` holds what we know of this calendar, by key;
    it may be empty or outdated: it decides whether someone deleted an event, edited a body, or moved an event into the window from a
    time outside of it, and which of several items with one key is ours where their marks do not tell. ``unsettled`` says what bad rows
    leave open.

    What people made by copying events of ours is theirs (``Left.COPY``). Where neither mark nor ledger tells whether an item is such a copy
    or our event, edited, it stays, and nothing is made beside it (``Left.UNRECORDED``).

    Whatever of ours stands here and is not in the ledger is put on record, even if it is to be changed: the change may be held, and
    a calendar that the ledger does not know would not be visited any more once it left the timetable.
    """
    standing = _by_key((item for item in snapshot.ours if snapshot.window.holds(item.start)), rules.source, ledger)
    wanted = {event.key: event for event in events if snapshot.window.holds(event.start)}
    # No run writes a key that is none: of such a marker the end was damaged.
    damaged = [key for key in standing if key not in wanted and EventKey.parse(key) is None]
    spoilt = [item._replace(marker=NOT_UNDERSTOOD) for key in damaged for item in standing.pop(key)]
    unreadable = Unreadable([*snapshot.unreadable, *spoilt], ledger, rules.source)
    known, ledger = ledger, {key: entry for key, entry in ledger.items() if snapshot.window.holds(entry.start)}
    freeze = Protection(unsettled, snapshot.calendar.address)
    frozen = freeze.frozen(standing, wanted)
    draft = Draft()
    for key, event in wanted.items():
        there, entry = standing.get(key, _NOWHERE), ledger.get(key)
        if len(there) == 1 and entry is not None and entry.item.id == there[0].item.id and not there[0].series and key not in frozen:
            # As nearly all do: the rest is what else can be.
            _present(draft, there[0], event, entry, rules)
            continue
        plain = [item for item in there if not item.series]
        if key in frozen:
            _stay(draft, there, event, entry, rules)
            continue
        if len(plain) < len(there):
            _left_as_series(draft, key, there, event, entry, rules)
        if plain:
            _among(draft, plain, event, entry, known.get(key), rules, unreadable)
        elif not there:
            absent(draft, event, entry, rules, unreadable)
    for key, there in standing.items():
        if key in wanted:
            continue
        entry = ledger.get(key)
        plain = [item for item in there if not item.series]
        if key in frozen or not freeze.deletes_allowed:
            draft.staying += 1
            _stay(draft, there, None, entry, rules)
            continue
        if len(plain) < len(there):
            _left_as_series(draft, key, there, None, entry, rules)
        for item in plain:
            _left_over(draft, item, known.get(key), rules, snapshot.window)
    ours = sum(map(len, standing.values())) - sum(draft.copies.values())
    for key in [key for key, copies in draft.copies.items() if copies == len(standing[key])]:
        del standing[key]
    draft.left_alone += unreadable.others()
    unread = {key for key in unreadable.keys if key not in wanted and key not in standing}
    draft.staying += len(unread)
    return CalendarPlan(
        calendar=snapshot.calendar,
        standing=len(standing),
        expected=len(wanted) + draft.staying,
        unchanged=draft.unchanged,
        foreign=snapshot.foreign + len(snapshot.ours) - ours + len(snapshot.unreadable) - len(unreadable.items),
        changes=tuple(sorted(draft.changes, key=lambda change: (change.when, change.key))),
        left_alone=tuple(draft.left_alone),
        bodies=tuple(draft.bodies),
        record=tuple(draft.record.values()),
        forget=tuple(
            key
            for key, entry in ledger.items()
            if key not in standing and key not in wanted and key not in frozen and key not in unread and snapshot.window.holds(entry.start)
        ),
    )


def _by_key(ours: Iterable[RemoteEvent], source: str, ledger: Mapping[str, LedgerEntry]) -> dict[str, list[RemoteEvent]]:
    mine = source_prefix(source)
    found: dict[str, list[RemoteEvent]] = {}
    for item in ours:
        key = item.marker.key
        if key.startswith(mine):
            # What may be a series, as the service does not say, is none in the version that we wrote.
            known = "series" in item.missing and (entry := ledger.get(key)) is not None and entry.item == item.item
            found.setdefault(key, []).append(item._replace(series=False) if known else item)
    return found


def _among(
    draft: Draft,
    plain: Sequence[RemoteEvent],
    event: Event,
    entry: LedgerEntry | None,
    known: LedgerEntry | None,
    rules: Rules,
    unreadable: Unreadable,
) -> None:
    """Which of the items with the event's key is ours, and what becomes of all of them.

    Ours is the one that is as we wrote it, else the one that we know, else the oldest; always the same one. ``known`` is what the ledger
    has of the key, ``entry`` the same if it is in the window.
    """
    zones = rules.zones(event)

    def right(item: RemoteEvent) -> bool:
        as_wanted = item.marker.fingerprint == event.fingerprint() and not differences(event, item)
        return as_wanted or (known is not None and known.item == item.item) or written(item, zones)

    def rank(item: RemoteEvent) -> tuple[bool, bool, float, str]:
        return (not right(item), not is_known(item, known), item.created.timestamp() if item.created else float("inf"), item.item.id)

    ours, *rest = sorted(plain, key=rank)
    if not right(ours) and not is_known(ours, known):
        if known is not None:
            # The one that we know is gone.
            for item in plain:
                leave_copy(draft, item, event)
            absent(draft, event, entry, rules, unreadable)
            return
        if can_be_told(ours, event, rules.mapping):
            draft.left_alone.append(Skipped(event.key, SkipReason.UNRECORDED, ours, event))
            for item in rest:
                leave_copy(draft, item, event)
            return
    for item in rest:
        _delete_unless_copied(draft, item, event, known, Reason.DUPLICATE, rules)
    if known is None and event.body is not None and ours.marker.shown and ours.marker.fingerprint != event.fingerprint():
        draft.bodies.append(BodyToCheck(ours, event, marker_of(event, rules.mapping)))
        return
    _present(draft, ours, event, known if is_known(ours, known) else entry, rules)


def _left_over(draft: Draft, item: RemoteEvent, known: LedgerEntry | None, rules: Rules, window: Window) -> None:
    """An item of which the timetable has no event any more, or never had in this calendar."""
    if not is_known(item, known):
        _delete_unless_copied(draft, item, None, known, Reason.LEFT, rules)
    elif rules.edited != "restore" and _moved_in(item, known, window):
        draft.left_alone.append(Skipped(item.marker.key, edited_why(rules), item, None))
    else:
        draft.changes.append(Delete(item, Reason.LEFT))


def _delete_unless_copied(
    draft: Draft, item: RemoteEvent, event: Event | None, known: LedgerEntry | None, why: Reason, rules: Rules
) -> None:
    """Only what is as we wrote it, or would write it, in everything that a person can see, is ours to delete: the body tells at last."""
    if untouched(item, event, rules.zones(event)) or not can_be_told(item, event, rules.mapping):
        draft.bodies.append(BodyToCheck(item, event, "", known, why))
    else:
        leave_copy(draft, item, event)


def leave_copy(draft: Draft, item: RemoteEvent, event: Event | None) -> None:
    """A person made ``item`` by copying an event of ours."""
    draft.copies[item.marker.key] += 1
    draft.left_alone.append(Skipped(item.marker.key, SkipReason.COPY, item, event))


def is_known(item: RemoteEvent, known: LedgerEntry | None) -> bool:
    """Whether ``item`` is the one that the ledger has, in whatever version."""
    return known is not None and known.item.id == item.item.id


def _present(draft: Draft, there: RemoteEvent, event: Event, entry: LedgerEntry | None, rules: Rules) -> None:
    fingerprint = event.fingerprint()
    if there.marker.fingerprint != fingerprint:
        update_outdated(draft, there, event, entry, rules)
    elif _differs(event, there, entry):
        if entry is not None and entry.item == there.item and entry.fingerprint == fingerprint:
            # The very version that we wrote, so nobody edited it: the service does not keep what it was given, tonight or ever.
            _left(draft, event.key, SkipReason.NOT_KEPT, there, event, entry, rules)
        elif rules.edited == "restore":
            sync_ledger(draft, there, entry)
            draft.changes.append(Update(there, event, marker_of(event, rules.mapping), Reason.EDITED))
        else:
            _left(draft, event.key, edited_why(rules), there, event, entry, rules)
    elif event.body is not None and (entry is None or entry.item != there.item):
        # A ledger that was lost does not tell whether somebody edited the body: it is read, this once.
        draft.bodies.append(BodyToCheck(there, event, marker_of(event, rules.mapping), entry))
    else:
        draft.unchanged += 1
        known = entry_of(there, rules.mapping)
        if entry is None or entry._replace(body=None) != known:
            draft.record[event.key] = known


def update_outdated(draft: Draft, there: RemoteEvent, event: Event, entry: LedgerEntry | None, rules: Rules) -> None:
    """The timetable, or the mapping, has changed since ``there`` was written."""
    sync_ledger(draft, there, entry)
    # The ledger may know that the content was right under a later mapping than the one it was written under.
    mapping = entry.mapping if entry is not None and entry.fingerprint == there.marker.fingerprint else there.marker.mapping
    draft.changes.append(
        Update(there, event, marker_of(event, rules.mapping), Reason.TIMETABLE if mapping == rules.mapping else Reason.MAPPING)
    )


def _differs(event: Event, there: RemoteEvent, entry: LedgerEntry | None) -> bool:
    """In the version that we wrote, what the service does not give is as it is where nobody set it: it may leave out what is usual."""
    known = there.missing and entry is not None and entry.item == there.item
    return bool(differences(event, there._replace(missing=frozenset()) if known else there))


def absent(draft: Draft, event: Event, entry: LedgerEntry | None, rules: Rules, unreadable: Unreadable) -> None:
    """Nothing of ours stands of ``event``: it is made, unless somebody deleted it and it is to stay so."""
    if (instead := unreadable.instead_of(event)) is not None:
        draft.left_alone.append(instead)
        return
    fingerprint = event.fingerprint()
    # Under another mapping the fingerprint says nothing about the timetable; then a deleted event is taken for deleted still.
    deleted = entry is not None and (entry.fingerprint == fingerprint or entry.mapping != rules.mapping)
    if entry is not None and deleted and rules.deleted != "restore":
        why = SkipReason.DELETED_KEPT if rules.deleted == "keep" else SkipReason.DELETED_REPORTED
        draft.left_alone.append(Skipped(event.key, why, None, event))
        # So that the next change of the timetable is told from this change of the mapping.
        known = entry._replace(fingerprint=fingerprint, mapping=rules.mapping)
        if known != entry:
            draft.record[event.key] = known
        return
    draft.changes.append(Create(event, marker_of(event, rules.mapping), Reason.DELETED if deleted else Reason.TIMETABLE))


def _stay(draft: Draft, there: Sequence[RemoteEvent], event: Event | None, entry: LedgerEntry | None, rules: Rules) -> None:
    before = next((item for item in there if is_known(item, entry)), there[0]) if there else None
    if before is not None and event is not None and before.marker.fingerprint == event.fingerprint() and not differences(event, before):
        draft.unchanged += 1
        if entry is None:
            draft.record.setdefault(before.marker.key, entry_of(before, before.marker.mapping))
        return
    key = before.marker.key if before is not None else event.key if event is not None else ""
    _left(draft, key, SkipReason.UNSETTLED, before, event, entry, rules)


def _left(
    draft: Draft, key: str, why: SkipReason, before: RemoteEvent | None, event: Event | None, entry: LedgerEntry | None, rules: Rules
) -> None:
    draft.left_alone.append(Skipped(key, why, before, event))
    if before is not None and entry is None and written(before, rules.zones(event)):
        sync_ledger(draft, before, entry)


def _left_as_series(
    draft: Draft, key: str, there: Sequence[RemoteEvent], event: Event | None, entry: LedgerEntry | None, rules: Rules
) -> None:
    item = next(item for item in there if item.series)
    _left(draft, key, SkipReason.UNREADABLE if "series" in item.missing else SkipReason.SERIES, item, event, entry, rules)


def sync_ledger(draft: Draft, there: RemoteEvent, entry: LedgerEntry | None) -> None:
    """Put on record what the ledger does not know, but not its version: that one was seen, and not written or found to be right."""
    if entry is None:
        known = entry_of(there, there.marker.mapping)
        draft.record.setdefault(there.marker.key, known._replace(item=ItemRef(there.item.id, "")))


def _moved_in(there: RemoteEvent, entry: LedgerEntry | None, window: Window) -> bool:
    """Whether we wrote it for a time outside of the window, of which nobody says anything tonight, and someone moved it into it."""
    return entry is not None and entry.item.id == there.item.id and not window.holds(entry.start)


def edited_why(rules: Rules) -> SkipReason:
    """Why an event that somebody edited is left alone."""
    return SkipReason.EDITED_KEPT if rules.edited == "keep" else SkipReason.EDITED_REPORTED


def entry_of(there: RemoteEvent, mapping: str) -> LedgerEntry:
    """What the ledger is to have of ``there``, which is right."""
    return LedgerEntry(there.marker.key, there.item, there.marker.fingerprint, mapping, there.start, there.end)
