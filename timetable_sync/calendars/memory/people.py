"""People's hands, for tests: what colleagues do in a calendar without asking us."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from timetable_sync.calendars.memory.store import MemoryItem, Store


class People:
    """Acts on the calendars of a :class:`Store`. ``address`` names the calendar; an item that is not there is a KeyError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def see(self, address: str) -> list[MemoryItem]:
        """Everything in the calendar, ours and foreign, by start."""
        return self._store.items(address)

    def see_deleted(self, address: str) -> list[MemoryItem]:
        """Everything in Deleted Items, in the order it came there."""
        return self._store.deleted(address)

    def add_appointment(self, address: str, start: datetime, end: datetime, subject: str = "Coffee", **fields: Any) -> MemoryItem:
        """Make a foreign appointment. ``fields`` are those of :class:`MemoryItem`."""
        return self._store.add(address, MemoryItem("", 0, start, end, subject, **fields))

    def edit(self, address: str, item_id: str, **fields: Any) -> MemoryItem:
        """Change fields of an item, its marker included if that is named."""
        done = self._store.put(address, replace(self._there(address, item_id), **fields))
        if done is None:
            raise KeyError(item_id)
        return done

    def delete(self, address: str, item_id: str) -> None:
        """Delete an item, as the Delete key does: it moves to Deleted Items."""
        if not self._store.move_to_deleted(address, item_id):
            raise KeyError(item_id)

    def copy(self, address: str, item_id: str, **fields: Any) -> MemoryItem:
        """Copy an item within its calendar. A copy carries all properties along, the marker too."""
        return self._store.add(address, replace(self._there(address, item_id), created=None, **fields))

    def _there(self, address: str, item_id: str) -> MemoryItem:
        item = self._store.get(address, item_id)
        if item is None:
            raise KeyError(item_id)
        return item
