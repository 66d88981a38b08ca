"""The queries about addresses that were visited: where each led, and when it was last read. Work in the caller's transaction."""

from collections.abc import Iterable

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.visited import Visited
from timetable_sync.state.portrait import plain
from timetable_sync.state.tables import NAME, SERVICE, visited
from timetable_sync.state.upsert import upsert

_KEPT = ("label", "folder", "seen", "gone_nights", "gone_last")


def all_of(connection: sa.Connection, source: str) -> dict[str, Visited]:
    """The source's, by address."""
    columns = (visited.c.address, *(visited.c[name] for name in _KEPT))
    return {
        address: Visited(Calendar(address, label), *rest)
        for address, label, *rest in connection.execute(sa.select(*columns).where(visited.c.source == source))
    }


def keep(connection: sa.Connection, source: str, found: Iterable[Visited]) -> None:
    """Enter or overwrite."""
    rows = [
        {
            "source": source,
            "service": SERVICE,
            "name": NAME,
            "address": one.calendar.address,
            "label": plain(one.calendar.name),
            "folder": one.folder,
            "seen": one.seen,
            "gone_nights": one.gone_nights,
            "gone_last": one.gone_last,
        }
        for one in found
    ]
    if rows:
        connection.execute(upsert(connection, visited, ("source", "service", "address", "name"), _KEPT), rows)
