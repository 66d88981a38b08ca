"""The way to the state database: its URL, its engine, and its errors said in one line. Knows no table.

SQLite: one file, made with mode 0600, in write-ahead mode so that ``status`` can read while a run writes
(https://sqlite.org/wal.html: not on network file systems; several hosts need PostgreSQL). ``synchronous=NORMAL`` survives a killed
process; a power cut may cost the last records, and the ledger is a cache of what stands in the calendars. What must outlive a power cut
is written ``durable``: then the log is on the disk before it is taken for committed, with all that was written to it before, and
NORMAL never overwrites it before its content has reached the database's file (https://sqlite.org/pragma.html#pragma_synchronous).
Writers take the write lock at BEGIN, as a transaction that begins by reading cannot wait for it later.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import StateUnusable

#: Milliseconds that SQLite waits for another program's lock, and PostgreSQL.
SQLITE_PATIENCE = LOCK_PATIENCE = 30_000

#: Milliseconds until PostgreSQL ends a transaction that nobody goes on with: of a process, or a machine, that was paused in its midst, and
#: would keep others from what it locked for as long as it is.
_IDLE_IN_TRANSACTION = 60_000

_WRITES = "timetable_sync_writes"

#: Only ever more than is configured: ``remote_apply`` promises more, all others less than that a commit outlives the server, and the
#: standby that takes over from it where one is named in ``synchronous_standby_names``.
#: https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT
_DURABLE = """SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"""


def state_url(settings: StateDatabase, environ: Mapping[str, str] | None = None) -> URL:
    """The whole URL, password included: never to be shown (:func:`place` is).

    The settings have seen to it that it is SQLite's or PostgreSQL's. Raises StateUnusable, and UsageError for the password.
    """
    url = sa.make_url(settings.url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    elif str(url.database).startswith("file:"):
        raise StateUnusable("state.url names no plain file", 'Name one by its path, as in "sqlite:////var/lib/timetable-sync/state.db".')
    if settings.password is not None:
        url = url.set(password=settings.password.read_text("state.password", environ))
    return url


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite URL; None for a database in memory, and for other databases."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def place(url: URL) -> str:
    """Where the database is, fit to be shown: a path, or ``postgresql://user@host:port/name``, without password and options."""
    file = sqlite_file(url)
    if file is not None:
        return str(file)
    return URL.create("postgresql", username=url.username, host=url.host, port=url.port, database=url.database).render_as_string()


def _make_file(file: Path, where: str) -> None:
    """The empty SQLite file, readable by its owner only, if there is none yet. Raises StateUnusable."""
    if not file.parent.is_dir():
        raise StateUnusable(
            f"state database {where}: the folder {file.parent} does not exist", "Make it, owned by the user that runs this."
        )
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StateUnusable(
            f"state database {where} cannot be made: {error.strerror}", "Check who may write in that folder, and that the disk is not full."
        ) from None


def nothing_there(url: URL) -> bool:
    """Whether it is an SQLite file that does not exist."""
    file = sqlite_file(url)
    return file is not None and not file.exists()


def connect(url: URL, *, read_only: bool) -> "Database":
    """The database at ``url``; an SQLite file is made unless ``read_only``. Connects only when first used. Raises StateUnusable."""
    where, file = place(url), sqlite_file(url)
    if file is not None and not read_only:
        _make_file(file, where)
    return Database(_engine(url, read_only=read_only), where, file)


def _engine(url: URL, *, read_only: bool) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite_engine(url, read_only=read_only)
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            # Whatever the role or the database has set: who waited for a lock has to see what was committed meanwhile.
            isolation_level="READ COMMITTED",
            pool_size=8,
            max_overflow=64,
            pool_pre_ping=True,
            # A connection whose other end vanished is given up within half a minute, not after the quarter of an hour that TCP takes.
            # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
            connect_args={
                "connect_timeout": 10,
                "application_name": "timetable-sync",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 4,
                "tcp_user_timeout": 30_000,
            },
        )
    except (NoSuchModuleError, ModuleNotFoundError):
        raise StateUnusable("the driver for PostgreSQL is not installed", "Install timetable-sync[postgresql].") from None

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # Else a statement waits for ever for what another program has locked. Not by the connection's options: poolers refuse those.
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {LOCK_PATIENCE}; SET idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION}")
        connection.commit()

    return engine.execution_options(postgresql_readonly=True) if read_only else engine


