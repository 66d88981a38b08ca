"""What guards hold now: the verdicts, the changes that are not made because of them, and the keys that a release covers.

:class:`HeldRecord` compares what is on record as held with what a run found; each function works in the caller's transaction.

A hold ends only once what was held was written, or is no longer wanted: a calendar that nobody looked at, a run that was interrupted
before it wrote, or a release that came to nothing, end none.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.plan import Shown
from timetable_sync.planning.guards import EMPTY, SHRUNKEN
from timetable_sync.state import event_json
from timetable_sync.state.event_json import plain
from timetable_sync.state.run_records import HeldCalendar, HeldChange, HeldVerdict, Holding, Json
from timetable_sync.state.tables import held, held_change, held_count, held_loss

#: Of a verdict: its calendar's address, empty for the run, and its guard.
Place = tuple[str, str]

NONE: frozenset[str] = frozenset()


class HeldRecord:
    """``scopes`` has the recorded verdicts by place; ``keys`` what they are about and ``waiting`` where changes wait, by address.

    ``over`` are the verdicts whose hold has ended; ``standing`` those that are to be put on record; ``changes`` what waits, and ``losses``
    the keys that a release covers, of each calendar that the run looked at and that goes on being held.
    """

    def __init__(
        self, scopes: Mapping[Place, tuple[str, ...]], keys: Mapping[str, frozenset[str]], waiting: Collection[str], now: Holding
    ) -> None:
        self._keys, self._waiting, self._now = keys, waiting, now
        self._unmade = {plain(calendar.address): changes for calendar, changes in now.unmade.items()}
        self._own = {address for address, _ in scopes if address}
        found = {("" if one.calendar is None else plain(one.calendar.address), one.guard): one for one in now.verdicts}
        self.over = [place for place in scopes if place not in found and self._ended(*place)]
        # A run that was limited to some calendars does not narrow what was held of all of them.
        self.standing = {
            place: verdict
            for place, verdict in found.items()
            if now.whole or verdict.calendar is not None or scopes.get(place, verdict.scope) == verdict.scope
        }
        lasting = {*scopes, *found}.difference(self.over)
        self.changes: dict[Calendar, Sequence[Change]] = {}
        self.losses: dict[str, frozenset[str]] = {}
        for calendar, changes in now.unmade.items():
            address = plain(calendar.address)
            lost = self._left(address).union(*(one.keys.get(calendar.address, NONE) for one in found.values()))
            held_up = any(place == "" and guard != EMPTY and (lost or (place, guard) in found) for place, guard in lasting)
            if (changes or lost) and (held_up or any(place == address for place, _ in lasting)):
                self.losses[address] = lost
                self.changes |= {calendar: changes} if changes else {}

    def outdated(self) -> list[str]:
        """The addresses of calendars of which what is on record no longer holds."""
        return [one for one in {*self._waiting, *self._keys} if one in self._unmade or not self._waits(one)]

    def _left(self, address: str) -> frozenset[str]:
        """Of what was held there, what the run saw and did not do."""
        return self._keys.get(address, NONE).intersection(change.key for change in self._unmade.get(address, ()))

    def _waits(self, address: str) -> bool:
        """Whether something was held there that is neither written nor unwanted, as far as anybody knows."""
        if address in self._unmade:
            return bool(self._left(address))
        return self._now.within is None or address in self._now.within

    def _ended(self, address: str, guard: str) -> bool:
        if address:
            return not self._waits(address)
        if guard == EMPTY:
            return self._now.within is not None
        if any(self._waits(one) for one in self._waiting if one not in self._own):
            return False
        # What a run of some calendars sees of all of them is the timetable and the ledger, which is as it was before it wrote.
        known = self._now.whole or guard in self._now.released
        return guard != SHRUNKEN or known or not (self._now.shrunken or any(self._left(one) for one in self._own))


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
            action, before, after = event_json.of_change(change)
            rows.append({**place, "key": change.key, "action": action, "reason": change.reason.value, "before": before, "after": after})
    if counts:
        connection.execute(sa.insert(held_count), counts)
    if rows:
        connection.execute(sa.insert(held_change), rows)


def _many(changes: Collection[Change], kind: type[Change]) -> Json:
    return sum(isinstance(change, kind) for change in changes)
