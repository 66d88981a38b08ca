"""Databases that fail: down at start, lost at each statement in turn, locked, full, read-only; the timetable's and the state's."""

import re
import resource
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own
from tests.proof.faults.cases import report_of, vague
from tests.proof.faults.scene import Scene
from tests.proof.figures import Finding, Tried, Wrong
from tests.sandbox_process import SandboxProcess
from timetable_sync.config.load import Loaded
from timetable_sync.reports.summary import RunSummary

#: Where nothing listens.
_CLOSED: Final = ("127.0.0.1", 1)


@dataclass(frozen=True)
class Row:
    """One fault of one database, the exit code that the night has to end with, and what its report has to say (a regular expression).

    ``also`` is the code and the sentence of a night in which the fault met something else of the installation first.
    """

    database: str
    fault: str
    code: int
    said: str
    also: tuple[int, str] | None = None

    @property
    def timetable(self) -> bool:
        """Whether it is the timetable's; else it is the state's."""
        return self.database.startswith("timetable")

    @property
    def kind(self) -> str:
        """SQLite, PostgreSQL or MariaDB."""
        return self.database.rpartition(" ")[2]

    def __str__(self) -> str:
        return f"{self.database}, {self.fault}"


DOWN, LOST, LOST_FOR_EVER, LOCKED, LOCKED_MIDWAY = "down at start", "lost once", "lost, and stays so", "locked", "locked in the middle"
FULL, READ_ONLY, READ_ONLY_MIDWAY, SPOILT = "disk full", "read-only", "read-only from the middle on", "not a database"

EXPECTED: Final[list[Row]] = [
    Row("timetable in SQLite", DOWN, 4, "the timetable's database .* is not there"),
    Row("timetable in SQLite", LOCKED, 4, "database is locked"),
    Row("timetable in SQLite", SPOILT, 4, "file is not a database"),
    *(
        row
        for kind in ("PostgreSQL", "MariaDB")
        for row in (
            Row(f"timetable in {kind}", DOWN, 4, "the timetable at .* cannot be reached"),
            Row(f"timetable in {kind}", LOST, 0, "the connection to the timetable failed once before it was read"),
            Row(f"timetable in {kind}", LOST_FOR_EVER, 4, "the timetable at .* (cannot be reached|cannot be read|refuses|broke off)"),
            Row(f"timetable in {kind}", LOCKED, 4, "(took longer than 1 second to read|statement timeout|max_statement_time)"),
        )
    ),
    Row("state in SQLite", DOWN, 2, "state database .*: the folder .* does not exist"),
    Row("state in SQLite", LOCKED, 2, "state database .* is locked by another program"),
    Row("state in SQLite", LOCKED_MIDWAY, 2, "state database .* is locked by another program"),
    Row(
        "state in SQLite",
        FULL,
        2,
        "state database .* cannot be written",
        # No file can grow, and the timetable's temporary one may be the first that wants to.
        also=(4, "the timetable could not be put in order in .* Make room there"),
    ),
    Row("state in SQLite", READ_ONLY_MIDWAY, 2, "state database .* may only be read"),
    Row("state in SQLite", SPOILT, 2, "state database .* is not a usable SQLite database"),
    Row("state in PostgreSQL", DOWN, 2, "state database postgresql://.* failed: .*(refused|failed)"),
    Row("state in PostgreSQL", LOST, 2, "state database postgresql://.* failed: .*(terminating connection|server closed the connection)"),
    Row("state in PostgreSQL", LOST_FOR_EVER, 2, "state database postgresql://.* failed"),
    Row("state in PostgreSQL", LOCKED, 2, "state database .* is locked by another program"),
    Row("state in PostgreSQL", LOCKED_MIDWAY, 2, "state database .* is locked by another program"),
    Row("state in PostgreSQL", READ_ONLY, 2, "state database .* may only be read"),
    Row("state in PostgreSQL", READ_ONLY_MIDWAY, 2, "state database .* may only be read"),
]


@contextmanager
def scene_with(folder: Path, sandbox: SandboxProcess, row: Row) -> Iterator[Scene]:
    """A scene with the row's database, made for it; what else it needs is SQLite. Skips or fails where there is no server."""
    with ExitStack() as stack:
        url = ""
        if row.kind != "SQLite":
            url = stack.enter_context(database_of_our_own(POSTGRESQL if row.kind == "PostgreSQL" else MARIADB))
        scene = Scene(folder, sandbox, timetable_url=url if row.timetable else "", state_url="" if row.timetable else url)
        stack.callback(scene.close)
        yield scene