def _sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    # mode=rw never makes a file; it falls back to reading where the file system lets nobody write. https://sqlite.org/uri.html
    path = str(Path(str(url.database)).absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    engine = sa.create_engine(
        URL.create("sqlite", database=f"file:{path}", query={"mode": "rw", "uri": "true"}),
        hide_parameters=True,
        pool_size=8,
        max_overflow=64,
        connect_args={"timeout": SQLITE_PATIENCE / 1000, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=NORMAL")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Two first runs may do so at once, and for this SQLite does not always wait as it was told: https://sqlite.org/c3ref/busy_handler.html."""
    end = time.monotonic() + SQLITE_PATIENCE / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(0.01)
        else:
            return


class Database:
    """An engine with its place in words; every error that comes out of it is a StateUnusable of one line.

    SQLite knows one writer at a time and its waiting is not fair, so our own threads queue before it.
    """

    def __init__(self, engine: Engine, where: str, file: Path | None = None) -> None:
        self._engine = engine
        self.where = where
        self._file = file
        self._opened = _identity(file)
        self.kind = engine.dialect.name
        self._turn = threading.Lock()
        self._reading_turn = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that only reads."""
        with wrap_errors(self.where), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def reading_in_turn(self) -> Iterator[Connection]:
        """As :meth:`reading`, for what many threads read at once; a thread must not ask for another one within.

        SQLite's driver lets go of the interpreter at each row: threads that all read hand it to and fro, which took a quarter of the CPU
        time of a night that reads every calendar. With a server most of the time is waiting for it, so there threads read at once.
        """
        with self._reading_turn if self.kind == "sqlite" else nullcontext(), self.reading() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A connection in a transaction that writes: committed at the end, or rolled back by an exception.

        What is ``durable`` outlives a power cut, and the failover of a server with a synchronous standby, once this has ended.
        """
        if self.kind != "sqlite":
            with wrap_errors(self.where), self._engine.begin() as connection:
                if durable:
                    connection.exec_driver_sql(_DURABLE)
                yield connection
            return
        with self._turn, wrap_errors(self.where), self._engine.connect() as connected:
            bare: Any = connected.connection.dbapi_connection
            if durable:
                bare.execute("PRAGMA synchronous=FULL")  # no statement of a transaction
            try:
                connection = connected.execution_options(**{_WRITES: True})
                with connection.begin():
                    yield connection
            finally:
                if durable:
                    bare.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def altering(self) -> Iterator[Connection]:
        """As :meth:`writing`, for changes of the schema.

        To change a table SQLite makes it anew and drops the old one, which deletes all its rows, and with foreign keys enforced those
        that refer to them (https://sqlite.org/foreignkeys.html#fk_schemacommands). So they are not, and cannot be once it has begun.
        """
        if self.kind != "sqlite":
            with self.writing() as connection:
                yield connection
            return
        with self._turn, wrap_errors(self.where), self._engine.connect() as connected:
            bare: Any = connected.connection.dbapi_connection
            bare.execute("PRAGMA foreign_keys=OFF")
            try:
                connection = connected.execution_options(**{_WRITES: True})
                with connection.begin():
                    yield connection
            finally:
                bare.execute("PRAGMA foreign_keys=ON")

    @property
    def replaced(self) -> bool:
        """Whether its file was taken away, or another put in its place: connections that are open know nothing of that."""
        return self._opened != _identity(self._file)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


def _identity(file: Path | None) -> tuple[int, int] | None:
    try:
        found = None if file is None else file.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


@contextmanager
def wrap_errors(where: str) -> Iterator[None]:
    """Turns what a driver raises into StateUnusable: one line, without statement, parameters or password."""
    try:
        yield
    except PoolTimeout:
        raise StateUnusable(f"state database {where}: no connection became free", "Lower run.calendars_at_once.") from None
    except DBAPIError as error:
        raise StateUnusable(*_judged(where, error)) from None
    except SQLAlchemyError as error:
        raise StateUnusable(f"state database {where}: {_line(error)}") from None


# Words of SQLite's message or SQLSTATEs of PostgreSQL; how the sentence goes on; what to do. The first that fits.
# https://sqlite.org/rescode.html, https://www.postgresql.org/docs/current/errcodes-appendix.html
_KNOWN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("disk is full", "disk i/o error", "53100"),
        "cannot be written",
        "Make room on that disk; what was done stands in the calendars and is found again next night.",
    ),
    (("readonly", "25006"), "may only be read", "Check who owns the file and its folder, or the database's role."),
    (
        ("not a database", "malformed"),
        "is not a usable SQLite database",
        "Move the file away: the next night rebuilds the ledger from the calendars.",
    ),
    (("locked", "55P03"), "is locked by another program", "Close what has it open, and try again."),
    (("unable to open",), "cannot be opened", "Check that file and folder exist, and who may read and write them."),
    (("42501",), "refuses its role a right", "Give the role the right to create and use tables in its schema."),
)


def _judged(where: str, error: DBAPIError) -> tuple[str, str]:
    line = _line(error.orig if error.orig is not None else error)
    signs = f"{line.lower()} {getattr(error.orig, 'sqlstate', None) or ''}"
    for words, verdict, advice in _KNOWN:
        if any(word in signs for word in words):
            return f"state database {where} {verdict}: {line}", advice
    return f"state database {where} failed: {line}", "Check that it is up, the name and password, and that this host may reach it."


def _line(error: BaseException) -> str:
    """What a driver says, as one line of at most 300 characters."""
    return " ".join(str(error).split())[:300] or type(error).__name__
