"""The ledger's entry: our record of what stands where. A cache of the markers: it can be lost and is rebuilt."""

from dataclasses import dataclass
from datetime import datetime

from timetable_sync.model.snapshot import ItemRef


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One event of ours in one calendar as we last saw or wrote it.

    ``item.change_key`` is of the version that we wrote, or found to be right; empty where the event was only seen to be there.
    ``mapping`` is the last one under which the content was seen to be right, or else that of the marker. ``start`` and ``end``
    are aware, in UTC.
    """

    key: str
    item: ItemRef
    fingerprint: str
    mapping: str
    start: datetime
    end: datetime
