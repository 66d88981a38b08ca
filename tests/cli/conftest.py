"""Fixtures of the command line's tests."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

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


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """What the command line does to the process's log is undone."""
    root = logging.getLogger()
    handlers, level, raising = [*root.handlers], root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("timetable_sync").setLevel(logging.NOTSET)
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
