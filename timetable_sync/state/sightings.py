"""The sightings' queries: when each calendar was last seen to be right. Each function works in the caller's transaction."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from timetable_sync.model.sighting import Sighting
from timetable_sync.state.tables import NAME, SERVICE, sighting
from timetable_sync.state.upsert import upsert

_KEPT = ("sign", "mapping", "since", "until", "seen", "others", "intact")


def all_of(connection: sa.Connection, source: str) -> dict[str, Sighting]:
    """The source's, by address."""
    columns = (sighting.c.address, *(sighting.c[name] for name in _KEPT))
    return {row.address: Sighting(*row) for row in connection.execute(sa.select(*columns).where(sighting.c.source == source))}


def remember(connection: sa.Connection, source: str, seen: Iterable[Sighting]) -> None:
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
        connection.execute(upsert(connection, sighting, ("source", "service", "address", "name"), _KEPT), rows)


def will_be_written(connection: sa.Connection, source: str, addresses: Collection[str]) -> None:
    """From now on the signs of these calendars are those of before we wrote."""
    statement = (
        sa.update(sighting)
        .where(sighting.c.source == source, sighting.c.address == sa.bindparam("of_address"), sighting.c.intact)
        .values(intact=False)
    )
    if addresses:
        connection.execute(statement, [{"of_address": address} for address in addresses])
