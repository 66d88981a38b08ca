"""Configurations for tests of this room: as short as can be, and made by the settings' own schema."""

from typing import Any

from timetable_sync.config.schema import Settings

COLUMNS: dict[str, Any] = {
    "activity": "activity",
    "calendar": "module",
    "start": "starts",
    "end": "ends",
    "title": "title",
    "type": "type",
    "rooms": {"column": "room", "many": True},
}


def configuration(
    url: str = "sqlite:///nowhere.db",
    query: str = "SELECT * FROM meeting",
    *,
    columns: dict[str, Any] | None = None,
    address: str = "{{ calendar | slug }}@groups.example.ac.uk",
    event: dict[str, Any] | None = None,
    **timetable: Any,
) -> Settings:
    """``timetable`` are further keys of [timetable]."""
    return Settings.model_validate(
        {
            "timetable": {
                "url": url,
                "query": query,
                "time_zone": "Europe/London",
                "period": "2026/27",
                "columns": COLUMNS if columns is None else columns,
                **timetable,
            },
            "calendars": {"address": address, "allow": ["*@groups.example.ac.uk"]},
            "event": {} if event is None else event,
            "entra": {"tenant": "example.ac.uk", "client": "11111111-1111-1111-1111-111111111111", "certificate": {"file": "c.pem"}},
        }
    )
