"""What stands in the mailboxes: items rendered once, kept by the moment they start."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field

#: The folder's time is this, and a second more for each request that changed something: always old, and never twice the same.
_OLD = 1_577_836_800


@dataclass(frozen=True, slots=True)
class Item:
    """``start`` and ``end`` as they are written, in UTC; ``listed`` is the element as FindItem gives it, ``body`` what is only got."""

    number: int
    version: int
    start: str
    end: str
    listed: bytes
    body: bytes


@dataclass(slots=True)
class Mailbox:
    """One calendar folder."""

    items: dict[int, Item] = field(default_factory=dict)
    order: list[tuple[str, int]] = field(default_factory=list)
    deleted: int = 0
    changes: int = 0
    last: int = 0

    @property
    def commit_time(self) -> int:
        """When something in the folder last changed, in seconds since 1970."""
        return _OLD + self.changes

    def put(self, item: Item) -> None:
        """A new item, or another version of one."""
        before = self.items.get(item.number)
        if before is not None:
            self._out_of_order(before)
        self.items[item.number] = item
        insort(self.order, (item.start, item.number))

    def remove(self, number: int) -> bool:
        """Whether it was there."""
        item = self.items.pop(number, None)
        if item is None:
            return False
        self._out_of_order(item)
        self.deleted += 1
        return True

    def within(self, start: str, end: str) -> list[Item]:
        """The items that start from ``start`` on and before ``end``, soonest first. An item that lasts into it is left out: none does."""
        first, last = bisect_left(self.order, (start, 0)), bisect_left(self.order, (end, 0))
        return [self.items[number] for _, number in self.order[first:last]]

    def copy(self) -> "Mailbox":
        """The same, to go its own way; the items are shared, as nothing changes them."""
        return Mailbox(dict(self.items), list(self.order), self.deleted, self.changes, self.last)

    def _out_of_order(self, item: Item) -> None:
        del self.order[bisect_left(self.order, (item.start, item.number))]
