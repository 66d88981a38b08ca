"""Which part of the timetable a preview is asked for: calendars by pattern, days, events by key, and a moment to count from.

Keys are as people read and type them: without source and period, as long as that is clear.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from timetable_sync.config.schema import Settings
from timetable_sync.errors import UsageError
from timetable_sync.model.key import EventKey
from timetable_sync.model.window import Window
from timetable_sync.planning.horizon import window_of


def short(key: str) -> str:
    """The part of a key that tells events of one source and period apart: ``A-1/2026-W48/1``."""
    parts = key.split("/")
    return "/".join(parts[2:]) if len(parts) == 5 else key


def activity_of(key: str) -> str:
    """The part of a key that is the activity."""
    parts = key.split("/")
    return parts[2] if len(parts) == 5 else key


def activities_meant(given: str) -> frozenset[str]:
    """The activities that what somebody typed can mean: a whole key, one without source and period, or an activity itself."""
    parts = given.split("/")
    found = {given, unquote(given)}
    whole = EventKey.parse(given)
    if whole is not None:
        found.add(whole.activity)
    if len(parts) >= 3:
        # Activities hold slashes as well; in a key these are escaped, but people type what they see in their own system.
        found |= {"/".join(parts[:-2]), unquote("/".join(parts[:-2]))}
    return frozenset(found)


def is_meant(given: str, key: str) -> bool:
    """Whether ``given`` names the event of this ``key``: by the key, by its :func:`short` form, or by its activity."""
    if given in (key, short(key)):
        return True
    parsed = EventKey.parse(key)
    return parsed is not None and given in (parsed.activity, f"{parsed.activity}/{parsed.week}/{parsed.nth}")


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """``now`` (aware) is the moment that the night's window is counted from.

    ``calendars`` are patterns of names or addresses, none means all. ``first`` and ``last`` are days in the timetable's zone, both
    included, in the place of the window's edge.
    """

    now: datetime
    calendars: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None

    def window(self, settings: Settings) -> Window:
        """The night's own window, or the days that are asked for. Raises UsageError for days beyond any calendar, or in the wrong order."""
        night = window_of(self.now, settings.window, settings.timetable.time_zone)
        zone = ZoneInfo(settings.timetable.time_zone)
        try:
            start = night.start if self.first is None else _midnight(self.first, zone)
            end = night.end if self.last is None else _midnight(self.last + timedelta(days=1), zone)
        except OverflowError:
            raise UsageError("these days are beyond any calendar", "Name days as in 2026-11-24.") from None
        if start >= end:
            begins, ends = start.astimezone(zone), end.astimezone(zone)
            raise UsageError(
                f"the days that are asked for end before they begin: from {begins:%Y-%m-%d %H:%M} up to {ends:%Y-%m-%d %H:%M}",
                "Give --from as well as --to; without them, the night's own window counts.",
            )
        return Window(start, end)


def day_named(option: str, given: str | None) -> date | None:
    """The day that ``given`` (2026-11-24) names; None for none. Raises UsageError, naming the ``option``."""
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UsageError(f'{option}: "{given}" is not a day', "Write it as in 2026-11-24.") from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
