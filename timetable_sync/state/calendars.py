"""All that the tables have of a calendar: it goes along to another address, or is struck out. Works in the caller's transaction."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.state.event_json import plain
from timetable_sync.state.tables import (
    create_intent,
    held,
    held_change,
    held_count,
    held_loss,
    history,
    ledger,
    matter,
    named_copy,
    run,
    run_calendar,
    sighting,
    verdict,
    visited,
)

#: What is known of what stands in a calendar: it goes where that is found.
_OF_ITS_EVENTS = (ledger, held, held_change, held_count, held_loss, named_copy, create_intent)
#: What is known of the address itself.
_OF_ITS_ADDRESS = (sighting, visited)
#: What was done and said.
_OF_THE_PAST = (history, matter)
_OF_RUNS = (run_calendar, verdict)

_OF_A_SOURCE = (*_OF_ITS_EVENTS, *_OF_ITS_ADDRESS, *_OF_THE_PAST)


def readdress(connection: sa.Connection, source: str, moved: Mapping[str, Calendar], forgotten: Collection[str]) -> None:
    """What is known under the addresses ``moved`` is known under another one from now on, what under ``forgotten`` is struck out.

    Where both have an entry, that of the new address stays. Of all these addresses nothing else is remembered.
    """
    changed = {*moved, *forgotten, *(calendar.address for calendar in moved.values())}
    for table in _OF_ITS_ADDRESS:
        _strike(connection, table, source, changed)
    for table in _OF_ITS_EVENTS:
        _strike(connection, table, source, forgotten)
        # In two steps: two calendars may have changed places.
        _move(connection, table, source, {address: _on_the_way(address) for address in moved}, {})
        labels = {calendar.address: calendar.name for calendar in moved.values()}
        _move(connection, table, source, {_on_the_way(address): calendar.address for address, calendar in moved.items()}, labels)


def forget(connection: sa.Connection, source: str, addresses: Collection[str]) -> dict[str, int]:
    """Strike out all that is on record of these calendars, also what was done to them; gives how many rows of each table that were."""
    gone = {table.name: _strike(connection, table, source, addresses) for table in _OF_A_SOURCE}
    runs = sa.select(run.c.id).where(run.c.source == source)
    for table in _OF_RUNS:
        statement = sa.delete(table).where(table.c.address == sa.bindparam("of_address"), table.c.run_id.in_(runs))
        gone[table.name] = sum(connection.execute(statement, {"of_address": address}).rowcount for address in addresses)
    return gone


def on_record(connection: sa.Connection, source: str) -> list[Calendar]:
    """Every calendar of which there is anything that :func:`forget` would strike out, by address, each by its latest name."""
    names: dict[str, str] = {}
    for table in _OF_A_SOURCE:
        query = sa.select(table.c.address).where(table.c.source == source, table.c.address != "").distinct()
        names.update((address, address) for address in connection.scalars(query))
    for table in reversed(_OF_RUNS):
        told = sa.select(table.c.address, table.c.label).join(run, run.c.id == table.c.run_id).where(run.c.source == source)
        told = told.where(table.c.address.is_not(None)).order_by(table.c.run_id)
        names.update((row.address, row.label) for row in connection.execute(told))
    for table in (visited, create_intent, ledger):
        labels = sa.select(table.c.address, sa.func.max(table.c.label).label("label")).where(table.c.source == source)
        names.update((row.address, row.label) for row in connection.execute(labels.group_by(table.c.address)))
    return [Calendar(address, name) for address, name in sorted(names.items())]


def _on_the_way(address: str) -> str:
    # No address begins with a blank.
    return f" {address}"


def _strike(connection: sa.Connection, table: sa.Table, source: str, addresses: Collection[str]) -> int:
    statement = sa.delete(table).where(table.c.source == source, table.c.address == sa.bindparam("of_address"))
    return sum(connection.execute(statement, {"of_address": address}).rowcount for address in addresses)


def _move(connection: sa.Connection, table: sa.Table, source: str, moves: Mapping[str, str], labels: Mapping[str, str]) -> None:
    if not moves:
        return
    there, key = table.alias(), table.primary_key.columns
    of_old: sa.BindParameter[str] = sa.bindparam("of_old")
    of_new: sa.BindParameter[str] = sa.bindparam("of_new")
    here = (table.c.source == source, table.c.address == of_old)
    rows = [{"of_old": old, "of_new": new} for old, new in moves.items()]
    if "address" in key:
        same = (there.c[column.name] == table.c[column.name] for column in key if column.name != "address")
        double = sa.exists().where(there.c.address == of_new, *same)
        connection.execute(sa.delete(table).where(*here, double), rows)
    values: dict[str, sa.BindParameter[str]] = {"address": of_new}
    if labels and "label" in table.c:
        values["label"] = sa.bindparam("of_label")
        rows = [{**row, "of_label": plain(labels[row["of_new"]])} for row in rows]
    connection.execute(sa.update(table).where(*here).values(values), rows)
