"""What guards hold now: the verdicts, the changes that are not made because of them, and the keys that a release covers.

Each function works in the caller's transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.plan import Shown
from timetable_sync.state import portrait
from timetable_sync.state.held_record import HeldRecord
from timetable_sync.state.portrait import plain
from timetable_sync.state.records import HeldCalendar, HeldChange, HeldVerdict, Holding, Json
from timetable_sync.state.tables import held, held_change, held_count, held_loss

#: So many changes are kept with their content for each calendar, deletes first; all are counted.
KEPT_OF_A_CALENDAR = 1_000
KEPT_IN_ALL = 20_000

_ORDER: dict[type[Change], int] = {Delete: 0, Update: 1, Create: 2}


def replace(connection: sa.Connection, source: str, run_id: int, at: datetime, now: Holding) -> None:
    """Bring the record up to date with what ``now`` found. Nothing held before and now writes nothing."""
    before = {(row.address, row.guard): row for row in connection.execute(sa.select(held).where(held.c.source == source))}
    if not before and not now.verdicts:
        return
    waiting = connection.scalars(sa.select(held_count.c.address).where(held_count.c.source == source)).all()
    scopes = {place: tuple(row.scope) for place, row in before.items()}
    record = HeldRecord(scopes, _keys(connection, source), waiting, now)
    outdated = [{"of_source": source, "of_address": address} for address in record.outdated()]
    for table in (held_change, held_count, held_loss) if outdated else ():
        gone = sa.delete(table).where(table.c.source == sa.bindparam("of_source"), table.c.address == sa.bindparam("of_address"))
        connection.execute(gone, outdated)
    for address, guard in (*record.over, *record.standing):
        connection.execute(sa.delete(held).where(held.c.source == source, held.c.address == address, held.c.guard == guard))
    verdicts = []
    for (address, guard), verdict in record.standing.items():
        old = before.get((address, guard))
        verdicts.append(
            {
                "source": source,
                "address": address,
                "guard": guard,
                "label": "" if verdict.calendar is None else plain(verdict.calendar.name),
                "sentence": plain(verdict.sentence),
                "counted": verdict.count,
                "out_of": verdict.of,
                "allowed": verdict.limit,
                "run_id": run_id,
                "since": at if old is None else old.since,
                "since_run": run_id if old is None else old.since_run,
                "scope": [plain(pattern) for pattern in verdict.scope],
            }
        )
    if verdicts:
        connection.execute(sa.insert(held), verdicts)
    losses = [{"source": source, "address": address, "key": key} for address, keys in record.losses.items() for key in keys]
    if losses:
        connection.execute(sa.insert(held_loss), losses)
    _keep_changes(connection, source, record.changes)


def verdicts(connection: sa.Connection, source: str) -> list[HeldVerdict]:
    """What is held now, the run's first, then by calendar."""
    query = sa.select(held).where(held.c.source == source).order_by(held.c.address, held.c.guard)
    return [
        HeldVerdict(
            row.guard,
            None if row.address == "" else Calendar(row.address, row.label),
            row.sentence,
            row.counted,
            row.out_of,
            row.allowed,
            row.run_id,
            row.since,
            row.since_run,
            tuple(row.scope),
        )
        for row in connection.execute(query)
    ]


def shown(connection: sa.Connection, source: str) -> Shown:
    """What a release covers."""
    query = sa.select(held.c.address, held.c.guard, held.c.counted).where(held.c.source == source)
    counts = {(address, guard): counted for address, guard, counted in connection.execute(query)}
    return Shown(counts, _keys(connection, source)) if counts else Shown()


def _keys(connection: sa.Connection, source: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for address, key in connection.execute(sa.select(held_loss.c.address, held_loss.c.key).where(held_loss.c.source == source)):
        found.setdefault(address, set()).add(key)
    return {address: frozenset(keys) for address, keys in found.items()}


def calendars(connection: sa.Connection, source: str) -> list[HeldCalendar]:
    """How many changes are held in each calendar, by address."""
    query = sa.select(held_count).where(held_count.c.source == source).order_by(held_count.c.address)
    return [HeldCalendar(Calendar(row.address, row.label), row.created, row.updated, row.deleted) for row in connection.execute(query)]


def changes(connection: sa.Connection, source: str, address: str) -> list[HeldChange]:
    """A calendar's held changes, as far as they are kept: deletes, then updates, then creates, each by time."""
    query = sa.select(held_change).where(held_change.c.source == source, held_change.c.address == address).order_by(held_change.c.id)
    return [HeldChange(row.key, row.action, row.reason, row.before, row.after) for row in connection.execute(query)]


def _keep_changes(connection: sa.Connection, source: str, by_calendar: Mapping[Calendar, Sequence[Change]]) -> None:
    counts: list[dict[str, Json]] = []
    rows: list[dict[str, Json]] = []
    for calendar, found in by_calendar.items():
        place = {"source": source, "address": plain(calendar.address), "label": plain(calendar.name)}
        counts.append({**place, "created": _many(found, Create), "updated": _many(found, Update), "deleted": _many(found, Delete)})
        most = min(KEPT_OF_A_CALENDAR, KEPT_IN_ALL - len(rows))
        for change in sorted(found, key=lambda change: (_ORDER[type(change)], change.when, change.key))[: max(0, most)]:
            action, before, after = portrait.of_change(change)
            rows.append({**place, "key": change.key, "action": action, "reason": change.reason.value, "before": before, "after": after})
    if counts:
        connection.execute(sa.insert(held_count), counts)
    if rows:
        connection.execute(sa.insert(held_change), rows)


def _many(changes: Collection[Change], kind: type[Change]) -> Json:
    return sum(isinstance(change, kind) for change in changes)
