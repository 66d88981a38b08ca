"""The queries about copies that people made of events of ours and that were named: by item id, so that each is named once."""

from collections.abc import Collection

import sqlalchemy as sa

from timetable_sync.state.tables import named_copy


def all_of(connection: sa.Connection, source: str) -> dict[str, frozenset[str]]:
    """The ids of the source's, by address."""
    found: dict[str, set[str]] = {}
    for address, item in connection.execute(sa.select(named_copy.c.address, named_copy.c.item_id).where(named_copy.c.source == source)):
        found.setdefault(address, set()).add(item)
    return {address: frozenset(items) for address, items in found.items()}


def keep(connection: sa.Connection, source: str, address: str, items: Collection[str]) -> None:
    """These, and no others, are in the calendar."""
    connection.execute(sa.delete(named_copy).where(named_copy.c.source == source, named_copy.c.address == address))
    if items:
        connection.execute(sa.insert(named_copy), [{"source": source, "address": address, "item_id": item} for item in sorted(items)])
