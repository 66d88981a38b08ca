"""The log is configured, as by the command line."""

from tests.configured_log import configured_log

__all__ = ["configured_log"]
