"""The timetable's database: one query, in one read-only snapshot transaction, streamed. Writes nothing, ever."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from timetable_sync.errors import TimetableUnusable, UsageError
from timetable_sync.settings.schema import Timetable

_AT_ONCE = 2_000
_EXTRAS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}

Row = Sequence[Any]


class Rows:
    """What the query gives: the names of its columns, and its rows one after another. To be used once, while it is open."""

    def __init__(self, names: tuple[str, ...], rows: Iterator[Row]) -> None:
        self.names = names
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        return self._rows


def query_text(timetable: Timetable, base: Path | None) -> str:
    """The SQL, from the configuration or the file it names (relative to ``base``)."""
    if not timetable.query.startswith("file:"):
        return timetable.query
    file = (base or Path()) / timetable.query.removeprefix("file:")
    try:
        return file.read_text("utf-8-sig").strip().rstrip(";")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"timetable.query: {file} cannot be read: {getattr(error, 'strerror', 'not UTF-8 text')}", "Mend the path."
        ) from None


@contextmanager
def open_rows(timetable: Timetable, base: Path | None, environ: Mapping[str, str] | None = None) -> Iterator[Rows]:
    """Run the query. Raises TimetableUnusable when the database or the query fails, also in the middle of the rows."""
    sql = query_text(timetable, base)
    url = _url(timetable, environ)
    where = url.render_as_string(hide_password=True)
    engine = _engine(url)
    try:
        with engine.connect() as plain, _time_limit(plain, timetable) as connection:
            result = connection.execution_options(stream_results=True, yield_per=_AT_ONCE, no_parameters=True).exec_driver_sql(sql)
            # The driver's own cursor, in the driver's own types: colons and percent signs in the SQL mean nothing to us.
            yield Rows(tuple(result.keys()), iter(result))
    except SQLAlchemyError as error:
        raise TimetableUnusable(f"the timetable at {where} cannot be read: {_cause(error)}", _advice(error)) from None
    finally:
        engine.dispose()


def _url(timetable: Timetable, environ: Mapping[str, str] | None) -> URL:
    try:
        url = make_url(timetable.url)
    except (ArgumentError, ValueError):
        raise UsageError("timetable.url is not a database address", 'Write it as in "postgresql+psycopg://user@host/database".') from None
    if timetable.password is not None:
        url = url.set(password=timetable.password.read_text("timetable.password", environ))
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        if not file.is_file():
            raise TimetableUnusable(f"the timetable's file {file} is not there", "Check timetable.url.")
        # Opened for reading only, so that a mistyped name never makes an empty database: https://www.sqlite.org/uri.html
        url = url.set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
    return url


def _engine(url: URL) -> Engine:
    kind = url.get_backend_name()
    try:
        return create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(kind)
        advice = (
            f"Install it: pip install 'timetable-sync[{extra}]'" if extra else "Install the database's Python driver beside timetable-sync."
        )
        raise UsageError(f"timetable.url needs the driver {error.name}, which is not installed", advice) from None
    except (NoSuchModuleError, ArgumentError):
        raise UsageError(f'timetable.url names "{url.drivername}", which SQLAlchemy does not know', "Check the part before ://.") from None


@contextmanager
def _time_limit(connection: Connection, timetable: Timetable) -> Iterator[Connection]:
    """A read-only snapshot transaction in which the query may take so long and no longer."""
    seconds = max(1, int(timetable.timeout.total_seconds()))
    kind = connection.dialect.name
    if kind == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{seconds}s'")
        yield connection
    elif kind in ("mysql", "mariadb"):
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        limit = (
            f"max_statement_time = {seconds}"
            if getattr(connection.dialect, "is_mariadb", False)
            else f"max_execution_time = {seconds * 1000}"
        )
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield connection
    elif kind == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        driver = connection.connection.driver_connection
        timer = threading.Timer(seconds, driver.interrupt if isinstance(driver, sqlite3.Connection) else lambda: None)
        timer.daemon = True
        timer.start()
        try:
            yield connection
        finally:
            timer.cancel()
    else:
        yield connection


def _cause(error: SQLAlchemyError) -> str:
    """The driver's first line. SQLAlchemy's own text would repeat the whole query."""
    cause = str(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error).strip()
    if isinstance(error, DBAPIError) and error.orig is not None and len(error.orig.args) == 2:  # pymysql: (number, text)
        cause = str(error.orig.args[1])
    lines = [line.strip() for line in cause.splitlines() if line.strip() and not line.strip().startswith("^")]
    return " ".join(lines[:2])[:300] or type(error).__name__


def _advice(error: SQLAlchemyError) -> str:
    text = str(error).lower()
    if "interrupted" in text or "timeout" in text or "max_statement_time" in text:
        return "The query took longer than timetable.timeout allows: make it quicker, or allow more."
    if isinstance(error, DBAPIError) and (
        "no such column" in text or "unknown column" in text or "does not exist" in text or "no such table" in text
    ):
        return "Run the query by hand as the same database user, and mend timetable.query."
    return "Check timetable.url and timetable.password, and that the database is up; nothing was changed anywhere."
