"""The moment that an option such as ``--now`` names."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from timetable_sync.errors import UsageError


def moment_of(given: str | None, zone: str, *, option: str = "--now") -> datetime:
    """The moment that ``given`` (ISO 8601) names, in UTC; without an offset it is local time in ``zone``. None is now."""
    if given is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f'{option}: "{given}" is not a time', "Write it as in 2026-11-24T02:00 or 2026-11-24T02:00+01:00.") from None
