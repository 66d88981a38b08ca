"""Dates and times as EWS writes them, to and from seconds since 1970. Whole seconds only."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.answers import EwsError

#: Exchange's calendar begins and ends there.
_EARLIEST = int(datetime(1601, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(4500, 9, 1, tzinfo=UTC).timestamp())


@lru_cache(maxsize=65536)
def seconds(written: str, zone: ZoneInfo | None) -> int:
    """What is written, as seconds since 1970; without an offset it is a wall clock's time in ``zone`` (or UTC)."""
    written = written.strip()
    roll = "T24:" in written
    try:
        moment = datetime.fromisoformat(written.replace("T24:", "T00:") if roll else written)
    except ValueError:
        raise EwsError("ErrorCalendarOutOfRange", "The date is out of range.") from None
    if roll:
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    found = int(moment.timestamp())
    if not _EARLIEST <= found <= _LATEST:
        raise EwsError("ErrorCalendarOutOfRange", "The date is out of range.")
    return found


@lru_cache(maxsize=65536)
def written(at: int, zone: ZoneInfo | None = None) -> str:
    """In UTC with a Z; or on the wall clock of ``zone`` with its offset, where the request has a zone's context."""
    moment = datetime.fromtimestamp(at, UTC)
    if zone is None or zone.key == "UTC":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(zone).isoformat(timespec="seconds")
