"""The lease: two runs never work at once, on one host or on several. It lasts a while, is renewed, and expires with its holder.

Times are the database's own in PostgreSQL, where several hosts meet and their clocks may differ. In SQLite, which serves one host, they are
seconds since that host booted, which nobody sets; between two boots, or namespaces of time, its wall clock's. A holder's own clock ends its
lease sooner, never later. Every step is one conditional statement that says by its count of rows whether it was us; nothing is decided by
reading first.

Each lease has a token. Whoever has lost the lease, be it while it was paused or by a row that is gone, finds another token or none:
:meth:`Lease.verify` looks in the very transaction that writes, and keeps the lease from being taken before that is committed.
"""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from timetable_sync import host_clock
from timetable_sync.errors import AnotherRunAtWork, LeaseLost, StateUnusable
from timetable_sync.state.bulk import insert
from timetable_sync.state.engine import Database
from timetable_sync.state.process import Process, surely_alive, surely_dead, this_process
from timetable_sync.state.tables import lease

log = logging.getLogger(__name__)

#: One lease a database: whoever shares it takes turns.
NAME = "run"


# In their own words, as one of these goes before each request that writes. In SQLite the lease's time is our own clock's.
_TOKEN = f"SELECT token FROM lease WHERE name = '{NAME}'"  # noqa: S608 - a name of this file
_TOKEN_IN_TIME = f"{_TOKEN} AND until > clock_timestamp()"
# Against whoever takes it (FOR UPDATE), but neither against other threads nor against the renewal, which none may hold up.
# A lock of this kind may give the row as it was before the update that it waited for: the token is read once it is held.
# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
_LOCK = f"SELECT name FROM lease WHERE name = '{NAME}' FOR KEY SHARE"  # noqa: S608 - as above

_LOST = (
    "the lease was lost while this run was at work: another run may have begun, so this one stops",
    "Was the state database away, put back or switched over, or this machine asleep? See: timetable-sync state info",
)


class Lease:
    """A context manager: taken on entry, renewed by a thread of its own at a third of its life, given back on exit.

    ``lost`` is set when somebody else has it, or when it ran out before it could be renewed: then nothing more may be written.
    Entering raises AnotherRunAtWork or StateUnusable.
    """

    def __init__(self, database: Database, holder: str, lasts: timedelta, *, clock: Callable[[], float] = host_clock.seconds) -> None:
        if lasts <= timedelta(0):
            raise ValueError("a lease must last")
        self.lost = threading.Event()
        self._database = database
        self._holder = holder
        self._lasts = lasts
        self._clock = clock
        self._token = uuid.uuid4().hex
        self._runs_out = 0.0
        self._given_back = False
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease renewal", daemon=True)
        self._watch = threading.Thread(target=self._look_at_the_clock, name="lease expiry", daemon=True)

    def __enter__(self) -> "Lease":
        asked = self._clock()
        with self._database.writing(durable=True) as connection:
            take(connection, self._token, self._holder, self._lasts)
        self._runs_out = asked + self._lasts.total_seconds()
        self._heart.start()
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop.set()
        self._heart.join(timeout=10)  # it may hang in a dead connection; then the lease expires by itself
        self._given_back = True
        try:
            with self._database.writing() as connection:
                connection.execute(sa.delete(lease).where(lease.c.name == NAME, lease.c.token == self._token))
        except StateUnusable as failure:
            log.warning("the lease could not be given back, it expires by itself: %s", failure.message)

    def check(self) -> None:
        """Raises LeaseLost once the lease is lost, or ran out while this machine slept: to be asked before each write to a calendar."""
        if self._clock() >= self._runs_out:
            self.lost.set()
        if self.lost.is_set():
            raise LeaseLost(*_LOST)

    def verify(self, connection: sa.Connection, *, writes: bool = True) -> None:
        """Raises LeaseLost where the database says that the lease is not ours any more: gone, another's, or run out.

        In a transaction that ``writes``, nobody takes the lease before that has ended. After the lease was given back it says nothing.
        """
        if self._given_back:
            return
        statement = _TOKEN
        if _by_database(connection):
            statement = _TOKEN_IN_TIME
            if writes:
                connection.exec_driver_sql(_LOCK)
        found = connection.exec_driver_sql(statement).scalar()
        if found != self._token or self._database.replaced:
            log.error("the lease is lost: the state database knows nothing of it any more")
            self.lost.set()
        self.check()

    def _beat(self) -> None:
        """Renews; whoever finds the row gone or somebody else's has lost the lease."""
        third = self._lasts.total_seconds() / 3
        pause = third
        while not self._stop.wait(pause):
            asked = self._clock()
            try:
                kept = self._renew()
            except Exception as failure:  # the heart goes on whatever a driver raises: the clock decides, not one failure
                log.warning(
                    "the lease could not be renewed: %s", failure.message if isinstance(failure, StateUnusable) else type(failure).__name__
                )
                pause = third / 3
                continue
            if not kept:
                log.error("the lease is lost: somebody else has it")
                self.lost.set()
                return
            self._runs_out = asked + self._lasts.total_seconds()
            pause = third

    def _look_at_the_clock(self) -> None:
        """Sees that the lease ran out, even while a renewal hangs in a dead connection."""
        while not self._stop.wait(max(self._runs_out - self._clock(), 0)):
            if self._clock() >= self._runs_out:
                log.error("the lease is lost: it could not be renewed in time")
                self.lost.set()
                return

    def _renew(self) -> bool:
        with self._database.writing() as connection:
            until = _until(connection, self._lasts)
            statement = sa.update(lease).where(lease.c.name == NAME, lease.c.token == self._token).values(until)
            return connection.execute(statement).rowcount == 1 and not self._database.replaced


