"""One mailbox: its calendar, ordered by start, its Deleted Items, its stamps. Knows neither XML nor HTTP."""

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.items import IdMaker, Item, split_occurrence_id
from timetable_sync.sandbox.recurrence import occurrence, occurrences

Kind = Literal["group", "shared", "user", "room"]
KINDS: tuple[Kind, ...] = ("group", "shared", "user", "room")


class Mailbox:
    """A mailbox with one calendar. Every change goes through :meth:`add`, :meth:`changed` or :meth:`remove`.

    ``address`` is its primary one, ``aliases`` are others that it is found by, in lower case, with the code by which requests for it are
    refused where they name that one; empty where they are not. ``origin`` tells it from all mailboxes that ever had one of its addresses.
    """

    def __init__(self, address: str, kind: Kind, clock: Clock, origin: str = "") -> None:
        self.address = address
        self.aliases: dict[str, str] = {}
        self.kind: Kind = kind
        self.origin = origin or address
        self.ids = IdMaker(self.origin)
        self.items: dict[str, Item] = {}
        self.deleted: dict[str, Item] = {}
        self.changes = 0
        self.deletions = 0
        #: With this code it refuses every EWS request; empty for one that does not.
        self.refused = ""
        self.commit_time = clock.now()
        self.dirty = True
        self._clock = clock
        self._by_start: list[tuple[int, int, str]] = []
        self._masters: dict[str, Item] = {}
        self._longest = 0
        self._made = 0
        self._json = ""

    @property
    def sid(self) -> str:
        """A Windows security identifier of its own, for those who impersonate by it."""
        numbers = [int(part, 16) for part in self.ids.guid.split("-")[:3]]
        return "S-1-5-21-" + "-".join(str(one) for one in numbers) + "-1001"

    # -- looking

    def find(self, item_id: str) -> Item | None:
        """The item with this id, in the calendar or in Deleted Items; an occurrence's too."""
        found = self.items.get(item_id) or self.deleted.get(item_id)
        if found is None and (parts := split_occurrence_id(item_id)):
            master = self._masters.get(parts[0])
            return occurrence(master, parts[1]) if master else None
        return found

    def overlapping(self, start: int, end: int) -> list[Item]:
        """What takes place between ``start`` and ``end``, series as their occurrences, by start: a calendar view's content."""
        by_start = self._by_start
        first = bisect_left(by_start, (start - self._longest,))
        last = bisect_left(by_start, (end,))
        items = self.items
        found = []
        for _, _, item_id in by_start[first:last]:
            item = items[item_id]
            # An item without length at the very start of the view is in it.
            if item.end > start or item.start == start:
                found.append(item)
        if self._masters:
            for master in self._masters.values():
                for one in occurrences(master):
                    if one.start >= end and "Exceptions" not in master.fields:
                        break
                    if one.start < end and (one.end > start or one.start == start):
                        found.append(one)
            found.sort(key=lambda item: (item.start, item.number))
        return found

    def __iter__(self) -> Iterator[Item]:
        """Every item of the calendar in the order of creation, series as their masters."""
        return iter(self.items.values())

    # -- changing

    def new_item(self, start: int, end: int, fields: dict[str, Any]) -> Item:
        """An item with an id of its own, not yet in the calendar."""
        self._made += 1
        return Item(self.ids.item(self._made), self._made, start, end, fields)

    def add(self, item: Item, who: str) -> Item:
        """Put a new item into the calendar."""
        self.items[item.id] = item
        item.created = int(self._clock.now())
        self._index(item)
        self._stamp(item, who)
        return item

    def changed(self, item: Item, old_start: int, who: str) -> None:
        """Take note that ``item``, which used to start at ``old_start``, was changed."""
        if item.id in self.items:
            self._unindex(item, old_start)
            self._index(item)
        item.rendered.clear()
        self._stamp(item, who)

    def remove(self, item: Item, who: str, *, keep: bool) -> None:
        """Take the item out of the calendar (or out of Deleted Items); ``keep`` moves it to Deleted Items.

        A moved item gets a new id, as in Exchange.
        """
        self.deletions += 1
        if item.id in self.items:
            del self.items[item.id]
            self._unindex(item, item.start)
        else:
            self.deleted.pop(item.id, None)
        if keep:
            self._made += 1
            item.id = self.ids.item(self._made)
            item.rendered.clear()
            self.deleted[item.id] = item
        self._stamp(item, who)

    def _index(self, item: Item) -> None:
        if item.is_master:
            self._masters[item.id] = item
        else:
            insort(self._by_start, (item.start, item.number, item.id))
        self._longest = max(self._longest, item.end - item.start)

    def _unindex(self, item: Item, old_start: int) -> None:
        self._masters.pop(item.id, None)
        entry = (old_start, item.number, item.id)
        at = bisect_left(self._by_start, entry)
        if at < len(self._by_start) and self._by_start[at] == entry:
            del self._by_start[at]

    def _stamp(self, item: Item, who: str) -> None:
        self.changes += 1
        # Never the same thousandth twice, so that a folder's commit time tells any two states apart.
        self.commit_time = max(self._clock.now(), self.commit_time + 0.001)
        item.change_key = self.ids.change_key(self.changes)
        item.modified = int(self.commit_time)
        item.modified_by = who
        self.dirty = True

    # -- keeping

    def as_json(self) -> str:
        """All of it as one JSON object; made anew only after a change."""
        if self.dirty or not self._json:
            self._json = json.dumps(
                {
                    "address": self.address,
                    "aliases": self.aliases,
                    "origin": self.origin,
                    "kind": self.kind,
                    "made": self._made,
                    "changes": self.changes,
                    "deletions": self.deletions,
                    "commit_time": self.commit_time,
                    "refused": self.refused,
                    "items": [item.as_json() for item in self.items.values()],
                    "deleted": [item.as_json() for item in self.deleted.values()],
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
            self.dirty = False
        return self._json

    @classmethod
    def from_json(cls, data: dict[str, Any], clock: Clock) -> "Mailbox":
        """The mailbox that :meth:`as_json` wrote."""
        mailbox = cls(data["address"], data["kind"], clock, data.get("origin", ""))
        mailbox.aliases = dict(data.get("aliases", {}))
        mailbox._made, mailbox.changes, mailbox.deletions = data["made"], data["changes"], data["deletions"]
        mailbox.commit_time = data["commit_time"]
        mailbox.refused = data.get("refused", "")
        mailbox._load(data["items"], data["deleted"])
        return mailbox

    def _load(self, items: Iterable[dict[str, Any]], deleted: Iterable[dict[str, Any]]) -> None:
        self.items = {one["id"]: Item.from_json(one) for one in items}
        self.deleted = {one["id"]: Item.from_json(one) for one in deleted}
        self._masters = {item.id: item for item in self.items.values() if item.is_master}
        self._by_start = sorted((item.start, item.number, item.id) for item in self.items.values() if not item.is_master)
        self._longest = max((item.end - item.start for item in self.items.values()), default=0)
