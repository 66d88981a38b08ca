"""``config example``, ``check`` and ``show``: facts to standard output, errors as ours, for people and for programs."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.config.configuration import SHORTEST, written
from timetable_sync.cli.config import app
from timetable_sync.config import load as loading
from timetable_sync.config.document import example
from timetable_sync.config.errors import ConfigurationError
from timetable_sync.config.reference import reference


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, without a configuration of this machine's."""
    for name in [name for name in os.environ if name.startswith("TIMETABLE_SYNC_") or name == "CREDENTIALS_DIRECTORY"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "SYSTEM_FILE", tmp_path / "none" / "timetable-sync.toml")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def refused(*arguments: str) -> tuple[ConfigurationError, str]:
    """The error that a command ends with, and what it printed before."""
    result = command(*arguments)
    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.exit_code == 2
    return result.exception, result.stdout


def test_the_example_can_be_saved_and_used(tmp_path: Path) -> None:
    result = command("example")
    assert (result.exit_code, result.stdout) == (0, example())
    written(tmp_path, result.stdout)
    (tmp_path / "timetable.sql").touch()
    assert command("check").exit_code == 0


def test_the_reference_is_printed_as_markdown() -> None:
    assert command("example", "--format", "markdown").stdout == reference()


def test_check_says_what_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, SHORTEST.replace("allow =", 'pilot = ["COMP*"]\nreport_only = ["MATH*"]\nallow ='))
    monkeypatch.setenv("TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE", "4")
    result = command("check")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{tmp_path}/timetable-sync.toml can be used",
        f"  timetable  sqlite:///{tmp_path}/timetable.db",
        "             query in the configuration, 5 columns, times of Europe/London",
        "  calendars  ews, 1 pattern of allowed addresses: *@groups.example.ac.uk",
        "             pilot: only COMP*",
        "             reported, never written: MATH*",
        "  events     0 rules",
        "  state      sqlite:////var/lib/timetable-sync/state.db",
        '  secrets    entra.certificate { credential = "certificate.pem" }: given by systemd when it starts the service',
        "  overrides  TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE",
    ]


def test_check_for_programs(tmp_path: Path) -> None:
    written(tmp_path)
    facts = json.loads(command("check", "--format", "json").stdout)
    assert (facts["schema"], facts["ok"], facts["problems"]) == (1, True, [])
    assert (facts["backend"], facts["allow"], facts["pilot"]) == ("ews", ["*@groups.example.ac.uk"], None)


def test_check_tries_the_templates(tmp_path: Path) -> None:
    lines = SHORTEST.replace("[event]", "").splitlines()
    written(tmp_path, "\n".join([*lines, "[event]", 'subject = "{{ titel }}"', 'body = "{{ calendars }}"']))
    error, _ = refused("check")
    assert [(problem.place.rpartition(":")[2], problem.key, problem.what) for problem in error.problems] == [
        (str(len(lines) + 2), "event.subject", 'uses "titel", which is no column; did you mean "title"?'),
        (
            str(len(lines) + 3),
            "event.body",
            "cannot be used: calendars is a list, and no text: join it, as in {{ calendars | join(', ') }}",
        ),
    ]
    assert error.problems[0].place == f"{tmp_path}/timetable-sync.toml:{len(lines) + 2}"


def test_check_says_all_errors_at_once(tmp_path: Path) -> None:
    written(tmp_path, SHORTEST.replace("tenant", "tenent").replace("time_zone", "timezone"))
    error, printed = refused("check")
    assert printed == ""
    assert error.message.splitlines()[0] == f"2 problems in {tmp_path}/timetable-sync.toml:"


def test_check_says_them_to_programs_as_well(tmp_path: Path) -> None:
    written(tmp_path, SHORTEST.replace("tenant", "tenent"))
    _, printed = refused("check", "--format", "json")
    assert json.loads(printed) == {
        "schema": 1,
        "ok": False,
        "problems": [
            {
                "place": f"{tmp_path}/timetable-sync.toml:15",
                "key": "entra.tenent",
                "what": 'is not a key; did you mean "tenant"?',
            }
        ],
    }


def test_check_refuses_a_key_that_others_can_read(tmp_path: Path) -> None:
    written(tmp_path, SHORTEST + 'key = { file = "key.pem" }\n')
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\n", "utf-8")
    key.chmod(0o644)
    error, _ = refused("check")
    assert (
        f"entra.key cannot be used: others can read or change {key} (mode 0644), so it is refused. Close it: chmod 600 {key}"
        in error.message
    )
    assert command("check", "--no-files").exit_code == 0
    key.chmod(0o600)
    assert command("check").exit_code == 0


def test_without_a_configuration_the_places_are_named() -> None:
    for arguments in (["check"], ["show"]):
        error, _ = refused(*arguments)
        assert "no configuration found" in error.message
        assert "timetable-sync config example" in error.advice


def test_show_prints_what_is_in_force_and_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, SHORTEST.replace("SELECT * FROM lesson", "file:not-there.sql"))
    monkeypatch.setenv("TIMETABLE_SYNC_WINDOW__FUTURE", "90 days")
    result = command("show", "--config", str(path))
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout)["window"]["future"] == "90 days"
    assert "# TIMETABLE_SYNC_WINDOW__FUTURE" in result.stdout
    values = json.loads(command("show", "--config", str(path), "--format", "json").stdout)
    assert values["origins"]["window.future"] == "TIMETABLE_SYNC_WINDOW__FUTURE"


@pytest.mark.parametrize("name", ["example", "check", "show"])
def test_every_command_helps_with_an_example(name: str) -> None:
    result = command(name, "--help")
    assert result.exit_code == 0
    assert f"Example: timetable-sync config {name}" in " ".join(result.stdout.split())
