"""Compare what ought to stand in a calendar with what stands there, and say what to change and why. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey, source_prefix
from timetable_sync.model.ledger import LedgerEntry
from timetable_sync.model.marker import NOT_UNDERSTOOD, Marker
from timetable_sync.model.plan import BodyToCheck, CalendarPlan, Left, LeftAlone
from timetable_sync.model.snapshot import ItemRef, Snapshot, Standing
from timetable_sync.model.unsettled import Unsettled
from timetable_sync.model.window import Window
from timetable_sync.planning.body_match import rendering_of, same_body
from timetable_sync.planning.difference import differences
from timetable_sync.planning.freeze import Freeze, Reach
from timetable_sync.planning.unreadable import Unreadable

Policy = Literal["restore", "keep", "report"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What comparing needs to know beside the two sides.

    ``source`` is ours: markers of other sources are foreign. ``mapping`` names what made the events. ``edited`` and ``deleted``
    are the drift policies.
    """

    source: str
    mapping: str
    edited: Policy = "restore"
    deleted: Policy = "restore"


_NOWHERE: Sequence[Standing] = ()


@dataclass(slots=True)
class _Draft:
    changes: list[Change] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    bodies: list[BodyToCheck] = field(default_factory=list)
    record: dict[str, LedgerEntry] = field(default_factory=dict)
    unchanged: int = 0
    staying: int = 0


