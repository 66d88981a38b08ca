"""The timetable's database: its queries, one after the other in one read-only snapshot transaction, streamed.

Nothing is ever written. A query is the configuration's, or in the file that it names; it is never looked into or changed.

The SQL goes to the driver as it stands: neither ":name" nor "%" in it means anything to us (SQLAlchemy's ``exec_driver_sql`` looks
for no parameters, and with ``no_parameters`` drivers do not either), so that casts ("::text") and patterns ("LIKE 'A%'") need no escapes.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, CursorResult, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.config.units import show_duration
from timetable_sync.errors import Stopped, TimetableUnusable, UsageError
from timetable_sync.timetable.database_errors import advice, passes, plainly
from timetable_sync.timetable.driver_types import pymysql_conversions, teach_oracledb, teach_psycopg
from timetable_sync.timetable.query_interrupt import Interruption, interruptible
from timetable_sync.timetable.transactions import begin_snapshot
from timetable_sync.timetable.values import decoded

_FILE = "file:"


def query_text(query: str, base: Path | None, key: str = "timetable.query") -> str:
    """The SQL of ``query``, which stands at ``key``; a file it names is relative to ``base``. Raises UsageError.

    A semicolon at the end is left out, since a cursor is declared for the query where it is streamed.
    """
    if query.startswith(_FILE):
        file = (base or Path()) / Path(query.removeprefix(_FILE).strip()).expanduser()
        try:
            query = file.read_text("utf-8-sig")
        except OSError as error:
            raise UsageError(f"{key}: {file} cannot be read: {error.strerror}", "Check the path and who may read it.") from None
        except UnicodeDecodeError:
            raise UsageError(f"{key}: {file} is not UTF-8 text", "Save the query as UTF-8.") from None
        if not query.strip():
            raise UsageError(f"{key}: {file} is empty", "Write the query there.")
    text = query.strip().rstrip(";").rstrip()
    if not text:
        raise UsageError(f"{key} is empty", 'Write the query, or "file:" and the path of a file that holds it.')
    return text


#: Rows that wait in memory.
AT_ONCE = 1_000

_EXTRAS = {
    "postgresql": ("postgresql", "postgresql+psycopg"),
    "mysql": ("mysql", "mysql+pymysql"),
    "mariadb": ("mysql", "mysql+pymysql"),
    "oracle": ("oracle", "oracle+oracledb"),
    "mssql": ("mssql", "mssql+pymssql"),
}
#: How drivers are to read moments.
_TEACHES = {"psycopg": teach_psycopg, "oracledb": teach_oracledb}
_SECRET = re.compile("pass|pwd|secret|token", re.IGNORECASE)
_SECONDS_TO_CONNECT = 15
#: A server that vanished without a word is noticed after about a minute, not after the two hours that systems wait by default.
_POSTGRESQL_OPTIONS = {"connect_timeout": _SECONDS_TO_CONNECT, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


#: Of a week axis, a table of patterns, a list of mailboxes.
MOST_AT_ONCE = 200_000


class ConnectionLost(TimetableUnusable):
    """The database could not be reached, or the connection was lost: reading may begin anew, from its start."""


class Rows:
    """What the query gives: ``names`` of its columns, and its rows in batches. To be read once, while it is open.

    ``note`` is worth knowing, or empty. Reading raises SQLAlchemyError or sqlite3.Error; ``open_rows`` makes it ours.
    """

    def __init__(self, result: CursorResult[Any], note: str) -> None:
        self.names: tuple[str, ...] = tuple(result.keys())
        self.note = note
        self.count = 0
        self._result = result

    def batches(self) -> Iterator[Sequence[Sequence[Any]]]:
        """All rows, some at a time."""
        cursor: Any = self._result.cursor
        for batch in _of_sqlite(cursor) if isinstance(cursor, sqlite3.Cursor) else _of_server(self._result):
            yield batch
            self.count += len(batch)


def _of_server(result: CursorResult[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """The driver's own rows, of which SQLAlchemy would make objects that are slower to make and slower to read.

    Of a query that went to the driver as it stood it knows no types, and so has nothing to do to a cell (a test holds that for every
    dialect); but it is asked for the rows, and not the cursor, as it has those that it fetched already, and makes its own errors of
    the driver's.
    """
    while batch := result.cursor_strategy.fetchmany(result, result.cursor, AT_ONCE):
        yield batch


def _of_sqlite(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    """Rows past SQLAlchemy, which makes an object of each, and with texts that SQLite's own module decodes: half the time of fetching.

    That refuses text which is not UTF-8, and then stands before the row that has it, which is asked for again (a test holds that).
    """
    batch: list[tuple[Any, ...]] = []
    while True:
        try:
            for row in cursor:
                batch.append(row)
                if len(batch) == AT_ONCE:
                    yield batch
                    batch = []
            break
        except sqlite3.OperationalError as error:
            if cursor.connection.text_factory is decoded or "Could not decode to UTF-8" not in str(error):
                raise
            cursor.connection.text_factory = decoded
    if batch:
        yield batch


class Source:
    """An open transaction. ``note`` is worth knowing of it, or empty. One query at a time: its rows are read before the next is asked."""

    def __init__(self, connection: Connection, base: Path | None, note: str) -> None:
        self._connection, self._base, self.note = connection, base, note
        self.step, self._key = "cannot be read", ""
        self._rows: Rows | None = None

    def query(self, query: str, key: str) -> Rows:
        """The rows of ``query``, as the configuration has it at ``key``. Raises UsageError, TimetableUnusable, SQLAlchemyError."""
        sql = query_text(query, self._base, key)
        self.step, self._rows, self._key = f"refuses {key}", None, key
        result = self._connection.exec_driver_sql(sql)
        if not result.returns_rows:
            raise TimetableUnusable(f"{key} gives no rows, not even none", "It must be one SELECT.")
        self._rows = Rows(result, self.note)
        return self._rows

    def whole(self, query: str, key: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The columns and all rows of a query that gives few. Raises as :meth:`query`, and TimetableUnusable for too many rows."""
        rows, found = self.query(query, key), list[Sequence[Any]]()
        for batch in rows.batches():
            found += batch
            if len(found) > MOST_AT_ONCE:
                raise TimetableUnusable(f"{key} gives more than {MOST_AT_ONCE} rows", "Choose this period's with WHERE.")
        return rows.names, found

    def where_it_stands(self) -> str:
        """What the database was at, as the second half of a sentence about it."""
        if self._rows is None:
            return self.step
        of = "" if self._key == "timetable.query" else f" of {self._key}"
        return f"broke off after {self._rows.count} rows{of}"


