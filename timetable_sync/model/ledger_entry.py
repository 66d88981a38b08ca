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
    are aware, in UTC. ``body`` is the digest of how the service shows a body that it does not show as it was written; else None.
    """

    key: str
    item: ItemRef
    fingerprint: str
    mapping: str
    start: datetime
    end: datetime
    body: str | None = None


#: Between a key and its fingerprint, and between two of these. Neither has any of them: a key is ASCII without blanks.
BETWEEN, LINE = " ", "\n"


class Digest(NamedTuple):
    """Of keys with their fingerprints: how many there are, and 16 bytes that are equal for equal sets, in whatever order they come."""

    entries: int
    value: bytes


def digest_of(lines: Iterable[str]) -> Digest:
    """The digest; each line is a key, :data:`BETWEEN` and its fingerprint."""
    ordered = sorted(lines)
    return Digest(len(ordered), hashlib.blake2b(LINE.join(ordered).encode("utf-8", "surrogatepass"), digest_size=16).digest())


#: Of a calendar with nothing in it.
NOTHING = digest_of(())
