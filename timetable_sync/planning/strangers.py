"""Signs that somebody else writes what we take for ours, or that we are about to write what stands there already. Pure.

Another installation with the same source, or a copy of this one with a state of its own, takes our events for its own and deletes what its
timetable lacks, as we do with its. Its sign is an event that bears our source's mark, that is newer than our last look at the calendar, by
the service's clock, that the timetable does not ask for there, and that no record of ours explains.

A source that was renamed takes all that stands for another one's, and makes it anew beside. Its sign is that new events stand there
already, by all of their key but the source, and at the same time: two sources of one calendar may have a number in common by chance.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from timetable_sync.model.change import Create
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey, source_prefix
from timetable_sync.model.plan import CalendarPlan, Doubled
from timetable_sync.model.snapshot import Snapshot


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
        (_rest(item.marker.key), item.start): item.marker.key for item in snapshot.ours if not item.marker.key.startswith(ours)
    }
    if not theirs:
        return Doubled()
    creates = [change for change in plan.changes if isinstance(change, Create)]
    found = {change.key: theirs[place] for change in creates if (place := (_rest(change.key), change.after.start)) in theirs}
    if not found:
        return Doubled()
    (prefix, _), *_ = Counter(key.partition("/")[0] for key in found.values()).most_common(1)
    parsed = EventKey.parse(next(key for key in found.values() if key.startswith(prefix + "/")))
    return Doubled(prefix if parsed is None else parsed.source, frozenset(found))


def _rest(key: str) -> str:
    """A key without its source."""
    return key.partition("/")[2]