@contextmanager
def open_rows(
    timetable: Timetable, base: Path | None, environ: Mapping[str, str] | None = None, stop: threading.Event | None = None
) -> Iterator[Rows]:
    """Run the timetable's query alone. Raises as :func:`open_source`."""
    with open_source(timetable, base, environ, stop) as source:
        yield source.query(timetable.query, "timetable.query")


@contextmanager
def open_source(
    timetable: Timetable, base: Path | None, environ: Mapping[str, str] | None = None, stop: threading.Event | None = None
) -> Iterator[Source]:
    """Begin to read: all that is asked while it is open is of one moment.

    Raises UsageError for a URL, driver or query file that cannot be used, TimetableUnusable when the database or a query fails,
    also in the midst of the rows (ConnectionLost where it may go well another time), and Stopped once ``stop`` is set.
    """
    url = _url(timetable, environ)
    secrets = [str(text) for text in (url.password, *(value for name, value in url.query.items() if _SECRET.search(name))) if text]
    where = place(url)
    engine = _engine(url, timetable.timeout.total_seconds())
    source, verdict = None, Interruption()
    try:
        with engine.connect() as connection, _all_or_nothing(connection):
            source = Source(connection, base, "")
            teach = _TEACHES.get(url.get_driver_name())
            if teach is not None:
                teach(connection.connection.driver_connection)
            source.note = begin_snapshot(connection, timetable.timeout.total_seconds())
            with interruptible(engine, connection, timetable.timeout.total_seconds(), stop or threading.Event()) as verdict:
                connection.execution_options(stream_results=True, max_row_buffer=AT_ONCE, no_parameters=True)
                yield source
        # A server may answer an interrupted query as if it had come to its end.
        _not_interrupted(verdict, timetable, where)
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        _not_interrupted(verdict, timetable, where)
        step = "cannot be reached" if source is None else source.where_it_stands()
        kind = ConnectionLost if passes(error, url.get_backend_name()) else TimetableUnusable
        raise kind(f"the timetable at {where} {step}: {plainly(error, secrets)}", advice(error)) from None
    finally:
        engine.dispose()


