"""The ledger's queries: what stands where, as we last saw or wrote it. Each function works in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.ledger_entry import BETWEEN, LINE, Digest, LedgerEntry, digest_of
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.model.window import Window
from timetable_sync.state.bulk import Bulk, moments, unread
from timetable_sync.state.event_json import plain
from timetable_sync.state.tables import NAME, SERVICE, ledger

#: Calendars whose keys and fingerprints are in memory at a time.
_AT_ONCE = 20

_ROWS = Bulk(
    ledger,
    ("source", "service", "address", "name", "key", "label", "item_id", "change_key", "fingerprint", "mapping", "starts", "ends"),
    key=("source", "service", "address", "name", "key"),
)


def entries(connection: sa.Connection, source: str, address: str, window: Window | None) -> dict[str, LedgerEntry]:
    """One calendar's entries by key; with a window, those that start in it."""
    texts = (ledger.c.key, ledger.c.item_id, ledger.c.change_key, ledger.c.fingerprint, ledger.c.mapping, ledger.c.body)
    query = sa.select(*texts, unread(ledger.c.starts), unread(ledger.c.ends))
    query = query.where(ledger.c.source == source, ledger.c.address == address, *_within(window))
    moment = moments(connection)
    return {
        key: LedgerEntry(key, ItemRef(item_id, change_key), fingerprint, mapping, moment(starts), moment(ends), body)
        for key, item_id, change_key, fingerprint, mapping, body, starts, ends in connection.execute(query)
    }


def fingerprints(connection: sa.Connection, source: str, address: str, window: Window) -> dict[str, str]:
    """The fingerprints of one calendar's entries that start in the window, by key."""
    query = sa.select(ledger.c.key, ledger.c.fingerprint).where(ledger.c.source == source, ledger.c.address == address, *_within(window))
    return {key: fingerprint for key, fingerprint in connection.execute(query)}  # noqa: C416 - rows are no tuples to dict()


def digests(connection: sa.Connection, source: str, window: Window) -> dict[str, Digest]:
    """The digest of each calendar's entries that start in the window, by address. One query, few calendars at a time in our memory.

    PostgreSQL may put all of them together before it gives the first: some 100 bytes an entry, in its own memory.
    """
    # Put together by the database: a row of its own for each entry took more than twice as long.
    line = ledger.c.key + BETWEEN + ledger.c.fingerprint
    query = sa.select(ledger.c.address, sa.func.aggregate_strings(line, LINE)).where(ledger.c.source == source, *_within(window))
    rows = connection.execution_options(stream_results=True, max_row_buffer=_AT_ONCE).execute(query.group_by(ledger.c.address))
    return {address: digest_of(lines.split(LINE)) for batch in rows.partitions(_AT_ONCE) for address, lines in batch}


def calendars(connection: sa.Connection, source: str, window: Window | None) -> list[Calendar]:
    """The calendars with entries that start in the window, by address."""
    query = (
        sa.select(ledger.c.address, sa.func.max(ledger.c.label))
        .where(ledger.c.source == source, *_within(window))
        .group_by(ledger.c.address)
        .order_by(ledger.c.address)
    )
    return [Calendar(address, name) for address, name in connection.execute(query)]


def count(connection: sa.Connection, source: str, window: Window | None, addresses: Collection[str] | None) -> int:
    """How many entries start in the window, in these calendars or in all."""
    query = sa.select(ledger.c.address, sa.func.count()).where(ledger.c.source == source, *_within(window)).group_by(ledger.c.address)
    # One row a calendar comes back, and is picked from here: no list of parameters grows with the number of calendars.
    return sum(number for address, number in connection.execute(query) if addresses is None or address in addresses)


def counts(connection: sa.Connection, source: str, window: Window) -> dict[str, int]:
    """How many entries of each calendar start in the window, by address."""
    query = sa.select(ledger.c.address, sa.func.count()).where(ledger.c.source == source, *_within(window)).group_by(ledger.c.address)
    return {address: number for address, number in connection.execute(query)}  # noqa: C416 - rows are no tuples to dict()


def record(connection: sa.Connection, source: str, calendar: Calendar, known: Iterable[LedgerEntry]) -> None:
    """Enter or overwrite. How a body is shown stays as it is: see :func:`keep_renderings`."""
    address, label, moment = calendar.address, plain(calendar.name), _ROWS.moment(connection)
    rows = [
        (
            source,
            SERVICE,
            address,
            NAME,
            entry.key,
            label,
            entry.item.id,
            entry.item.change_key,
            entry.fingerprint,
            entry.mapping,
            moment(entry.start),
            moment(entry.end),
        )
        for entry in known
    ]
    _ROWS.write(connection, rows)


def keep_renderings(connection: sa.Connection, source: str, calendar: Calendar, bodies: Mapping[str, str]) -> None:
    """How the service shows the bodies of these entries, as digests by key. Each is of one body alone, and never has to be taken back."""
    rows = [{"of_source": source, "of_address": calendar.address, "of_key": key, "shown": body} for key, body in bodies.items()]
    statement = sa.update(ledger).values(body=sa.bindparam("shown"))
    connection.execute(statement.where(*_entry()), rows)


def forget(connection: sa.Connection, source: str, calendar: Calendar, keys: Sequence[str]) -> None:
    """Strike these keys out."""
    rows = [{"of_source": source, "of_address": calendar.address, "of_key": key} for key in keys]
    if rows:
        connection.execute(_strike(), rows)


def learn_from(connection: sa.Connection, source: str, calendar: Calendar, outcomes: Sequence[ChangeResult], mapping: str) -> None:
    """What was done goes in; what was not leaves no trace here. The order within ``outcomes`` is kept for one key.

    A deleted duplicate strikes the key out only where the ledger named that very copy: the other one stands.
    """
    latest: dict[str, LedgerEntry] = {}
    gone: dict[str, None] = {}
    copies: list[dict[str, str]] = []
    for outcome in outcomes:
        if outcome.error is not None:
            continue
        match outcome.change:
            case Create(after=event) | Update(after=event) if outcome.item is not None:
                gone.pop(event.key, None)
                latest[event.key] = LedgerEntry(event.key, outcome.item, event.fingerprint(), mapping, event.start, event.end)
            case Delete(before=standing, reason=Reason.DUPLICATE) as delete:
                place = {"of_source": source, "of_address": calendar.address, "of_key": delete.key}
                copies.append({**place, "of_item": standing.item.id})
            case Delete() as delete:
                latest.pop(delete.key, None)
                gone[delete.key] = None
            case _:
                pass
    if copies:
        connection.execute(_strike().where(ledger.c.item_id == sa.bindparam("of_item")), copies)
    forget(connection, source, calendar, list(gone))
    record(connection, source, calendar, latest.values())


def _within(window: Window | None) -> tuple[sa.ColumnElement[bool], ...]:
    return () if window is None else (ledger.c.starts >= window.start, ledger.c.starts < window.end)


def _strike() -> sa.Delete:
    return sa.delete(ledger).where(*_entry())


def _entry() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.source == sa.bindparam("of_source"),
        ledger.c.address == sa.bindparam("of_address"),
        ledger.c.key == sa.bindparam("of_key"),
    )
