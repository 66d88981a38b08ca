"""The revisions make what the tables say, in both databases, and can be had as SQL text."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import timetable_sync
from tests.state.making import CALENDAR, MAPPING, MONDAY, SOURCE, WINDOW, created, entry
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import AnotherRunAtWork, StateUnusable
from timetable_sync.model.plan import Shown
from timetable_sync.state import maintenance
from timetable_sync.state.maintenance import VERSION_TABLE, alembic_config, migrations_folder, state_info, upgrade_state, wanted_version
from timetable_sync.state.process import this_process
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import open_state
from timetable_sync.state.tables import metadata

Query = Callable[[str], list[tuple[object, ...]]]


def test_the_migrated_schema_is_what_the_tables_say(settings: StateDatabase, url: str) -> None:
    upgrade_state(settings)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_what_the_comparison_cannot_see_is_alike_too(sqlite_url: str, tmp_path: Path) -> None:
    """Autogenerate looks at no primary key, foreign key's action or SQLite option: so both are made, and read as SQLite keeps them."""

    def made(url: str) -> list[tuple[str, list[str]]]:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != '{VERSION_TABLE}' ORDER BY name"
            ).all()
        engine.dispose()
        # A column that was added leaves other blanks in SQLite's text than one that was there from the start.
        return [(name, str(sql).replace(",", " , ").replace(")", " ) ").split()) for name, sql in rows]

    upgrade_state(StateDatabase(url=sqlite_url))
    other = f"sqlite:///{tmp_path / 'metadata.db'}"
    engine = sa.create_engine(other)
    metadata.create_all(engine)
    engine.dispose()
    assert made(sqlite_url) == made(other)


def test_upgrade_says_what_it_did(settings: StateDatabase) -> None:
    first, second = upgrade_state(settings), upgrade_state(settings)
    assert (first.before, first.after) == (None, wanted_version())
    assert (second.before, second.after) == (wanted_version(), wanted_version())
    assert state_info(settings).fit == "current"