def _not_interrupted(verdict: Interruption, timetable: Timetable, where: str) -> None:
    """Raises Stopped, or TimetableUnusable for a query that took too long; from nothing, as drivers' words may hold anything."""
    if verdict.stopped:
        raise Stopped("it was asked to stop while the timetable was read; nothing was written") from None
    if verdict.too_long:
        raise TimetableUnusable(
            f"the timetable at {where} took longer than {show_duration(timetable.timeout)} to read",
            "Make the query quicker, see that nobody keeps its tables locked, or allow more in timetable.timeout.",
        ) from None


@contextmanager
def _all_or_nothing(connection: Connection) -> Iterator[None]:
    """Whatever goes wrong, the rest of an unfinished answer is not waited for, as drivers do that close a cursor."""
    driver = connection.connection.driver_connection
    try:
        yield
    except BaseException:
        # PyMySQL reads an unfinished answer to its end when it is closed or forgotten, from a connection that is no more.
        unread: Any = getattr(driver, "_result", None)
        if getattr(unread, "unbuffered_active", False):
            unread.unbuffered_active = False
        connection.invalidate()
        raise


def place(url: URL) -> str:
    """Where the database is, fit to be shown: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or 'localhost'}{port}/{url.database or ''}"


def _url(timetable: Timetable, environ: Mapping[str, str] | None) -> URL:
    try:
        url = make_url(timetable.url)
    except (ArgumentError, ValueError):
        raise UsageError("timetable.url is not a database address", 'Write it as in "postgresql+psycopg://user@host/database".') from None
    if timetable.password is not None:
        url = url.set(password=timetable.password.read_text("timetable.password", environ))
    return url


def _engine(url: URL, seconds: float) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite":
        return create_engine("sqlite://", creator=lambda: _open_sqlite(url), poolclass=NullPool)
    try:
        found = url.get_driver_name()
        options: dict[str, Any] = {}
        if found == "psycopg":
            options = dict(_POSTGRESQL_OPTIONS)
        elif found == "pymysql":
            options = {
                "connect_timeout": _SECONDS_TO_CONNECT,
                "read_timeout": int(seconds) + _SECONDS_TO_CONNECT,
                "conv": pymysql_conversions(),
            }
        elif found == "pymssql":
            options = {"login_timeout": _SECONDS_TO_CONNECT, "timeout": max(1, int(seconds))}
        elif found == "oracledb":
            options = {"tcp_connect_timeout": _SECONDS_TO_CONNECT}
        options = {name: value for name, value in options.items() if name not in url.query}
        return create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    except ModuleNotFoundError as error:
        extra, drivername = _EXTRAS.get(kind, ("", ""))
        if not extra:
            hint = "Install the database's Python driver beside timetable-sync."
        elif url.drivername == drivername:
            hint = f"Install it: pip install 'timetable-sync[{extra}]'"
        else:
            hint = f"Write timetable.url as \"{drivername}://…\" and install the driver: pip install 'timetable-sync[{extra}]'"
        raise UsageError(f"timetable.url needs the driver {error.name}, which is not installed", hint) from None
    except (NoSuchModuleError, ArgumentError):
        raise UsageError(
            f'timetable.url names "{url.drivername}", which is no known kind of database', "Check the part before ://."
        ) from None


def _open_sqlite(url: URL) -> sqlite3.Connection:
    """Opened for reading only, so that a mistyped name never makes an empty database: https://www.sqlite.org/uri.html."""
    name = url.database or ":memory:"
    if name.startswith("file:"):
        name = name if "mode=" in name else f"{name}{'&' if '?' in name else '?'}mode=ro"
    elif name != ":memory:":
        file = Path(name).absolute()
        if not file.is_file():
            raise TimetableUnusable(f"the timetable's database {file} is not there", "Check timetable.url.")
        name = f"file:{quote(str(file))}?mode=ro"
    # A publication may be under way: wait for its lock. Threads: the watcher interrupts.
    return sqlite3.connect(name, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
