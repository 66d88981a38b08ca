"""The lease: two runs never work at once, on one host or on several. It lasts a while, is renewed, and expires with its holder.

Times are the database's own in PostgreSQL, where several hosts meet and their clocks may differ, and the host's in SQLite, which serves one
host. Every step is one conditional statement that says by its count of rows whether it was us; nothing is decided by reading first.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from timetable_sync.errors import AnotherRunAtWork, LeaseLost, StateUnusable
from timetable_sync.state.connection import Database
from timetable_sync.state.process import Process, surely_dead, this_process
from timetable_sync.state.tables import lease
from timetable_sync.state.upsert import insert

log = logging.getLogger(__name__)

#: One lease a database: whoever shares it takes turns.
NAME = "run"


def _seconds_awake_or_not() -> float:
    """A clock that runs on while the machine sleeps, where there is one: a lease expires meanwhile."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Lease:
    """A context manager: taken on entry, renewed by a thread of its own at a third of its life, given back on exit.

    ``lost`` is set when somebody else has it, or when it ran out before it could be renewed: then nothing more may be written.
    Entering raises AnotherRunAtWork or StateUnusable.
    """

    def __init__(self, database: Database, holder: str, lasts: timedelta, *, clock: Callable[[], float] = _seconds_awake_or_not) -> None:
        if lasts <= timedelta(0):
            raise ValueError("a lease must last")
        self.lost = threading.Event()
        self._database = database
        self._holder = holder
        self._lasts = lasts
        self._clock = clock
        self._token = uuid.uuid4().hex
        self._runs_out = 0.0
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease renewal", daemon=True)
        self._watch = threading.Thread(target=self._look_at_the_clock, name="lease expiry", daemon=True)

    def __enter__(self) -> "Lease":
        asked = self._clock()
        with self._database.writing() as connection:
            take(connection, self._token, self._holder, self._lasts)
        self._runs_out = asked + self._lasts.total_seconds()
        self._heart.start()
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop.set()
        self._heart.join(timeout=10)  # it may hang in a dead connection; then the lease expires by itself
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
            raise LeaseLost(
                "the lease was lost while this run was at work: another run may have begun, so this one stops",
                "Was the state database away, or this machine asleep? See: timetable-sync state info",
            )

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
            until = _now(connection) + sa.literal(self._lasts, sa.Interval) if _by_database(connection) else _here() + self._lasts
            statement = sa.update(lease).where(lease.c.name == NAME, lease.c.token == self._token).values(until=until)
            return connection.execute(statement).rowcount == 1


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
    now = _now(connection)
    until = now + sa.literal(lasts, sa.Interval) if _by_database(connection) else _here() + lasts
    us = this_process()
    ours: dict[str, Any] = {
        "token": token,
        "holder": holder,
        "host": us.host,
        "pid": us.pid,
        "place": us.place,
        "born": us.born,
        "since": now,
        "until": until,
    }
    for _ in range(5):
        free = insert(connection.dialect.name, lease).values(name=NAME, **ours).on_conflict_do_nothing(index_elements=["name"])
        # Else SQLAlchemy closes psycopg's cursor before anyone can ask it how many rows an INSERT made.
        if connection.execute(free, execution_options={"preserve_rowcount": True}).rowcount == 1:
            return
        expired = sa.update(lease).where(lease.c.name == NAME, lease.c.until <= now).values(**ours)
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
    held = connection.execute(sa.select(lease).where(lease.c.name == NAME, lease.c.until > _now(connection))).one_or_none()
    return None if held is None or surely_dead(Process(held.host, held.pid, held.place, held.born)) else held


def refuse_at_work(connection: sa.Connection) -> None:
    """Raises AnotherRunAtWork while somebody holds the lease."""
    held = holder(connection)
    if held is not None:
        raise AnotherRunAtWork(*_at_work(held))


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


def _now(connection: sa.Connection) -> Any:
    # Not now(): that is the transaction's beginning, and a takeover may have waited for a renewal since.
    return sa.func.clock_timestamp() if _by_database(connection) else sa.literal(_here(), lease.c.until.type)


def _here() -> datetime:
    return datetime.now(UTC)
