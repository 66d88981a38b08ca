"""What is kept of each calendar: its last full read, the folder that its address led to, and the copies in it that were named.

Copies are those that people made of events of ours, by item id, so that each is named once.

Each function works in the caller's transaction.
"""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.state.bulk import upsert
from timetable_sync.state.event_json import plain
from timetable_sync.state.tables import NAME, SERVICE, named_copy, sighting, visited

_FULL_READ_COLUMNS = ("sign", "mapping", "since", "until", "seen", "others", "intact")


def full_reads_of(connection: sa.Connection, source: str) -> dict[str, LastFullRead]:
    """The source's, by address."""
    columns = (sighting.c.address, *(sighting.c[name] for name in _FULL_READ_COLUMNS))
    return {row.address: LastFullRead(*row) for row in connection.execute(sa.select(*columns).where(sighting.c.source == source))}


def remember(connection: sa.Connection, source: str, seen: Iterable[LastFullRead]) -> None:
    """Enter or overwrite."""
    rows = [
        {
            "source": source,
            "service": SERVICE,
            "name": NAME,
            "address": one.address,
            "sign": one.sign,
            "mapping": one.mapping,
            "since": one.since,
            "until": one.until,
            "seen": one.seen,
            "others": one.foreign,
            "intact": one.intact,
        }
        for one in seen
    ]
    if rows:
        connection.execute(upsert(connection, sighting, ("source", "service", "address", "name"), _FULL_READ_COLUMNS), rows)


def will_be_written(connection: sa.Connection, source: str, addresses: Collection[str]) -> None:
    """From now on the signs of these calendars are those of before we wrote."""
    statement = (
        sa.update(sighting)
        .where(sighting.c.source == source, sighting.c.address == sa.bindparam("of_address"), sighting.c.intact)
        .values(intact=False)
    )
    if addresses:
        connection.execute(statement, [{"of_address": address} for address in addresses])


_FOLDER_COLUMNS = ("label", "folder", "seen", "gone_nights", "gone_last")


def folders_of(connection: sa.Connection, source: str) -> dict[str, KnownFolder]:
    """The source's, by address."""
    columns = (visited.c.address, *(visited.c[name] for name in _FOLDER_COLUMNS))
    return {
        address: KnownFolder(Calendar(address, label), *rest)
        for address, label, *rest in connection.execute(sa.select(*columns).where(visited.c.source == source))
    }


def keep_folders(connection: sa.Connection, source: str, found: Iterable[KnownFolder]) -> None:
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
        connection.execute(upsert(connection, visited, ("source", "service", "address", "name"), _FOLDER_COLUMNS), rows)


def named_copies_of(connection: sa.Connection, source: str) -> dict[str, frozenset[str]]:
    """The ids of the source's, by address."""
    found: dict[str, set[str]] = {}
    for address, item in connection.execute(sa.select(named_copy.c.address, named_copy.c.item_id).where(named_copy.c.source == source)):
        found.setdefault(address, set()).add(item)
    return {address: frozenset(items) for address, items in found.items()}


def keep_named_copies(connection: sa.Connection, source: str, address: str, items: Collection[str]) -> None:
    """These, and no others, are in the calendar."""
    connection.execute(sa.delete(named_copy).where(named_copy.c.source == source, named_copy.c.address == address))
    if items:
        connection.execute(sa.insert(named_copy), [{"source": source, "address": address, "item_id": item} for item in sorted(items)])