def compare(
    events: Sequence[Event],
    snapshot: Snapshot,
    ledger: Mapping[str, LedgerEntry],
    rules: Rules,
    unsettled: Reach | Iterable[Unsettled] = (),
) -> CalendarPlan:
    """The plan for one calendar.

    ``events`` are those of the timetable in ``snapshot.window``, keys unique. ``ledger`` holds what we know of this calendar, by key;
    it may be empty or outdated: it decides only whether someone deleted an event, edited a body, or moved an event into the window from a
    time outside of it. ``unsettled`` says what bad rows leave open.

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
    freeze = Freeze(unsettled, snapshot.calendar.address)
    frozen = freeze.frozen(standing, wanted)
    draft = _Draft()
    for key, event in wanted.items():
        there, entry = standing.get(key, _NOWHERE), ledger.get(key)
        if len(there) == 1 and not there[0].series and key not in frozen:
            # As nearly all do: the rest is what else can be.
            _present(draft, there[0], event, entry, rules)
            continue
        plain = [item for item in there if not item.series]
        if key in frozen:
            _stay(draft, there, event, entry)
            continue
        if len(plain) < len(there):
            _left_as_series(draft, key, there, event, entry)
        if plain:
            keeper, *extra = _best_first(plain, event, entry)
            draft.changes.extend(Delete(item, Reason.DUPLICATE) for item in extra)
            _present(draft, keeper, event, entry, rules)
        elif not there:
            _absent(draft, event, entry, rules, unreadable)
    for key, there in standing.items():
        if key in wanted:
            continue
        entry = ledger.get(key)
        plain = [item for item in there if not item.series]
        if key in frozen or not freeze.deletes_allowed:
            draft.staying += 1
            _stay(draft, there, None, entry)
            continue
        if len(plain) < len(there):
            _left_as_series(draft, key, there, None, entry)
        if plain and rules.edited != "restore" and _moved_in(plain[0], known.get(key), snapshot.window):
            draft.left_alone.append(LeftAlone(key, _edited(rules), plain[0], None))
        elif plain:
            _learn(draft, plain[0], entry)
            draft.changes.extend(Delete(item, Reason.LEFT) for item in plain)
    draft.left_alone += unreadable.others()
    unread = {key for key in unreadable.keys if key not in wanted and key not in standing}
    draft.staying += len(unread)
    ours = sum(map(len, standing.values()))
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


def settle_bodies(plan: CalendarPlan, bodies: Mapping[str, str], rules: Rules) -> CalendarPlan:
    """The plan once the bodies in question have been read (plain text, by item id): none is left to check.

    An item that is not in ``bodies`` vanished since the snapshot was taken; it is left to the next night.
    """
    if not plan.bodies:
        return plan
    changes, left, unchanged, overwritten = list(plan.changes), list(plan.left_alone), plan.unchanged, dict[str, str]()
    record = {entry.key: entry for entry in plan.record}
    for check in plan.bodies:
        event, there = check.event, check.standing
        body = bodies.get(there.item.id)
        shown = None if body is None or event.body is None else rendering_of(event.body, event.body_kind, body)
        if body is None or event.body is None or shown is None or shown == check.rendering or same_body(event.body, event.body_kind, body):
            unchanged += 1
            if body is not None:
                record[event.key] = _entry(there, rules.mapping)
        elif rules.edited == "restore":
            changes.append(Update(there, event, check.marker, Reason.EDITED))
            overwritten[event.key] = shown
        else:
            left.append(LeftAlone(event.key, _edited(rules), there, event))
    return replace(
        plan,
        unchanged=unchanged,
        changes=tuple(sorted(changes, key=lambda change: (change.when, change.key))),
        left_alone=tuple(left),
        record=tuple(record.values()),
        bodies=(),
        overwritten=overwritten,
    )


def _by_key(ours: Iterable[Standing], source: str, ledger: Mapping[str, LedgerEntry]) -> dict[str, list[Standing]]:
    mine = source_prefix(source)
    found: dict[str, list[Standing]] = {}
    for item in ours:
        key = item.marker.key
        if key.startswith(mine):
            # What may be a series, as the service does not say, is none in the version that we wrote.
            known = "series" in item.missing and (entry := ledger.get(key)) is not None and entry.item == item.item
            found.setdefault(key, []).append(item._replace(series=False) if known else item)
    return found


def _best_first(there: list[Standing], event: Event, entry: LedgerEntry | None) -> list[Standing]:
    """Which of several with one marker stays: the one we know, else one that is right, else the oldest; always the same one."""
    if len(there) == 1:
        return there

    def rank(item: Standing) -> tuple[bool, bool, float, str]:
        known = entry is not None and entry.item.id == item.item.id
        right = not differences(event, item) and item.marker.fingerprint == event.fingerprint()
        return (not known, not right, item.created.timestamp() if item.created else float("inf"), item.item.id)

    return sorted(there, key=rank)


def _present(draft: _Draft, there: Standing, event: Event, entry: LedgerEntry | None, rules: Rules) -> None:
    fingerprint = event.fingerprint()
    if there.marker.fingerprint != fingerprint:
        _learn(draft, there, entry)
        # The ledger may know that the content was right under a later mapping than the one it was written under.
        mapping = entry.mapping if entry is not None and entry.fingerprint == there.marker.fingerprint else there.marker.mapping
        draft.changes.append(Update(there, event, _marker(event, rules), Reason.TIMETABLE if mapping == rules.mapping else Reason.MAPPING))
    elif _differs(event, there, entry):
        if entry is not None and entry.item == there.item and entry.fingerprint == fingerprint:
            # The very version that we wrote, so nobody edited it: the service does not keep what it was given, tonight or ever.
            _left(draft, event.key, Left.NOT_KEPT, there, event, entry)
        elif rules.edited == "restore":
            _learn(draft, there, entry)
            draft.changes.append(Update(there, event, _marker(event, rules), Reason.EDITED))
        else:
            _left(draft, event.key, _edited(rules), there, event, entry)
    elif event.body is not None and (entry is None or entry.item != there.item):
        # A ledger that was lost does not tell whether somebody edited the body: it is read, this once.
        _learn(draft, there, entry)
        draft.bodies.append(BodyToCheck(there, event, _marker(event, rules), None if entry is None else entry.body))
    else:
        draft.unchanged += 1
        known = _entry(there, rules.mapping)
        if entry is None or entry._replace(body=None) != known:
            draft.record[event.key] = known


def _differs(event: Event, there: Standing, entry: LedgerEntry | None) -> bool:
    """In the version that we wrote, what the service does not give is as it is where nobody set it: it may leave out what is usual."""
    known = there.missing and entry is not None and entry.item == there.item
    return bool(differences(event, there._replace(missing=frozenset()) if known else there))


def _absent(draft: _Draft, event: Event, entry: LedgerEntry | None, rules: Rules, unreadable: Unreadable) -> None:
    if (instead := unreadable.instead_of(event)) is not None:
        draft.left_alone.append(instead)
        return
    fingerprint = event.fingerprint()
    # Under another mapping the fingerprint says nothing about the timetable; then a deleted event is taken for deleted still.
    deleted = entry is not None and (entry.fingerprint == fingerprint or entry.mapping != rules.mapping)
    if entry is not None and deleted and rules.deleted != "restore":
        why = Left.DELETED_KEPT if rules.deleted == "keep" else Left.DELETED_REPORTED
        draft.left_alone.append(LeftAlone(event.key, why, None, event))
        # So that the next change of the timetable is told from this change of the mapping.
        known = entry._replace(fingerprint=fingerprint, mapping=rules.mapping)
        if known != entry:
            draft.record[event.key] = known
        return
    draft.changes.append(Create(event, _marker(event, rules), Reason.DELETED if deleted else Reason.TIMETABLE))


def _marker(event: Event, rules: Rules) -> str:
    return Marker(rules.mapping, event.fingerprint(), event.key).text()


def _stay(draft: _Draft, there: Sequence[Standing], event: Event | None, entry: LedgerEntry | None) -> None:
    before = there[0] if there else None
    if before is not None and event is not None and before.marker.fingerprint == event.fingerprint() and not differences(event, before):
        draft.unchanged += 1
        if entry is None:
            draft.record.setdefault(before.marker.key, _entry(before, before.marker.mapping))
        return
    key = before.marker.key if before is not None else event.key if event is not None else ""
    _left(draft, key, Left.UNSETTLED, before, event, entry)


def _left(draft: _Draft, key: str, why: Left, before: Standing | None, event: Event | None, entry: LedgerEntry | None) -> None:
    draft.left_alone.append(LeftAlone(key, why, before, event))
    if before is not None:
        _learn(draft, before, entry)


def _left_as_series(draft: _Draft, key: str, there: Sequence[Standing], event: Event | None, entry: LedgerEntry | None) -> None:
    item = next(item for item in there if item.series)
    _left(draft, key, Left.UNREADABLE if "series" in item.missing else Left.SERIES, item, event, entry)


def _learn(draft: _Draft, there: Standing, entry: LedgerEntry | None) -> None:
    """Put on record what the ledger does not know, but not its version: that one was seen, and not written or found to be right."""
    if entry is None:
        known = _entry(there, there.marker.mapping)
        draft.record.setdefault(there.marker.key, known._replace(item=ItemRef(there.item.id, "")))


def _moved_in(there: Standing, entry: LedgerEntry | None, window: Window) -> bool:
    """Whether we wrote it for a time outside of the window, of which nobody says anything tonight, and someone moved it into it."""
    return entry is not None and entry.item.id == there.item.id and not window.holds(entry.start)


def _edited(rules: Rules) -> Left:
    return Left.EDITED_KEPT if rules.edited == "keep" else Left.EDITED_REPORTED


def _entry(there: Standing, mapping: str) -> LedgerEntry:
    return LedgerEntry(there.marker.key, there.item, there.marker.fingerprint, mapping, there.start, there.end)