@contextmanager
def at_statement(ours: Callable[[Connection], bool], act: Callable[[Connection, int], None]) -> Iterator[None]:
    """``act`` is told of each statement to one of the databases right before it is sent: its connection, and its number from 1."""
    number, acting = 0, threading.Lock()

    def before(connection: Connection, *_: Any) -> None:
        nonlocal number
        # What an act itself sends is nobody's statement; the night has one thread for all of its own.
        if ours(connection) and acting.acquire(blocking=False):
            try:
                number += 1
                act(connection, number)
            finally:
                acting.release()

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def statements(scene: Scene, row: Row) -> int:
    """How many statements a night that goes well sends to the row's database."""
    scene.evening_again()
    counted: list[int] = []
    with at_statement(_ours(scene, row), lambda _, number: counted.append(number)):
        scene.night(loaded=scene.one_by_one)
    return len(counted)


def _ours(scene: Scene, row: Row) -> Callable[[Connection], bool]:
    url = scene.timetable_url if row.timetable else scene.state_url
    if url:
        name = sa.make_url(url).database
        return lambda connection: connection.engine.url.database == name
    # The state's file is named in its engine's URL; the timetable's is opened by hand.
    return lambda connection: ("state.db" in str(connection.engine.url)) != row.timetable and connection.dialect.name == "sqlite"


def moments(scene: Scene, row: Row) -> list[int]:
    """When it may strike: at start, or at any of the statements."""
    return list(range(1, statements(scene, row) + 1)) if row.fault in _MIDWAY else [0]


def tried(scene: Scene, row: Row, moment: int) -> Tried:
    """The row at one moment (the statement's number, 0 for at start), from the evening before to the clean night after it."""
    scene.evening_again()
    trial = _MIDWAY[row.fault] if moment else _AT_START[row.fault]
    summary = trial(scene, row, moment)
    wrong = scene.broken()
    said = " ".join(report_of(summary).split())
    wrong += [Finding(Wrong.SAID, one) for one in (*_differs(row, summary, said), *vague(summary))]
    scene.leases_end()
    wrong += scene.converged()
    return Tried(f"{row}; statement {moment}", str(summary.exit_code), tuple(wrong), said if wrong else "")


#: What does not matter any more where nothing is left to be written.
_MAY_COME_TOO_LATE: Final = (LOST, LOST_FOR_EVER, LOCKED_MIDWAY, FULL, READ_ONLY_MIDWAY)


def _differs(row: Row, summary: RunSummary, said: str) -> list[str]:
    if row.also is not None and summary.exit_code == row.also[0]:
        row = replace(row, code=row.also[0], said=row.also[1])
    if not row.timetable and row.fault in _MAY_COME_TOO_LATE and not summary.exit_code and not re.search(row.said, said):
        return []
    found = [] if summary.exit_code == row.code else [f"the exit code is {summary.exit_code}, and not {row.code}: {said}"]
    if not re.search(row.said, said):
        found.append(f"the report does not say {row.said!r}: {said}")
    return found


# -- at start


def _elsewhere(scene: Scene, row: Row, url: str) -> Loaded:
    name = "TIMETABLE_SYNC_TIMETABLE__URL" if row.timetable else "TIMETABLE_SYNC_STATE__URL"
    return scene.configured(**{name: url})


def _down(scene: Scene, row: Row, _: int) -> RunSummary:
    url = scene.timetable_url if row.timetable else scene.state_url
    if not url:
        return scene.night(loaded=_elsewhere(scene, row, f"sqlite:///{scene.folder}/nowhere/file.db"))
    host, port = _CLOSED
    closed = sa.make_url(url).set(host=host, port=port).render_as_string(hide_password=False)
    with socket.socket() as taken:
        # That really nothing listens there.
        if taken.connect_ex(_CLOSED) == 0:
            raise AssertionError(f"something listens at {host}:{port}")
    return scene.night(loaded=_elsewhere(scene, row, closed))


def _spoilt(scene: Scene, row: Row, _: int) -> RunSummary:
    letter = scene.folder / "letter.db"
    letter.write_text("this is a letter to my aunt\n" * 100, "utf-8")
    return scene.night(loaded=_elsewhere(scene, row, f"sqlite:///{letter}"))


def _locked(scene: Scene, row: Row, _: int) -> RunSummary:
    with _lock(scene, row):
        # SQLite itself gives up after half a minute; a server waits for as long as it is given.
        patient = row.timetable and row.kind != "SQLite"
        return scene.night(loaded=scene.configured(TIMETABLE_SYNC_TIMETABLE__TIMEOUT="1 second") if patient else None)


