"""The intents' queries: which requests that make events are, or may be, under way. Each function works in the caller's transaction.

A request that makes events is entered before it is sent, entered anew when it is sent again, and struck out with the record of what came
of it. What a run leaves here may still be carried out: it was killed, or could not find out. How long ago a request was sent is told by
the database's clock in PostgreSQL, where several hosts meet; in SQLite by the seconds since the host booted. Where those are of another
boot, neither they nor a wall clock that may have been set make it look longer ago than both of them say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from timetable_sync import host_clock
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.errors import OutcomeUnknown
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create
from timetable_sync.state.event_json import plain
from timetable_sync.state.tables import create_intent


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that is about to be sent to ``calendar``; ``keys`` are those of the events that it would make, ``renews`` the intent of the
    same batch's request before."""

    calendar: Calendar
    keys: tuple[str, ...] = ()
    renews: int | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """An intent on record, and when it was entered, in seconds since this host booted."""

    id: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request that an earlier run sent, or was about to, and of whose end there is no record; ``ago`` it was, at the least."""

    id: int
    calendar: Calendar
    keys: tuple[str, ...]
    ago: timedelta


def enter(connection: sa.Connection, source: str, sending: Sending) -> Entered:
    """Before it is sent: this has to be committed, durably, first."""
    seconds, by_database = host_clock.seconds(), connection.dialect.name == "postgresql"
    values: dict[str, Any] = {
        "keys": list(sending.keys),
        "sent": sa.func.clock_timestamp() if by_database else _here(),
        "clock": "" if by_database else host_clock.name(),
        "seconds": seconds,
    }
    if sending.renews is not None:
        connection.execute(sa.update(create_intent).where(create_intent.c.id == sending.renews).values(**values))
        return Entered(sending.renews, seconds)
    label = plain(sending.calendar.name)
    result = connection.execute(sa.insert(create_intent).values(source=source, address=sending.calendar.address, label=label, **values))
    return Entered(int(result.inserted_primary_key[0]) if result.inserted_primary_key else 0, seconds)


def close(connection: sa.Connection, intent: int, outcomes: Sequence[ChangeResult]) -> None:
    """With the record of its batch it is struck out, but for what nobody could find out: that may be carried out yet."""
    keys = [outcome.change.key for outcome in outcomes if isinstance(outcome.error, OutcomeUnknown) and isinstance(outcome.change, Create)]
    mine = create_intent.c.id == intent
    connection.execute(sa.update(create_intent).where(mine).values(keys=keys) if keys else sa.delete(create_intent).where(mine))


def strike(connection: sa.Connection, ids: Sequence[int]) -> None:
    """These are settled: the calendar was read after their time."""
    if ids:
        connection.execute(sa.delete(create_intent).where(create_intent.c.id == sa.bindparam("of_id")), [{"of_id": one} for one in ids])


def unanswered(connection: sa.Connection, source: str) -> list[Unanswered]:
    """All of the source's, in the order they were entered."""
    by_database = connection.dialect.name == "postgresql"
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one() if by_database else _here()
    query = sa.select(create_intent).where(create_intent.c.source == source).order_by(create_intent.c.id)
    return [
        Unanswered(row.id, Calendar(row.address, row.label), tuple(row.keys), max(_ago(row, now, by_database=by_database), timedelta(0)))
        for row in connection.execute(query)
    ]


def _ago(row: sa.Row[Any], now: datetime, *, by_database: bool) -> timedelta:
    by_wall: timedelta = now - row.sent
    if by_database:
        return by_wall
    seconds = host_clock.seconds()
    if row.clock and row.clock == host_clock.name():
        return timedelta(seconds=seconds - row.seconds)
    # Sent before this boot, as far as can be known: at least since then. A clock that was set forward does not make that more.
    return min(by_wall, timedelta(seconds=seconds))


def _here() -> datetime:
    return datetime.now(UTC)
