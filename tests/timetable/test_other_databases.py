"""SQL Server and Oracle, as far as can be had without such a server: their real dialects and drivers, and statements written down.

What a server would answer is made up here. Nothing in these tests was run on one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import sqlglot
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from tests.config.presets.test_statements import statements
from tests.timetable.configurations import configuration
from timetable_sync.config.presets.catalogue import PRODUCTS
from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.source import ConnectionLost, open_rows
from timetable_sync.timetable.transactions import begin_snapshot

#: By SQLAlchemy's name: sqlglot's.
DIALECTS = {"mssql": "tsql", "oracle": "oracle"}


@pytest.mark.parametrize("database", DIALECTS)
@pytest.mark.parametrize("name", PRODUCTS)
def test_every_statement_of_a_preset_is_one_select_in_the_databases_own_sql(name: str, database: str) -> None:
    for calendars in PRODUCTS[name].calendars:
        for statement in statements(name, database, calendars, None):
            parsed = sqlglot.parse(statement, read=DIALECTS[database])
            assert len(parsed) == 1
            assert isinstance(parsed[0], sqlglot.exp.Select), statement
            # What it is taken for is what it says: written out again, it is the same but for blanks, case and brackets.
            again = sqlglot.parse_one(parsed[0].sql(dialect=DIALECTS[database]), read=DIALECTS[database])
            assert again == parsed[0]


def test_texts_are_joined_as_each_database_joins_them() -> None:
    assert "sa.subject_area_abbreviation || ' ' || co.course_nbr" in "".join(statements("unitime", "oracle", "courses"))
    assert "sa.subject_area_abbreviation + ' ' + co.course_nbr" in "".join(statements("unitime", "mssql", "courses"))


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://", "mysql+pymysql://", "mariadb+pymysql://", "oracle+oracledb://", "mssql+pymssql://"]
)
def test_the_drivers_rows_need_nothing_from_sqlalchemy(url: str) -> None:
    # Of a query that is sent as it stands no type is known, and this is the type of what has none.
    dialect = make_url(url).get_dialect()()
    assert NullType().dialect_impl(dialect).result_processor(dialect, None) is None


class Wire:
    """A driver's connection that answers nothing but what it is told to, and writes down what it is asked."""

    def __init__(self, answers: Sequence[tuple[str, Any]] = ()) -> None:
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.call_timeout = 0
        self._answers = dict(answers)

    def cursor(self) -> Any:
        cursor = MagicMock()

        def execute(statement: str, *parameters: Any) -> None:
            self.asked.append(statement.strip())
            known = [answer for part, answer in self._answers.items() if part in statement]
            answer = known[0] if known else None
            cursor.description = [("answer", int, None, None, None, None, None)] if known else None
            cursor.fetchone.side_effect = [(answer,), None]
            cursor.fetchall.return_value = [(answer,)]
            cursor.rowcount = -1

        cursor.execute.side_effect = execute
        return cursor

    def autocommit(self, state: bool) -> None:
        self.ended.append(f"autocommit {state}")

    def commit(self) -> None:
        self.ended.append("commit")

    def rollback(self) -> None:
        self.ended.append("rollback")

    def close(self) -> None:
        self.ended.append("close")


def over(url: str, wire: Wire) -> Engine:
    """An engine of the real dialect over it, without what the dialect would ask a server first."""
    engine = create_engine(url, creator=lambda: wire, poolclass=NullPool)
    engine.dialect.initialize = lambda connection: None  # type: ignore[method-assign]  # no server answers its questions
    engine.dialect.default_isolation_level = "READ COMMITTED"
    return engine


def test_oracle_reads_in_one_read_only_transaction_that_gives_up_after_its_time() -> None:
    wire = Wire()
    with over("oracle+oracledb://reader@db/?service_name=x", wire).connect() as connection:
        assert begin_snapshot(connection, 90) == ""
        assert wire.asked == ["SET TRANSACTION READ ONLY"]
        assert wire.call_timeout == 90_000


def test_sql_server_reads_a_snapshot_where_its_database_allows_one() -> None:
    wire = Wire([("snapshot_isolation_state", 1), ("transaction_isolation_level", "READ COMMITTED")])
    connection = _opened(wire)
    assert begin_snapshot(connection, 90) == ""
    assert "SET TRANSACTION ISOLATION LEVEL SNAPSHOT" in wire.asked
    # Before the transaction that is read in, not within the one in which was asked whether it may be.
    assert wire.ended[0] == "rollback"


@pytest.mark.parametrize("state", [0, 2, None])
def test_sql_server_without_snapshots_is_read_and_the_report_says_so(state: int | None) -> None:
    wire = Wire([("snapshot_isolation_state", state)])
    note = begin_snapshot(_opened(wire), 90)
    assert "does not allow SNAPSHOT isolation" in note
    assert not [asked for asked in wire.asked if "ISOLATION LEVEL" in asked]


def _opened(wire: Wire) -> Connection:
    return over("mssql+pymssql://reader@db/x", wire).connect()


@pytest.mark.parametrize("url", ["mssql+pymssql://reader@127.0.0.1:1/x", "oracle+oracledb://reader@127.0.0.1:1/?service_name=x"])
def test_a_server_that_is_not_there_is_one_clear_line_and_worth_another_try(tmp_path: Path, url: str) -> None:
    secret = tmp_path / "password"
    secret.touch(0o600)
    secret.write_text("secret")
    timetable = configuration(url, password={"file": str(secret)}).timetable
    with pytest.raises(ConnectionLost) as caught, open_rows(timetable, None, {}):
        pass
    assert isinstance(caught.value, TimetableUnusable)
    assert "cannot be reached" in caught.value.message
    assert "refused" in caught.value.message
    assert "b'" not in caught.value.message
    assert "\n" not in caught.value.message
    assert "secret" not in caught.value.message