def _read_only(scene: Scene, row: Row, _: int) -> RunSummary:
    del row
    name = sa.make_url(scene.state_url).database
    with _administrator(scene.state_url) as server:
        server.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            return scene.night()
        finally:
            server.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@contextmanager
def _administrator(url: str) -> Iterator[Connection]:
    """A connection of somebody else's, each statement by itself."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _lock(scene: Scene, row: Row) -> Iterator[None]:
    """Somebody else holds what the night needs."""
    url = scene.timetable_url if row.timetable else scene.state_url
    if not url:
        other = sqlite3.connect(scene.folder / ("timetable.db" if row.timetable else "state.db"), isolation_level=None)
        try:
            other.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            other.close()
        return
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if row.kind == "MariaDB":
            connection.exec_driver_sql("LOCK TABLES meeting WRITE")
        else:
            tables = "meeting" if row.timetable else ", ".join(sa.inspect(engine).get_table_names())
            connection.exec_driver_sql(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        yield


# -- in the middle


def _kill(connection: Connection, url: str) -> None:
    """Ends the connection from the server's side, as an administrator would, or a server that goes down."""
    driver: Any = connection.connection.driver_connection
    with _administrator(url) as server:
        if connection.dialect.name == "postgresql":
            server.exec_driver_sql(f"SELECT pg_terminate_backend({driver.info.backend_pid}, 5000)")
        else:
            server.exec_driver_sql(f"KILL CONNECTION {driver.thread_id()}")


def _lost(scene: Scene, row: Row, moment: int) -> RunSummary:
    url = scene.timetable_url or scene.state_url

    def act(connection: Connection, number: int) -> None:
        if number == moment:
            _kill(connection, url)

    with at_statement(_ours(scene, row), act):
        return scene.night(loaded=scene.one_by_one)


def _lost_for_ever(scene: Scene, row: Row, moment: int) -> RunSummary:
    url = scene.timetable_url or scene.state_url

    def act(connection: Connection, number: int) -> None:
        if number >= moment:
            _kill(connection, url)

    with at_statement(_ours(scene, row), act):
        return scene.night(loaded=scene.one_by_one)


def _locked_midway(scene: Scene, row: Row, moment: int) -> RunSummary:
    with ExitStack() as stack:
        held = False

        def act(_: Connection, number: int) -> None:
            nonlocal held
            if number >= moment and not held:
                # In the midst of a transaction of ours nobody can; then as soon as it is over.
                held = _locks(stack, scene)

        with at_statement(_ours(scene, row), act):
            return scene.night(loaded=scene.one_by_one)


def _locks(stack: ExitStack, scene: Scene) -> bool:
    """Whether somebody else could lock all of the state at this very moment; until ``stack`` is closed."""
    if not scene.state_url:
        other = stack.enter_context(
            closing(sqlite3.connect(scene.folder / "state.db", isolation_level=None, timeout=0, check_same_thread=False))
        )
        with suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
            return True
        return False
    engine = sa.create_engine(scene.state_url, poolclass=NullPool)
    connection = stack.enter_context(engine.connect())
    try:
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(sa.inspect(engine).get_table_names())} IN ACCESS EXCLUSIVE MODE NOWAIT")
    except sa.exc.DBAPIError:
        connection.rollback()
        return False
    return True


def _full(scene: Scene, row: Row, moment: int) -> RunSummary:
    """No file of this process may grow any more: what a full disk says to SQLite."""
    del row
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def act(_: Connection, number: int) -> None:
        if number == moment:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    try:
        with at_statement(_ours(scene, Row("state in SQLite", FULL, 2, "")), act):
            return scene.night(loaded=scene.one_by_one)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _read_only_midway(scene: Scene, row: Row, moment: int) -> RunSummary:
    """As by a standby that took over, or a file system that was mounted anew after an error."""

    def act(connection: Connection, number: int) -> None:
        if number < moment:
            return
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            driver.execute("PRAGMA query_only=ON")
        else:
            with driver.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")

    with at_statement(_ours(scene, row), act):
        return scene.night(loaded=scene.one_by_one)


_AT_START: Final[dict[str, Callable[[Scene, Row, int], RunSummary]]] = {
    DOWN: _down,
    SPOILT: _spoilt,
    LOCKED: _locked,
    READ_ONLY: _read_only,
}
_MIDWAY: Final[dict[str, Callable[[Scene, Row, int], RunSummary]]] = {
    LOST: _lost,
    LOST_FOR_EVER: _lost_for_ever,
    LOCKED_MIDWAY: _locked_midway,
    FULL: _full,
    READ_ONLY_MIDWAY: _read_only_midway,
}
