"""The registry opens what the configuration names."""

from datetime import timedelta

import pytest

from timetable_sync.calendars.registry import open_backend
from timetable_sync.config.schema import Settings
from timetable_sync.errors import UsageError


class NoToken:
    """Nothing is sent when a backend is opened, so no token is asked for."""

    def token(self) -> str:
        raise AssertionError

    def invalidate(self, refused: str) -> None:
        raise AssertionError(refused)


def settings(zone: str = "Europe/London") -> Settings:
    """The shortest configuration."""
    columns = {name: name for name in ("calendar", "start", "end", "title", "activity")}
    return Settings.model_validate(
        {
            "timetable": {"url": "sqlite://", "time_zone": zone, "query": "SELECT 1", "columns": columns},
            "calendars": {"address": "{{ calendar }}@example.ac.uk", "allow": ["*@example.ac.uk"]},
            "entra": {"tenant": "t", "client": "c", "certificate": {"env": "CERTIFICATE"}},
            "ews": {"batch": 17, "timeout": "30 seconds"},
        }
    )


def test_a_backend_is_opened_by_its_name_and_nothing_is_sent() -> None:
    backend = open_backend(settings(), NoToken())
    assert backend.batch == 17
    assert dict(backend.requests) == {}
    backend.close()


def test_a_zone_that_exchange_has_no_name_for_is_said_at_once() -> None:
    given = settings()
    odd = given.model_copy(update={"timetable": given.timetable.model_copy(update={"time_zone": "localtime"})})
    with pytest.raises(UsageError, match="localtime"):
        open_backend(odd, NoToken())
    assert given.ews.timeout == timedelta(seconds=30)
