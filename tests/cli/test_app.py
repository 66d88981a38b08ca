"""The command line as a whole: commands, help, and mistakes in our own form."""

import re

import pytest
import typer

from tests.cli.command_line import typed
from timetable_sync import __version__
from timetable_sync.cli.app import app


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("--version") == 0
    assert capsys.readouterr().out == f"timetable-sync {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("--help") == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"^  {name}\s", said, re.MULTILINE) for name in ("run", "config", "state", "sandbox"))


def test_without_a_command_the_help_is_shown_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Usage: timetable-sync")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rum",), "timetable-sync: no such command 'rum'. Did you mean 'run'?\n  See: timetable-sync --help\n"),
        (("run", "--log-format", "xml"), "timetable-sync: invalid value for '--log-format': 'xml' is not one of 'text', 'json'\n"),
        (("run", "--unknown"), "timetable-sync: no such option: --unknown"),
        (("run", "surplus"), "timetable-sync: got unexpected extra argument(s) (surplus)\n  See: timetable-sync run --help\n"),
        (("state", "upgrad"), "timetable-sync: no such command 'upgrad'. Did you mean 'upgrade'?\n  See: timetable-sync state --help\n"),
    ],
)
def test_a_mistyped_command_line_is_one_line_and_where_to_look(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*words) == 2
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert "Usage:" not in err
    assert "Traceback" not in err


def commands() -> list[tuple[str, ...]]:
    """Every command there is, as the words that one types."""
    tree = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []

    def walk(command: object, words: tuple[str, ...]) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append(words)
        else:
            for name, one in inner.items():
                walk(one, (*words, name))

    walk(tree, ())
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(*words, "--help") == 0
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    # "timetable preset" is another name for "preset", and shows the shorter one.
    shown = words[1:] if words[:2] == ("timetable", "preset") else words
    assert f"Example: timetable-sync {' '.join(shown)}" in said


def test_an_error_of_any_command_is_turned_into_advice(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.delenv("TIMETABLE_SYNC_CONFIG", raising=False)
    assert typed("state", "info", "--config", "nowhere.toml") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"timetable-sync: --config: .*nowhere\.toml.*\n  .*timetable-sync config example.*\n", said.err)
