"""Opening the state database: made when empty, refused when it does not fit, one line for all that can go wrong."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import timetable_sync
from tests.state.making import CALENDAR, MAPPING, SOURCE, WINDOW, created, entry
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import StateUnusable
from timetable_sync.state.engine import connect, state_url
from timetable_sync.state.maintenance import state_info, upgrade_state, wanted_version
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import open_state

Query = Callable[[str], list[tuple[object, ...]]]
CHECKOUT = Path(timetable_sync.__file__).parent.parent
VERSION = "UPDATE timetable_sync_schema SET version_num = '{}'"


def unusable(settings: StateDatabase, *, read_only: bool = False, environ: dict[str, str] | None = None) -> StateUnusable:
    with pytest.raises(StateUnusable) as caught:
        open_state(settings, read_only=read_only, environ=environ)
    error = caught.value
    assert error.exit_code == 2
    assert "\n" not in error.message
    assert error.advice
    return error


@pytest.mark.postgresql
def test_who_is_paused_in_a_transaction_on_postgresql_does_not_keep_others_out_for_long(postgresql_schema: str) -> None:
    database = connect(state_url(StateDatabase(url=postgresql_schema)), read_only=False)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"
    database.close()


def test_an_empty_database_gets_its_schema(settings: StateDatabase) -> None:
    with open_state(settings) as state:
        assert state.ledger_entries(SOURCE, CALENDAR) == {}
        assert state.last_run(SOURCE) is None


def test_what_was_written_is_there_when_it_is_opened_again(settings: StateDatabase) -> None:
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry()])
    with open_state(settings) as state:
        assert state.ledger_entries(SOURCE, CALENDAR) == {entry().key: entry()}


def test_two_first_runs_at_once_make_one_schema(settings: StateDatabase) -> None:
    with ThreadPoolExecutor(4) as pool:
        for opened in [pool.submit(open_state, settings) for _ in range(4)]:
            opened.result().close()
    assert state_info(settings).version == wanted_version()


def test_two_processes_make_one_schema(url: str) -> None:
    code = (
        "from timetable_sync.state.store import open_state\n"
        "from timetable_sync.config.sections.records import StateDatabase\n"
        f"open_state(StateDatabase(url={url!r})).close()"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, cwd=CHECKOUT) for _ in range(3)]
    assert [(process.wait(60), (process.stderr.read() if process.stderr else b"")) for process in running] == [(0, b"")] * 3
    for process in running:
        if process.stderr:
            process.stderr.close()


def test_read_only_makes_nothing_and_reads_as_empty(settings: StateDatabase, query: Query, url: str) -> None:
    with open_state(settings, read_only=True) as state:
        assert state.ledger_entries(SOURCE, CALENDAR, WINDOW) == {}
        assert state.ledger_calendars(SOURCE, WINDOW) == []
        assert state.ledger_count(SOURCE, WINDOW) == 0
        assert state.runs(SOURCE) == []
        assert state.changes(SOURCE) == []
        assert state.run_calendars(1) == []
        assert state.run_verdicts(1) == []
    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()
    else:
        assert query("SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()") == [(0,)]


def test_read_only_reads_what_is_there_and_refuses_to_write(settings: StateDatabase) -> None:
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry()])
    with open_state(settings, read_only=True) as state:
        assert state.ledger_count(SOURCE) == 1
        with pytest.raises(RuntimeError):
            state.learn(SOURCE, CALENDAR, [], [entry().key])
        with pytest.raises(RuntimeError):
            state.begin_run(RunBeginning(SOURCE, WINDOW.start, WINDOW))
        assert state.ledger_count(SOURCE) == 1


def test_read_only_is_held_by_the_database_too(settings: StateDatabase) -> None:
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry()])
    with open_state(settings, read_only=True) as state:
        database = state._database  # past the facade, on purpose
        assert database is not None
        with pytest.raises(StateUnusable, match="may only be read"), database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM ledger")


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_schema_is_refused_with_the_way_out(settings: StateDatabase, query: Query, read_only: bool) -> None:
    open_state(settings).close()
    query(VERSION.format("0000"))
    error = unusable(settings, read_only=read_only)
    assert "older schema: 0000" in error.message
    assert "timetable-sync state upgrade" in error.advice


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_schema_is_refused_and_not_touched(settings: StateDatabase, query: Query, read_only: bool) -> None:
    open_state(settings).close()
    query(VERSION.format("0917"))
    query("CREATE TABLE of_the_future (x INTEGER)")
    error = unusable(settings, read_only=read_only)
    assert "0917" in error.message
    assert wanted_version() in error.message
    with pytest.raises(StateUnusable, match="newer timetable-sync"):
        upgrade_state(settings)
    assert query("SELECT version_num FROM timetable_sync_schema") == [("0917",)]
    assert query("SELECT * FROM of_the_future") == []


def test_somebody_elses_database_is_left_alone(settings: StateDatabase, query: Query) -> None:
    query("CREATE TABLE lessons (id INTEGER)")
    assert "(lessons)" in unusable(settings).message
    assert "of its own" in unusable(settings, read_only=True).advice
    with pytest.raises(StateUnusable, match="left alone"):
        upgrade_state(settings)
    assert state_info(settings).fit == "foreign"


def test_the_file_is_its_owners_alone_whatever_the_umask(sqlite_url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_state(StateDatabase(url=sqlite_url)) as state:
            state.learn(SOURCE, CALENDAR, [entry()])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert "state.db" in modes


def test_a_path_with_odd_characters_is_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c%20dé;"
    folder.mkdir()
    settings = StateDatabase(url=sa.URL.create("sqlite", database=str(folder / "st#te%3f.db")).render_as_string())
    open_state(settings).close()
    assert [path.name for path in folder.iterdir()] == ["st#te%3f.db"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    error = unusable(StateDatabase(url=f"sqlite:///{tmp_path}/nowhere/state.db"))
    assert f"the folder {tmp_path}/nowhere does not exist" in error.message


def test_a_file_that_is_no_database_is_said_and_kept(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("this is a letter to my aunt\n" * 100)
    assert "is not a usable SQLite database" in unusable(StateDatabase(url=sqlite_url)).message
    assert (tmp_path / "state.db").read_text().startswith("this is a letter")


def test_a_folder_in_the_files_place_is_said(tmp_path: Path) -> None:
    assert "cannot be opened" in unusable(StateDatabase(url=f"sqlite:///{tmp_path}")).message


def test_a_database_locked_by_another_program_is_said(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from timetable_sync.state import engine as connection

    monkeypatch.setattr(connection, "SQLITE_PATIENCE", 100)
    settings = StateDatabase(url=sqlite_url)
    with open_state(settings) as state:
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateUnusable, match="is locked by another program"):
            state.learn(SOURCE, CALENDAR, [entry()])
        other.execute("ROLLBACK")
        other.close()
        state.learn(SOURCE, CALENDAR, [entry()])
        assert state.ledger_count(SOURCE) == 1


@pytest.mark.postgresql
def test_a_table_locked_by_another_program_is_said_and_not_waited_for_for_ever(
    postgresql_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from timetable_sync.state import engine as connection

    monkeypatch.setattr(connection, "LOCK_PATIENCE", 100)
    with open_state(StateDatabase(url=postgresql_schema)) as state:
        other = sa.create_engine(postgresql_schema)
        with other.begin() as holder:
            holder.exec_driver_sql("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StateUnusable, match="is locked by another program"):
                state.learn(SOURCE, CALENDAR, [entry()])
        other.dispose()
        state.learn(SOURCE, CALENDAR, [entry()])
        assert state.ledger_count(SOURCE) == 1


def test_a_full_disk_is_said_and_nothing_is_half_done(sqlite_url: str) -> None:
    with open_state(StateDatabase(url=sqlite_url)) as state:
        run = state.begin_run(RunBeginning(SOURCE, WINDOW.start, WINDOW))
        database = state._database  # to set the limit that a full disk sets
        assert database is not None
        pages = [database._engine.connect() for _ in range(1)]
        pages[0].exec_driver_sql("PRAGMA max_page_count=1")  # SQLite raises it to what there is: no page more
        pages[0].close()
        with pytest.raises(StateUnusable, match="disk is full"):
            state.written(run, SOURCE, CALENDAR, [created(str(number), number) for number in range(500)], MAPPING)
        assert state.ledger_count(SOURCE) == 0
        assert state.changes(SOURCE) == []


def test_a_read_only_file_is_said(sqlite_url: str) -> None:
    settings = StateDatabase(url=sqlite_url)
    open_state(settings).close()
    with open_state(settings) as state:
        database = state._database
        assert database is not None

        @sa.event.listens_for(database._engine, "connect")
        def only_read(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
            connection.cursor().execute("PRAGMA query_only=ON")

        database._engine.pool.dispose()
        database._engine.dispose()
        with pytest.raises(StateUnusable, match="may only be read"):
            state.learn(SOURCE, CALENDAR, [entry()])


def test_a_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    error = unusable(StateDatabase(url=f"sqlite:///{tmp_path}/{'x' * 300}"))
    assert "cannot be made: File name too long" in error.message


def test_a_url_that_names_no_plain_file_is_said() -> None:
    assert "no plain file" in unusable(StateDatabase(url="sqlite:///file:x?mode=memory&uri=true")).message


def test_a_server_that_does_not_answer_is_said_without_the_password() -> None:
    settings = StateDatabase.model_validate({"url": "postgresql://timetable@127.0.0.1:1/state", "password": {"env": "STATE_WORD"}})
    error = unusable(settings, environ={"STATE_WORD": "canary-4711"})
    assert "postgresql://timetable@127.0.0.1:1/state" in error.message
    assert "canary-4711" not in error.message + error.advice
    assert error.__cause__ is None


@pytest.mark.postgresql
def test_a_database_that_is_not_there_is_said(postgresql_url: str) -> None:
    settings = StateDatabase(url=sa.make_url(postgresql_url).set(database="not_there_at_all").render_as_string(hide_password=False))
    assert "not_there_at_all" in unusable(settings).message
    assert "not_there_at_all" in unusable(settings, read_only=True).message


@pytest.mark.postgresql
def test_a_role_without_rights_is_said(postgresql_schema: str, postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    schema = str(sa.make_url(postgresql_schema).query["options"]).partition("=")[2]
    role = f"{schema}_reader"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    try:
        url = sa.make_url(postgresql_schema).set(username=role).render_as_string(hide_password=False)
        error = unusable(StateDatabase(url=url))
        assert "refuses its role a right" in error.message
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")
        engine.dispose()


@pytest.mark.postgresql
def test_a_server_that_was_restarted_is_found_again(postgresql_schema: str, postgresql_url: str) -> None:
    with open_state(StateDatabase(url=postgresql_schema)) as state:
        assert state.ledger_count(SOURCE) == 0
        engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'timetable-sync' AND datname = current_database()"
            )
        engine.dispose()
        state.learn(SOURCE, CALENDAR, [entry()])
        assert state.ledger_count(SOURCE) == 1


def test_closing_twice_is_allowed(settings: StateDatabase) -> None:
    state = open_state(settings)
    state.close()
    state.close()
    with open_state(settings) as again:
        assert again.where == state.where
