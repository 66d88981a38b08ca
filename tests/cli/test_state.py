"""``state upgrade`` and ``state info``, as they are typed."""

import json
import sqlite3
from pathlib import Path

import pytest

from timetable_sync.cli.app import exit_code_of
from timetable_sync.state.maintenance import wanted_version

CONFIGURATION = """
[timetable]
url       = "sqlite:///timetable.db"
time_zone = "Europe/London"
query     = "file:query.sql"
[timetable.columns]
activity = "id"
calendar = "module"
start    = "starts"
end      = "ends"
title    = "title"
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow   = ["*@groups.example.ac.uk"]
[entra]
tenant      = "00000000-0000-0000-0000-000000000000"
client      = "11111111-1111-1111-1111-111111111111"
certificate = { file = "certificate.pem" }
key         = { file = "key.pem" }
[state]
url = "sqlite:///state.db"
"""


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose other files are not there: they do not matter here."""
    monkeypatch.delenv("TIMETABLE_SYNC_CONFIG", raising=False)
    path = tmp_path / "timetable-sync.toml"
    path.write_text(CONFIGURATION)
    return path


def test_upgrade_makes_the_database_once_and_says_so(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["state", "upgrade", "--config", str(configuration)]
    assert exit_code_of(command) == 0
    assert capsys.readouterr().out == f"{configuration.parent / 'state.db'}: made, schema {wanted_version()}\n"
    assert exit_code_of(command) == 0
    assert f"up to date, schema {wanted_version()}" in capsys.readouterr().out


def test_info_says_what_there_is_and_makes_nothing(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["state", "info", "--config", str(configuration)]) == 0
    shown = capsys.readouterr().out
    assert "empty: the first run makes it" in shown
    assert str(configuration.parent / "state.db") in shown
    assert not (configuration.parent / "state.db").exists()


def test_info_as_json_holds_every_fact(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(["state", "upgrade", "--config", str(configuration)])
    capsys.readouterr()
    assert exit_code_of(["state", "info", "--format", "json", "--config", str(configuration)]) == 0
    facts = json.loads(capsys.readouterr().out)
    size = facts.pop("size")
    assert size == (configuration.parent / "state.db").stat().st_size
    assert facts == {
        "schema": 1,
        "where": str(configuration.parent / "state.db"),
        "kind": "sqlite",
        "fit": "current",
        "version": wanted_version(),
        "wanted": wanted_version(),
        "runs": 0,
        "ledger_entries": 0,
        "history_entries": 0,
    }


def test_a_newer_database_is_refused_in_one_line_with_exit_code_2(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(["state", "upgrade", "--config", str(configuration)])
    with sqlite3.connect(configuration.parent / "state.db") as connection:
        connection.execute("UPDATE timetable_sync_schema SET version_num = '0917'")
    connection.close()
    capsys.readouterr()
    assert exit_code_of(["state", "upgrade", "--config", str(configuration)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("timetable-sync: state database")
    assert "0917" in said
    assert len(said.splitlines()) == 2
    assert exit_code_of(["state", "info", "--config", str(configuration)]) == 0
    assert "made by a newer timetable-sync" in capsys.readouterr().out


def test_a_missing_folder_is_one_line_and_exit_code_2(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration.write_text(CONFIGURATION.replace("sqlite:///state.db", "sqlite:///nowhere/state.db"))
    assert exit_code_of(["state", "upgrade", "--config", str(configuration)]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err
