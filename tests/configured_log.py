"""The log as the command line sets it, for the tests of rooms that write to it; tests/conftest.py undoes it after each test."""

import pytest

from timetable_sync import logs


@pytest.fixture(autouse=True)
def configured_log() -> None:
    """Nothing below warnings, on standard error: unconfigured, structlog prints to standard output."""
    logs.configure()
