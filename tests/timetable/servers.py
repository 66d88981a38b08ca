"""A timetable in each kind of database, for tests that must hold in all of them."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql), pytest.param("mariadb", marks=pytest.mark.mariadb))


class Server:
    """A database of a test's own."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url

    def tell(self, *statements: str) -> None:
        """Carry out statements, in one transaction."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for sql in statements:
                connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    def ask(self, sql: str) -> list[Any]:
        """The rows of a query."""
        with create_engine(self.url, poolclass=NullPool).connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql, execution_options={"no_parameters": True})]

    def table(self, name: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
        """Make a table anew; ``columns`` as in CREATE TABLE. Texts and numbers only."""
        self.tell(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} ({columns})")
        for start in range(0, len(rows), 500):
            values = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in rows[start : start + 500])
            self.tell(f"INSERT INTO {name} VALUES {values}")

    def end_connections(self) -> int:
        """As an administrator would; gives how many."""
        if self.kind == "postgresql":
            return len(
                self.ask(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        victims = self.ask("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        for (number,) in victims:
            self.tell(f"KILL {number}")
        return len(victims)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
