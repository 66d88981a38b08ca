"""Items with our mark that cannot be read, and the events that they may be: those are not made beside them. Pure.

Which event such an item is can be told by its key, where the marker is understood; by its id, where the ledger knows that; and else by what
a person sees of it: its start, end and subject. Of these, what cannot be read counts as equal.
"""

from collections.abc import Iterable, Mapping

from timetable_sync.model.event import Event
from timetable_sync.model.key import source_prefix
from timetable_sync.model.ledger import LedgerEntry
from timetable_sync.model.plan import Left, LeftAlone
from timetable_sync.model.snapshot import Standing
from timetable_sync.planning.text_match import same_text


def may_be(item: Standing, event: Event) -> bool:
    """Whether ``item``, which is unreadable, may be ``event``, as far as it tells by itself."""
    if item.marker.key:
        return item.marker.key == event.key
    return (
        ("start" in item.missing or item.start == event.start)
        and ("end" in item.missing or item.end == event.end)
        and (not item.subject or same_text(event.subject, item.subject))
    )


class Unreadable:
    """Those of one calendar that are not another source's. ``ledger`` is what is known of the calendar, by key."""

    def __init__(self, items: Iterable[Standing], ledger: Mapping[str, LedgerEntry], source: str) -> None:
        mine = source_prefix(source)
        self.items = [item for item in items if not item.marker.key or item.marker.key.startswith(mine)]
        ids = {entry.item.id: key for key, entry in ledger.items()} if self.items else {}
        self._by_key = {key: item for item in self.items if (key := item.marker.key or ids.get(item.item.id))}
        self._named: set[int] = set()

    @property
    def keys(self) -> Iterable[str]:
        """Those that are known."""
        return self._by_key.keys()

    def instead_of(self, event: Event) -> LeftAlone | None:
        """That ``event``, which does not stand there, is not made, as one of these may be it; None where none may."""
        found = self._by_key.get(event.key) or next((item for item in self.items if may_be(item, event)), None)
        if found is None:
            return None
        self._named.add(id(found))
        return LeftAlone(event.key, Left.UNREADABLE, found, event)

    def others(self) -> list[LeftAlone]:
        """Those that are named by no event yet."""
        keys = {id(item): key for key, item in self._by_key.items()}
        return [LeftAlone(keys.get(id(item), ""), Left.UNREADABLE, item, None) for item in self.items if id(item) not in self._named]
