"""What a command does not use it does not load: most of a short command's time, and of a quiet night's, would go into that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import CHECKOUT, typed

#: What takes long to load, and what of ours is for single commands.
HEAVY = {
    *("aiohttp", "alembic", "apprise", "apscheduler", "cryptography", "exchangelib", "jinja2", "jwt", "lxml", "prometheus_client"),
    *("pydantic", "requests", "sqlalchemy", "timetable_sync.night", "timetable_sync.sandbox", "timetable_sync.timetable.reader"),
}
#: Reading a configuration judges its values: with Jinja templates, with SQLAlchemy addresses of databases, with APScheduler times.
CONFIGURATION = {"apscheduler", "jinja2", "pydantic", "sqlalchemy"}

SCRIPT = """
import sys
from timetable_sync.cli.app import exit_code_of
code = exit_code_of(sys.argv[1:])
print("loaded:", *sorted(sys.modules))
sys.exit(code)
"""


def heavy_after(*words: str, script: str = SCRIPT) -> set[str]:
    """What of the heavy is loaded in a process of its own that carried out these words."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("words", ["--version", "--help", "certificate --help"])
def test_to_say_what_there_is_loads_none_of_it(words: str) -> None:
    assert heavy_after(*words.split()) <= {"pydantic"}, "which typer itself may use"


@pytest.mark.parametrize("words", ["config check --no-files", "config show", "next"])
def test_who_only_reads_the_configuration_loads_what_judges_its_values(words: str, folder: Path) -> None:
    assert heavy_after(*words.split()) <= CONFIGURATION


def test_to_list_presets_nothing_of_databases_is_loaded() -> None:
    assert heavy_after("preset", "list") <= {"jinja2", "pydantic"}


@pytest.mark.parametrize("words", ["history", "held"])
def test_who_looks_back_loads_no_migrations_where_the_state_is_up_to_date(words: str, folder: Path) -> None:
    assert typed("state", "upgrade") == 0
    assert heavy_after(*words.split()) <= CONFIGURATION


def test_the_status_loads_besides_what_reads_a_certificate(folder: Path) -> None:
    assert typed("state", "upgrade") == 0
    assert heavy_after("status") <= {*CONFIGURATION, "cryptography"}


def test_to_show_or_make_a_certificate_nobody_is_asked_over_the_network(folder: Path) -> None:
    assert heavy_after("certificate", "new", "made") <= {*CONFIGURATION, "cryptography"}


def test_a_run_opens_a_state_that_is_up_to_date_without_migrations(folder: Path) -> None:
    assert typed("state", "upgrade") == 0
    script = """
import os, sys
from pathlib import Path
from timetable_sync.config.load import load
from timetable_sync.state.store import open_state
with open_state(load(Path("timetable-sync.toml"), os.environ, files=False).settings.state):
    pass
print("loaded:", *sorted(sys.modules))
"""
    assert heavy_after(script=script) <= CONFIGURATION


def test_before_it_begins_a_run_has_loaded_no_calendar_service_nor_anything_for_metrics_or_migrations() -> None:
    needless = {"aiohttp", "alembic", "apprise", "exchangelib", "lxml", "prometheus_client", "timetable_sync.sandbox"}
    assert not heavy_after("run", "--help") & needless