def test_revisions_are_numbered_in_one_line() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert sorted(revisions, reverse=True) == revisions
    assert [int(revision) for revision in reversed(revisions)] == list(range(1, len(revisions) + 1))
    assert all(len(revision) == 4 for revision in revisions)
    assert script.get_heads() == [wanted_version()]


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of timetable-sync with one revision more."""
    folder = tmp_path / "with 100% more" / "migrations"
    shutil.copytree(migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "v9999_invented.py").write_text(
        "import os\n"
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '9999', " + repr(wanted_version()) + ", None, None\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('ledger') as table:\n"
        "        table.add_column(sa.Column('invented', sa.Text, nullable=True))\n"
        "    with op.batch_alter_table('run', recreate='auto') as table:\n"
        "        table.alter_column('failure', nullable=True)\n"
        "    if os.environ.get('INVENTED_FAILURE') == '1':\n"
        "        raise sa.exc.OperationalError('invented', {}, Exception('the disk is full'))\n"
    )
    monkeypatch.setattr(maintenance, "migrations_folder", lambda: folder)
    monkeypatch.setattr(maintenance, "wanted_version", lambda: "9999")  # past what is remembered of the real one


def test_an_older_schema_is_upgraded_and_keeps_what_it_holds(settings: StateDatabase, request: pytest.FixtureRequest, query: Query) -> None:
    old = wanted_version()
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry()])
        run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
        state.written(run, SOURCE, CALENDAR, [created("b")], MAPPING)
    request.getfixturevalue("next_version")
    with pytest.raises(StateUnusable, match="older schema") as caught:
        open_state(settings)
    assert "timetable-sync state upgrade" in caught.value.advice
    done = upgrade_state(settings)
    assert (done.before, done.after) == (old, "9999")
    with open_state(settings) as state:
        assert state.ledger_entries(SOURCE, CALENDAR)[entry().key] == entry()
        assert [found.run_id for found in state.changes(SOURCE)] == [run]
        assert [found.id for found in state.runs(SOURCE)] == [run]
    assert query("SELECT invented FROM ledger") == [(None,), (None,)]


def made_as(version: str, url: str) -> None:
    """The database of an earlier version."""
    engine = sa.create_engine(url)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


def test_what_was_shown_as_held_before_an_upgrade_is_covered_by_a_release_after_it(settings: StateDatabase, url: str, query: Query) -> None:
    made_as("0004", url)
    place = f"'{SOURCE}', '{CALENDAR.address}', '{CALENDAR.name}'"
    query(
        "INSERT INTO held (source, address, name, guard, sentence, counted, out_of, allowed, run_id, since, since_run)"
        f" VALUES ({place}, 'deletes_in_calendar', '2 of 3', 2, 3, 1, 1, '2026-11-23 09:00:00', 1)"
    )
    for key, action, reason in (
        ("a", "delete", "it left"),
        ("a", "delete", "it left"),
        ("b", "delete", "a duplicate"),
        ("c", "create", "x"),
    ):
        query(f"INSERT INTO held_change (source, address, name, key, action, reason) VALUES ({place}, '{key}', '{action}', '{reason}')")
    upgrade_state(settings)
    with open_state(settings) as state:
        ((verdict,), _) = state.recorded.held(SOURCE)
        assert (verdict.calendar, verdict.count, verdict.scope) == (CALENDAR, 2, ())
        assert state.recorded.shown(SOURCE) == Shown({(CALENDAR.address, "deletes_in_calendar"): 2}, {CALENDAR.address: frozenset("a")})


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can tell that it lives")
def test_a_run_of_the_version_before_keeps_the_upgrade_waiting_as_long_as_it_lives(settings: StateDatabase, url: str, query: Query) -> None:
    """Its lease goes by the wall clock alone, which may have been set forward."""
    made_as("0004", url)
    us = this_process()
    place = " ".join(part for part in us.place.split() if not part.startswith("time:"))
    query(
        "INSERT INTO lease (name, token, holder, host, pid, place, born, since, until) VALUES "
        f"('run', 't', 'run', 'h', {us.pid}, '{place}', '{us.born}', '2026-01-01 00:00:00+00:00', '2026-01-01 00:05:00+00:00')"
    )
    with pytest.raises(AnotherRunAtWork, match=f"process {us.pid} on h"):
        upgrade_state(settings)
    query(f"UPDATE lease SET pid = {2**22 - 1}")
    assert (upgrade_state(settings).before, wanted_version()) == ("0004", state_info(settings).version)
    with open_state(settings) as state, state.lease("us", timedelta(minutes=5)) as held:
        held.check()


def test_an_upgrade_that_fails_changes_nothing(
    settings: StateDatabase, request: pytest.FixtureRequest, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = wanted_version()
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry()])
    request.getfixturevalue("next_version")
    monkeypatch.setenv("INVENTED_FAILURE", "1")
    with pytest.raises(StateUnusable, match="disk is full"):
        upgrade_state(settings)
    assert query(f"SELECT version_num FROM {VERSION_TABLE}") == [(old,)]
    monkeypatch.delenv("INVENTED_FAILURE")
    assert upgrade_state(settings).after == "9999"
    assert query("SELECT count(*) FROM ledger") == [(1,)]


@pytest.mark.parametrize(
    ("dialect", "word"), [("sqlite:///x.db", "WITHOUT ROWID"), ("postgresql+psycopg://x/y", "TIMESTAMP WITH TIME ZONE")]
)
def test_the_migrations_can_be_had_as_sql_without_a_database(dialect: str, word: str) -> None:
    config = alembic_config()
    config.set_main_option("sqlalchemy.url", dialect)
    text = io.StringIO()
    with redirect_stdout(text):
        config.output_buffer = text
        command.upgrade(config, "head", sql=True)
    sql = text.getvalue()
    assert word in sql
    for table in metadata.tables:
        assert f"CREATE TABLE {table} (" in sql
    assert f"INSERT INTO {VERSION_TABLE}" in sql


def test_a_developer_upgrades_by_url_and_finds_nothing_to_generate(url: str) -> None:
    checkout = Path(timetable_sync.__file__).parent.parent
    if not (checkout / "migrations").is_dir():
        pytest.skip("an installed package has no checkout")
    alembic = [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", "-x", f"url={url}"]
    environ = {**os.environ, "PYTHONPATH": str(checkout)}
    for words in (["upgrade", "head"], ["check"]):
        done = subprocess.run([*alembic, *words], check=False, cwd=checkout, env=environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert "No new upgrade operations" in done.stdout


def test_an_installed_package_has_its_migrations_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "timetable_sync"
    shutil.copytree(migrations_folder(), package / "migrations")
    monkeypatch.setattr(timetable_sync, "__file__", str(package / "__init__.py"))
    assert migrations_folder() == package / "migrations"


def test_missing_migrations_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable_sync, "__file__", str(tmp_path / "timetable_sync" / "__init__.py"))
    with pytest.raises(StateUnusable, match="migrations are not where"):
        migrations_folder()
