"""A mailbox's calendar as it lies on the disk: items, what was deleted, and how much mail went out."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4


@dataclass
class Item:
    """One item. ``fields`` by element name, as they were written; ``extended`` by property set (lower case) and name."""

    id: str
    version: int
    created: datetime
    start: datetime
    end: datetime
    fields: dict[str, str] = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)
    extended: dict[tuple[str, str], str] = field(default_factory=dict)
    body: tuple[str, str] = ("", "Text")
    all_day: bool = False
    element: str = "CalendarItem"
    type: str = "Single"
    settled: bool = False

    @property
    def change_key(self) -> str:
        """The sign of its version."""
        return f"DwAAABYAAAB+{self.version:06d}/{len(self.id)}="

    @property
    def ours(self) -> bool:
        """Whether it bears a marker; which one is the tests' business."""
        return any(name == "TimetableSync" for _, name in self.extended)


@dataclass
class Mailbox:
    """``refuses`` is the error code that every request for it gets, if any; ``guid`` is in the id of its folder."""

    items: dict[str, Item] = field(default_factory=dict)
    deleted: list[Item] = field(default_factory=list)
    mails: int = 0
    refuses: str = ""
    guid: str = field(default_factory=lambda: str(uuid4()))

    @property
    def ours(self) -> list[Item]:
        """The events that bear a marker, in time's order."""
        return sorted((item for item in self.items.values() if item.ours), key=lambda item: item.start)
