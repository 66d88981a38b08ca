"""The timetable's database: SQLite, PostgreSQL and MariaDB, real ones; what is read, and what is said when it cannot be."""

import builtins
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tests.timetable.configurations import configuration
from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.errors import Stopped, TimetableUnusable, UsageError
from timetable_sync.timetable.source import AT_ONCE, ConnectionLost, open_rows
from timetable_sync.timetable.transactions import begin_snapshot

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql), pytest.param("mariadb", marks=pytest.mark.mariadb))

#: A query that runs for minutes, by database.
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(300)",
    "mariadb": "SELECT SLEEP(300)",
}


class Database:
    """One of the three, with one table of our own."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url

    def tell(self, *statements: str) -> None:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for sql in statements:
                connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    def ask(self, sql: str) -> list[Any]:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql, execution_options={"no_parameters": True})]

    def numbers(self, count: int) -> None:
        self.tell("DROP TABLE IF EXISTS n", "CREATE TABLE n (i INTEGER, t VARCHAR(40))")
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for start in range(0, count, 500):
                values = ", ".join(f"({i}, 'row {i}')" for i in range(start, min(start + 500, count)))
                connection.exec_driver_sql(f"INSERT INTO n VALUES {values}")

    def timetable(self, query: str, **more: Any) -> Timetable:
        return configuration(self.url, query, **more).timetable


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    url = f"sqlite:///{tmp_path}/timetable.db" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    return Database(request.param, url)


def read(timetable: Timetable, **more: Any) -> list[tuple[Any, ...]]:
    with open_rows(timetable, None, **more) as rows:
        return [tuple(row) for batch in rows.batches() for row in batch]


def test_all_rows_come_in_batches_with_their_columns_names(database: Database) -> None:
    database.numbers(2 * AT_ONCE + 7)
    with open_rows(database.timetable("SELECT i, t AS text FROM n ORDER BY i"), None) as rows:
        assert rows.names == ("i", "text")
        sizes = []
        found: list[Any] = []
        for batch in rows.batches():
            sizes.append(len(batch))
            found += batch
    assert max(sizes) <= AT_ONCE
    assert len(sizes) >= 3
    assert [tuple(row) for row in found] == [(i, f"row {i}") for i in range(2 * AT_ONCE + 7)]
    assert rows.note == ""


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1])
def test_no_row_is_lost_where_a_batch_ends(database: Database, count: int) -> None:
    database.numbers(count)
    assert read(database.timetable("SELECT i FROM n ORDER BY i")) == [(number,) for number in range(count)]


def test_colons_and_percent_signs_in_the_query_mean_what_the_database_says(database: Database) -> None:
    database.tell("DROP TABLE IF EXISTS p", "CREATE TABLE p (t VARCHAR(40))", "INSERT INTO p VALUES ('A:b'), ('100%'), ('%s'), (':x')")
    query = "SELECT t FROM p WHERE t LIKE 'A:%' OR t = '100%' OR t = '%s' OR t = ':x' ORDER BY t"
    assert sorted(row[0] for row in read(database.timetable(query))) == ["%s", "100%", ":x", "A:b"]
    if database.kind == "postgresql":
        assert read(database.timetable("SELECT '2026-11-24'::date::text, 5 % 3")) == [("2026-11-24", 2)]


def test_what_somebody_changes_meanwhile_is_not_seen(database: Database) -> None:
    if database.kind == "sqlite":
        database.tell("PRAGMA journal_mode = WAL")
    database.numbers(5 * AT_ONCE)
    with open_rows(database.timetable("SELECT i, t FROM n"), None) as rows:
        batches = rows.batches()
        seen = list(next(batches))
        database.tell("UPDATE n SET t = 'edited'", "DELETE FROM n WHERE i >= 10")
        seen += [row for batch in batches for row in batch]
    assert len(seen) == 5 * AT_ONCE
    assert not any(row[1] == "edited" for row in seen)
    assert len(read(database.timetable("SELECT i FROM n"))) == 10


def test_two_statements_of_one_reading_see_one_state(database: Database) -> None:
    if database.kind == "sqlite":
        database.tell("PRAGMA journal_mode = WAL")
    database.numbers(3)
    with create_engine(database.url, poolclass=NullPool).connect() as connection:
        assert begin_snapshot(connection, 60) == ""
        first = connection.exec_driver_sql("SELECT i, t FROM n ORDER BY i").fetchall()
        database.tell("UPDATE n SET t = 'edited'", "INSERT INTO n VALUES (99, 'new')")
        assert connection.exec_driver_sql("SELECT i, t FROM n ORDER BY i").fetchall() == first
    assert len(database.ask("SELECT i FROM n")) == 4


@pytest.mark.parametrize(
    "sql", ["DELETE FROM n", "UPDATE n SET t = 'x'", "INSERT INTO n VALUES (1, 'x')", "DROP TABLE n", "CREATE TABLE m (i INTEGER)"]
)
def test_a_query_cannot_write(database: Database, sql: str) -> None:
    database.tell("DROP TABLE IF EXISTS m")
    database.numbers(3)
    with pytest.raises(TimetableUnusable) as caught:
        read(database.timetable(sql))
    assert "\n" not in caught.value.message + caught.value.advice
    assert database.ask("SELECT i, t FROM n ORDER BY i") == [(i, f"row {i}") for i in range(3)]
    with pytest.raises(SQLAlchemyError):
        database.ask("SELECT i FROM m")


def test_the_transaction_itself_holds_nothing_but_reading(database: Database) -> None:
    # A SELECT can call a function that writes: it is the transaction that must not allow it.
    database.numbers(3)
    for sql in ("INSERT INTO n VALUES (9, 'x')", "DELETE FROM n", "DROP TABLE n"):
        with create_engine(database.url, poolclass=NullPool).connect() as connection:
            begin_snapshot(connection, 60)
            with pytest.raises(SQLAlchemyError, match=r"(?i)read.?only"):
                connection.exec_driver_sql(sql)
    assert len(database.ask("SELECT i FROM n")) == 3


@pytest.mark.parametrize("sql", ["SELECT nothing FROM n", "SELECT i FROM nowhere", "SELEKT i"])
def test_a_query_that_fails_is_one_line_in_the_databases_own_words(database: Database, sql: str) -> None:
    database.numbers(1)
    with pytest.raises(TimetableUnusable, match=r"refuses timetable\.query: .*(nothing|nowhere|SELEKT)") as caught:
        read(database.timetable(sql))
    assert "\n" not in caught.value.message
    assert "mend timetable.query" in caught.value.advice
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_query_that_takes_too_long_is_given_up(database: Database) -> None:
    database.numbers(1)
    with pytest.raises(TimetableUnusable, match=r"longer than 1 second|statement timeout|max_statement_time") as caught:
        read(database.timetable(ENDLESS[database.kind], timeout="1 second"))
    assert "timetable.timeout" in caught.value.advice


def test_a_query_is_ended_when_we_are_asked_to_stop_on_the_server_too(database: Database) -> None:
    database.numbers(1)
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        read(database.timetable(ENDLESS[database.kind]), stop=stop)
    assert time.monotonic() - began < 60
    timer.join()
    running = {
        "postgresql": "SELECT query FROM pg_stat_activity"
        " WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()",
        "mariadb": "SELECT info FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE CONCAT('%SLE', 'EP(300)%')",
    }
    if database.kind in running:
        assert database.ask(running[database.kind]) == []


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_connection_lost_in_the_midst_of_the_rows_is_no_shorter_timetable(
    kind: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(kind, request.getfixturevalue(f"{kind}_url"))
    database.numbers(200)
    # Enough to stay on the server when the first rows are here.
    query = "SELECT a.i, b.t, repeat('x', 500) FROM n a, n b, n c"
    with (
        pytest.raises(TimetableUnusable, match=r"broke off after \d+ rows: ") as caught,
        open_rows(database.timetable(query), None) as rows,
    ):
        batches = rows.batches()
        for _ in range(3):
            next(batches)
        _cut_off(database)
        for _ in batches:
            pass
    assert "\n" not in caught.value.message
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.mariadb
def test_a_connection_that_is_lost_while_its_limit_is_set_is_lost_and_may_be_made_anew(mariadb_url: str) -> None:
    database = Database("mariadb", mariadb_url)
    database.numbers(3)

    def cut_off(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SET SESSION max_statement_time"):
            number = connection.connection.driver_connection.thread_id()  # type: ignore[union-attr]  # it is open
            database.tell(f"KILL {number}")

    event.listen(Engine, "before_cursor_execute", cut_off)
    try:
        with pytest.raises(ConnectionLost):
            read(database.timetable("SELECT i FROM n"))
    finally:
        event.remove(Engine, "before_cursor_execute", cut_off)
    assert len(read(database.timetable("SELECT i FROM n"))) == 3


def _cut_off(database: Database) -> None:
    """End the connection that is at our query, as an administrator would."""
    if database.kind == "postgresql":
        ended = database.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert ended
        return
    victims = database.ask("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
    assert victims
    for (number,) in victims:
        database.tell(f"KILL {number}")


def test_a_consumer_that_gives_up_does_not_wait_for_the_rest(database: Database) -> None:
    database.numbers(300)
    query = "SELECT a.i FROM n a, n b, n c"  # 27 million rows
    with pytest.raises(KeyError), open_rows(database.timetable(query), None) as rows:
        next(rows.batches())
        raise KeyError
    assert len(database.ask("SELECT i FROM n")) == 300


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql+psycopg://reader@127.0.0.1:1/timetable", marks=pytest.mark.postgresql),
        pytest.param("mysql+pymysql://reader@127.0.0.1:1/timetable", marks=pytest.mark.mariadb),
    ],
)
def test_a_database_that_is_down_is_one_line_with_its_place(url: str) -> None:
    with pytest.raises(TimetableUnusable, match=r"at \w+://127\.0\.0\.1:1/timetable cannot be reached: ") as caught:
        read(configuration(url, "SELECT 1").timetable)
    assert "\n" not in caught.value.message
    assert "up and reachable" in caught.value.advice


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_password_is_in_no_message_and_no_exception(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    url = request.getfixturevalue(f"{kind}_url").replace("postgres@", "nobody_here@").replace("root@", "nobody_here@")
    url = url.replace("127.0.0.1:5432", "127.0.0.1:1") if kind == "postgresql" else url
    timetable = configuration(url, "SELECT 1", password={"env": "DB_PASSWORD"}).timetable
    with pytest.raises(TimetableUnusable) as caught:
        read(timetable, environ={"DB_PASSWORD": "hush-hush/9"})
    shown: list[BaseException] = [caught.value]
    while (before := shown[-1].__cause__ or (None if shown[-1].__suppress_context__ else shown[-1].__context__)) is not None:
        shown.append(before)
    assert len(shown) == 1
    assert "hush" not in repr(caught.value) + caught.value.message + caught.value.advice


def test_a_password_that_cannot_be_read_is_a_usage_error() -> None:
    timetable = configuration("postgresql+psycopg://reader@127.0.0.1:1/timetable", password={"env": "DB_PASSWORD"}).timetable
    with pytest.raises(UsageError, match=r"timetable\.password: environment variable DB_PASSWORD is not set"):
        read(timetable, environ={})


@pytest.mark.parametrize(
    ("url", "module", "advice"),
    [
        ("postgresql+psycopg://db/x", "psycopg", "pip install 'timetable-sync[postgresql]'"),
        ("mysql+pymysql://db/x", "pymysql", "pip install 'timetable-sync[mysql]'"),
        ("postgresql+psycopg2://db/x", "psycopg2", 'Write timetable.url as "postgresql+psycopg://…"'),
        ("oracle+oracledb://db/x", "oracledb", "pip install 'timetable-sync[oracle]'"),
        ("mssql+pymssql://db/x", "pymssql", "pip install 'timetable-sync[mssql]'"),
        ("mssql+pyodbc://db/x", "pyodbc", 'Write timetable.url as "mssql+pymssql://…"'),
    ],
)
def test_a_driver_that_is_not_installed_is_a_usage_error_that_names_the_extra(
    url: str, module: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        # The fifth argument is the level: SQLAlchemy's own "from . import pymysql" is another module.
        if name.partition(".")[0] == module and not (named.get("level") or any(more[3:])):
            raise ModuleNotFoundError(f"No module named '{module}'", name=module)
        return usual(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=f"needs the driver {module}, which is not installed") as caught:
        read(configuration("sqlite://", "SELECT 1").timetable.model_copy(update={"url": url}))
    assert advice in caught.value.advice


def test_an_unknown_kind_of_database_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match='names "postgrse", which is no known kind of database'):
        read(configuration("sqlite://", "SELECT 1").timetable.model_copy(update={"url": "postgrse://reader@db/x"}))


# SQLite, which is a file.


def test_a_file_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(TimetableUnusable, match=f"{tmp_path}/typo.db is not there"):
        read(configuration(f"sqlite:///{tmp_path}/typo.db", "SELECT 1").timetable)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["odd #%41 name.db", "ümläut.db", "file.db"])
def test_a_file_is_found_whatever_its_name(tmp_path: Path, name: str) -> None:
    with closing(sqlite3.connect(tmp_path / name)) as made:
        made.execute("CREATE TABLE t AS SELECT 7 AS i")
        made.commit()
    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    assert read(configuration("sqlite://", "SELECT i FROM t").timetable.model_copy(update={"url": url})) == [(7,)]
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("a letter to the registrar, not a database, and long enough to have been one" * 20)
    with pytest.raises(TimetableUnusable, match="file is not a database"):
        read(configuration(f"sqlite:///{tmp_path}/x.db", "SELECT 1 FROM t").timetable)


def test_text_that_is_no_utf_8_is_read_all_the_same(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as made:
        made.execute("CREATE TABLE t AS SELECT CAST(x'436166E9' AS TEXT) AS name")
        made.commit()
    assert read(configuration(f"sqlite:///{tmp_path}/x.db", "SELECT name FROM t").timetable) == [("Café",)]


@pytest.mark.parametrize("before", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1])
def test_no_row_is_lost_or_read_twice_where_text_is_no_utf_8(tmp_path: Path, before: int) -> None:
    good = [(f"room {number}",) for number in range(before)]
    with closing(sqlite3.connect(tmp_path / "x.db")) as made, made:
        made.execute("CREATE TABLE t (name TEXT, number)")
        made.executemany("INSERT INTO t VALUES (?, 0)", good)
        made.execute("INSERT INTO t VALUES (CAST(x'436166E9' AS TEXT), 1), (CAST(x'436166E9' AS TEXT), 1), (CAST(x'436166E9' AS TEXT), 1)")
        made.executemany("INSERT INTO t VALUES (?, 2)", good)
    rows = read(configuration(f"sqlite:///{tmp_path}/x.db", "SELECT name FROM t ORDER BY rowid").timetable)
    assert rows == [*good, *[("Café",)] * 3, *good]


# PostgreSQL, which has times that Python has not.


@pytest.mark.postgresql
def test_infinity_and_years_beyond_9999_are_single_cells_and_not_the_end_of_the_reading(postgresql_url: str) -> None:
    moments = "ARRAY['infinity', '-infinity', '12026-01-01 09:00', '2026-11-24 09:00']::timestamp[]"
    query = f"SELECT t, t::timestamptz, t::date FROM unnest({moments}) AS t"
    rows = read(configuration(postgresql_url, query).timetable)
    assert [type(cell) for cell in rows[0]] == [str, str, str]
    assert [str(row[0]) for row in rows] == ["infinity", "-infinity", "12026-01-01 09:00:00", "2026-11-24 09:00:00"]
    assert rows[3][1].tzinfo is not None


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "timetable-query-watcher"]
