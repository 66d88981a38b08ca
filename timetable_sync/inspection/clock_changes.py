"""When the clocks change within a window, and which events that touches. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from timetable_sync.model.event import Event
from timetable_sync.model.window import Window


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The clocks go forward (``shift`` is positive) or back at ``at`` (UTC); ``day`` is the day in the zone."""

    day: date
    at: datetime
    shift: timedelta

    @property
    def sentence(self) -> str:
        """What happens to the clocks."""
        minutes = int(abs(self.shift).total_seconds() // 60)
        length = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
        return f"the clocks go {'forward' if self.shift > timedelta(0) else 'back'} by {length}"

    def touches(self, event: Event) -> bool:
        """Whether a time of the event may be one that does not exist, or exists twice, or the event lasts through the change.

        Read by our rule, a time in the hour that is left out comes to lie in the hour after the change.
        """
        length = abs(self.shift)
        first = self.at if self.shift > timedelta(0) else self.at - length
        return any(first <= moment < self.at + length for moment in (event.start, event.end)) or event.start < self.at < event.end


def clock_changes(window: Window, time_zone: str) -> Iterator[ClockChange]:
    """Those within the window's days, in order. ``time_zone`` is an IANA name."""
    zone = ZoneInfo(time_zone)
    day = window.start.astimezone(zone).date()
    last = window.end.astimezone(zone).date()
    while day <= last:
        here, there = (_offset(datetime.combine(each, datetime.min.time(), zone)) for each in (day, day + timedelta(days=1)))
        if here != there:
            yield ClockChange(day, _moment_of_change(day, zone), there - here)
        day += timedelta(days=1)


def _moment_of_change(day: date, zone: ZoneInfo) -> datetime:
    """To the second, by halving the day."""
    start = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    before, after = start, datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    offset = _offset(before.astimezone(zone))
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(middle.astimezone(zone)) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)
