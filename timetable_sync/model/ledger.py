"""The ledger's entry: our record of what stands where. A cache of the markers: it can be lost and is rebuilt."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from timetable_sync.model.snapshot import ItemRef


class LedgerEntry(NamedTuple):
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


def digest_of(fingerprints: Iterable[tuple[str, str]]) -> bytes:
    """16 bytes that are equal for equal sets of keys with their fingerprints, in whatever order these come."""
    lines = sorted([f"{key} {fingerprint}" for key, fingerprint in fingerprints])
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), digest_size=16).digest()


#: Of a calendar with nothing in it.
NOTHING = digest_of(())
