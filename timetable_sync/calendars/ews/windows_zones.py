"""Zones by Windows' names, which is how Exchange knows them. Pure."""

from exchangelib.winzone import IANA_TO_MS_TIMEZONE_MAP

from timetable_sync.errors import UsageError

_WINDOWS: dict[str, str] = {iana: entry[0] for iana, entry in IANA_TO_MS_TIMEZONE_MAP.items()}


def windows_zone(name: str) -> str | None:
    """Windows' name of an IANA zone, by CLDR's table; None where it has none."""
    return _WINDOWS.get(name)


def require_zone(name: str) -> None:
    """Raises UsageError for a zone that Exchange has no name for."""
    if windows_zone(name) is None:
        raise UsageError(
            f'timetable.time_zone: Exchange has no time zone for "{name}"',
            'Name the zone by its city, as in "Europe/London".',
        )