class NoLease:
    """What a dry run holds: it writes nothing, so it need not wait for anyone, nor anyone for it."""

    def __init__(self) -> None:
        self.lost = threading.Event()

    def __enter__(self) -> "NoLease":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        return None

    def check(self) -> None:
        """Never raises."""


def take(connection: sa.Connection, token: str, holder: str, lasts: timedelta) -> None:
    """Takes the lease in the caller's transaction: a free one, one that ran out, or a dead process's. Raises AnotherRunAtWork."""
    us = this_process()
    ours: dict[str, Any] = {
        "token": token,
        "holder": holder,
        "host": us.host,
        "pid": us.pid,
        "place": us.place,
        "born": us.born,
        "since": _now(connection),
        **_until(connection, lasts),
    }
    for _ in range(5):
        if _by_database(connection):
            # Waits for the holder's transactions that write, and is waited for by those that would.
            connection.execute(sa.select(lease.c.name).where(lease.c.name == NAME).with_for_update())
        free = insert(connection.dialect.name, lease).values(name=NAME, **ours).on_conflict_do_nothing(index_elements=["name"])
        # Else SQLAlchemy closes psycopg's cursor before anyone can ask it how many rows an INSERT made.
        if connection.execute(free, execution_options={"preserve_rowcount": True}).rowcount == 1:
            return
        expired = sa.update(lease).where(lease.c.name == NAME, _over(connection)).values(**ours)
        if connection.execute(expired).rowcount == 1:
            return
        held = connection.execute(sa.select(lease).where(lease.c.name == NAME)).one_or_none()
        if held is None:
            continue  # given back between two statements
        if not surely_dead(Process(held.host, held.pid, held.place, held.born)):
            raise AnotherRunAtWork(*_at_work(held))
        theirs = sa.update(lease).where(lease.c.name == NAME, lease.c.token == held.token).values(**ours)
        if connection.execute(theirs).rowcount == 1:
            log.warning("took over the lease of process %s, which is gone", held.pid)
            return
    raise AnotherRunAtWork("other runs take and give back the lease all the time", "Run again in a minute.")


def holder(connection: sa.Connection) -> sa.Row[Any] | None:
    """Who holds the lease and seems to live, or None. Only reads."""
    held = connection.execute(sa.select(lease).where(lease.c.name == NAME, ~_over(connection))).one_or_none()
    return None if held is None or surely_dead(Process(held.host, held.pid, held.place, held.born)) else held


def refuse_at_work(connection: sa.Connection) -> None:
    """Raises AnotherRunAtWork while somebody holds the lease of an older schema, or still lives that did. Nobody takes it meanwhile."""
    if _by_database(connection):
        connection.exec_driver_sql(f"LOCK TABLE {lease.name} IN SHARE ROW EXCLUSIVE MODE")
    # What older versions have too; their leases went by the wall clock alone.
    columns = [lease.c[name] for name in ("holder", "host", "pid", "place", "born", "since", "until")]
    row = connection.execute(
        sa.select(*columns, (lease.c.until > _now(connection)).label("holds")).where(lease.c.name == NAME)
    ).one_or_none()
    if row is None:
        return
    process = Process(row.host, row.pid, row.place, row.born)
    if surely_alive(process) or (row.holds and not surely_dead(process)):
        raise AnotherRunAtWork(*_at_work(row))


def _at_work(held: sa.Row[Any]) -> tuple[str, str]:
    what = f" ({held.holder})" if held.holder else ""
    return (
        f"another run is at work: process {held.pid} on {held.host}{what}, since {_said(held.since)}; "
        f"its lease lasts until {_said(held.until)}",
        "Wait for it to end. If it is dead, its lease expires by itself.",
    )


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M:%S} UTC"


def _by_database(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _until(connection: sa.Connection, lasts: timedelta) -> dict[str, Any]:
    """The columns that say when it runs out, if it is taken or renewed now."""
    if _by_database(connection):
        return {"until": _now(connection) + sa.literal(lasts, sa.Interval), "clock": "", "runs_out": 0.0}
    return {"until": _here() + lasts, "clock": host_clock.name(), "runs_out": host_clock.seconds() + lasts.total_seconds()}


def _over(connection: sa.Connection) -> sa.ColumnElement[bool]:
    """Whether the lease of a row has run out."""
    now = _now(connection)
    by_wall: sa.ColumnElement[bool] = lease.c.until <= now
    boot = host_clock.boot()
    if _by_database(connection) or not boot:
        return by_wall
    this_boot = lease.c.place.startswith(boot)
    # Taken in an earlier boot, and after that the wall clock was set back: else it would last until that time comes again.
    by_wall |= (lease.c.since > now) & (lease.c.place != "") & ~this_boot
    return sa.case((this_boot & (lease.c.clock == host_clock.name()), lease.c.runs_out <= host_clock.seconds()), else_=by_wall)


def _now(connection: sa.Connection) -> Any:
    # Not now(): that is the transaction's beginning, and a takeover may have waited for a renewal since.
    return sa.func.clock_timestamp() if _by_database(connection) else sa.literal(_here(), lease.c.until.type)


def _here() -> datetime:
    return datetime.now(UTC)
