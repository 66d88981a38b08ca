"""What lies in calendars kept in memory: items, their versions, and Deleted Items. Knows no contract and no errors of ours."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import RLock

from timetable_sync.model.event import BodyKind, Busy, Sensitivity
from timetable_sync.model.snapshot import ItemRef


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One item as it lies in a calendar, ours or foreign. Times are aware, in UTC; ``marker`` is the property's text or None.

    ``missing`` names the fields that are not listed, as ``RemoteEvent`` has them, or "version".
    """

    id: str
    version: int
    start: datetime
    end: datetime
    subject: str = ""
    zone: str = "UTC"
    location: str = ""
    body: str = ""
    body_kind: BodyKind = "text"
    categories: tuple[str, ...] = ()
    busy: Busy = Busy.BUSY
    reminder: int | None = None
    sensitivity: Sensitivity = Sensitivity.NORMAL
    marker: str | None = None
    created: datetime | None = None
    series: bool = False
    all_day: bool = False
    missing: frozenset[str] = frozenset()

    @property
    def ref(self) -> ItemRef:
        """Its name and present version, as a backend hands them out."""
        return ItemRef(self.id, f"v{self.version}")


class _Folder:
    def __init__(self, number: int) -> None:
        self.id = f"folder-{number:06d}"
        self.items: dict[str, MemoryItem] = {}
        self.deleted: dict[str, MemoryItem] = {}
        self.changes = 0


class Store:
    """All calendars by address. Every method is one atomic step; a calendar that is not there is a KeyError.

    Several addresses may lead to one calendar; and an address to another one than before.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._lock = RLock()
        self._folders: dict[str, _Folder] = {}
        self._numbers, self._made = itertools.count(1), itertools.count(1)
        for address in addresses:
            self.open_calendar(address)

    def open_calendar(self, address: str) -> None:
        """Make the calendar, if it is not there."""
        with self._lock:
            if address not in self._folders:
                self._folders[address] = _Folder(next(self._made))

    def close_calendar(self, address: str) -> None:
        """The address leads nowhere any more; a calendar that no address leads to ceases to be."""
        with self._lock:
            del self._folders[address]

    def add_address(self, address: str, to: str) -> None:
        """From now on ``address`` leads to the calendar that ``to`` leads to."""
        with self._lock:
            self._folders[address] = self._folders[to]

    def folder(self, address: str) -> str:
        """The calendar's own id, whichever address leads there."""
        with self._lock:
            return self._folders[address].id

    def items(self, address: str) -> list[MemoryItem]:
        """Everything in the calendar, by start."""
        with self._lock:
            return sorted(self._folders[address].items.values(), key=lambda item: (item.start, item.id))

    def deleted(self, address: str) -> list[MemoryItem]:
        """What lies in the mailbox's Deleted Items, in the order it came there."""
        with self._lock:
            return list(self._folders[address].deleted.values())

    def get(self, address: str, item_id: str) -> MemoryItem | None:
        """The item, or None when it is not in the calendar."""
        with self._lock:
            return self._folders[address].items.get(item_id)

    def add(self, address: str, item: MemoryItem) -> MemoryItem:
        """Put it there under a new id, as its first version; returns it as it then stands."""
        with self._lock:
            folder = self._folders[address]
            made = replace(item, id=f"item-{next(self._numbers):06d}", version=1, created=item.created or datetime.now(UTC))
            folder.items[made.id] = made
            folder.changes += 1
            return made

    def put(self, address: str, item: MemoryItem, *, expected: int | None = None) -> MemoryItem | None:
        """The item with that id becomes this one, in a new version. None when it is gone, or not in version ``expected`` any more."""
        with self._lock:
            folder = self._folders[address]
            present = folder.items.get(item.id)
            if present is None or (expected is not None and present.version != expected):
                return None
            made = replace(item, version=present.version + 1)
            folder.items[made.id] = made
            folder.changes += 1
            return made

    def move_to_deleted(self, address: str, item_id: str, *, expected: int | None = None) -> bool:
        """Move it to Deleted Items. False when it is gone, or not in version ``expected`` any more."""
        with self._lock:
            folder = self._folders[address]
            present = folder.items.get(item_id)
            if present is None or (expected is not None and present.version != expected):
                return False
            folder.deleted[item_id] = folder.items.pop(item_id)
            folder.changes += 1
            return True

    def stamp(self, address: str) -> str:
        """Equal as long as nothing changed in the calendar."""
        with self._lock:
            folder = self._folders[address]
            return f"{folder.changes}|{len(folder.items)}"
