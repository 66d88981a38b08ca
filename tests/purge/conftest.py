"""What the command line does to the process's log is undone after each test."""

from tests.chronicle.conftest import log_as_it_was

__all__ = ["log_as_it_was"]
