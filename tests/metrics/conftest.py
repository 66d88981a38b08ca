"""What the command line does to the process's log is undone after each test."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from timetable_sync import logs


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("timetable_sync")
    handlers, levels, raising = [*root.handlers], (root.level, ours.level), logging.raiseExceptions
    logs.configure()
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
