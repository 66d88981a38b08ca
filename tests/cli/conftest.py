"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from tests.cli.command_line import CONFIGURATION, Night


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a configuration in it; nothing in the environment."""
    (tmp_path / "timetable-sync.toml").write_text(CONFIGURATION, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIMETABLE_SYNC_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Night:
    """The night that ``run`` calls, made up."""
    made_up = Night()
    monkeypatch.setattr("timetable_sync.cli.run.run_night", made_up)
    return made_up
