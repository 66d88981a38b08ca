"""Puts the large timetable into a database: a file of SQLite, or a schema of its own on a server, which is dropped whatever happens."""

import re
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.pool import NullPool

from benchmarks.large_timetable import Kind, Table

#: The drivers that it can be loaded with, by what columns are called in their databases.
_TYPES = {
    "psycopg": {Kind.TEXT: "VARCHAR(80)", Kind.NUMBER: "SMALLINT", Kind.MOMENT: "TIMESTAMP", Kind.TIME: "TIME"},
    "pymysql": {Kind.TEXT: "VARCHAR(80)", Kind.NUMBER: "SMALLINT", Kind.MOMENT: "DATETIME", Kind.TIME: "TIME"},
}
#: A schema's name begins so.
SCHEMA = "timetable_bench_"


class Unusable(ValueError):
    """A URL that names no database that the timetable can be put into; its text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the timetable is: a ``url`` at which its tables need no schema before their names, and what the database is called."""

    url: str
    name: str


@contextmanager
def in_sqlite(tables: Iterable[Table]) -> Iterator[Place]:
    """``tables`` in a file, which is removed afterwards. Columns have no types, as SQLite needs none."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "timetable.db"
        with closing(sqlite3.connect(file)) as database, database:
            for table in tables:
                database.execute(f"CREATE TABLE {table.name} ({', '.join(table.columns)})")
                database.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})", table.rows)
        yield Place(f"sqlite:///{file}", f"SQLite {sqlite3.sqlite_version}")


@contextmanager
def on_server(url: str, tables: Iterable[Table]) -> Iterator[Place]:
    """``tables`` in a new schema on the server at ``url``. Raises Unusable, and SQLAlchemyError where the server refuses."""
    server = checked(url)
    schema = f"{SCHEMA}{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    postgresql = server.get_driver_name() == "psycopg"
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            for table in tables:
                _make(connection, schema, table)
            place = Place(_within(server, schema).render_as_string(hide_password=False), _name(connection))
        yield place
    finally:
        # Also where it was not made, as nobody knows whether it was when the making of it was interrupted.
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema}{' CASCADE' if postgresql else ''}")


def checked(url: str) -> URL:
    """``url``, where the timetable can be put into its database. Raises Unusable, ArgumentError."""
    server = make_url(url)
    if server.get_driver_name() not in _TYPES:
        raise Unusable(f'"{server.drivername}" is neither postgresql+psycopg nor mysql+pymysql nor mariadb+pymysql')
    return server


def _make(connection: Connection, schema: str, table: Table) -> None:
    """One table, by the quickest way that the driver has to fill it."""
    driver: Any = connection.connection.driver_connection
    types = _TYPES[connection.dialect.driver]
    name, columns = f"{schema}.{table.name}", (f"{column} {types[kind]}" for column, kind in table.columns.items())
    connection.exec_driver_sql(f"CREATE TABLE {name} ({', '.join(columns)})")
    with driver.cursor() as cursor:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for row in table.rows:
                    copy.write_row(row)
        else:
            # One transaction, of statements with as many rows as PyMySQL puts into one.
            cursor.execute("START TRANSACTION")
            cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(table.columns))})", table.rows)
            cursor.execute("COMMIT")


def _within(server: URL, schema: str) -> URL:
    """The same server, where tables are looked for in ``schema`` first."""
    if server.get_driver_name() == "pymysql":
        return server.set(database=schema)
    options = " ".join(filter(None, (str(server.query.get("options", "")), f"-csearch_path={schema}")))
    return server.update_query_dict({"options": options})


def _name(connection: Connection) -> str:
    kind = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}[connection.dialect.name]
    kind = "MariaDB" if getattr(connection.dialect, "is_mariadb", False) else kind
    # As a server says it: "15.20 (Debian 15.20-0+deb12u1)", "10.11.19-MariaDB-0+deb12u1".
    version = connection.exec_driver_sql("SHOW server_version" if kind == "PostgreSQL" else "SELECT VERSION()").scalar_one()
    return f"{kind} {re.split('[ -]', version)[0]}"
