"""The timetable as the night would see it: its calendars with what would be done, its days, events, clock changes and totals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from heapq import merge
from zoneinfo import ZoneInfo

from timetable_sync.config.schema import Settings
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.window import Window
from timetable_sync.planning.selection import matches, select
from timetable_sync.preview.request import PreviewRequest
from timetable_sync.timetable.reader import Reading


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


class Written(StrEnum):
    """Whether a night writes a calendar, and else why not."""

    YES = "yes"
    REPORT_ONLY = "report only"
    NO_PILOT = "not in the pilot"
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """One calendar in a table: ``first`` and ``last`` are the starts of its first and last event in the window, None without any."""

    calendar: Calendar
    written: Written
    events: int
    first: datetime | None
    last: datetime | None


@dataclass(slots=True)
class DayLine:
    """One day (of the timetable's zone) in a table. An event counts in each calendar that it stands in, on the day that it starts."""

    day: date
    events: int = 0
    calendars: int = 0
    begins: datetime | None = None
    ends: datetime | None = None
    #: Of what ``calendars`` counts, the one that was counted last.
    _counted: str = field(default="", repr=False)

    def take(self, event: Event, calendar: Calendar) -> None:
        """One more event. Calendars come one after another."""
        self.events += 1
        if calendar.address != self._counted:
            self._counted = calendar.address
            self.calendars += 1
        self.begins = event.start if self.begins is None else min(self.begins, event.start)
        self.ends = event.end if self.ends is None else max(self.ends, event.end)


class TimetableView:
    """A reading, as far as it was asked for. Holds one calendar's events at a time."""

    def __init__(self, settings: Settings, asked: PreviewRequest, window: Window, reading: Reading) -> None:
        self.source = settings.timetable.source
        self.time_zone = settings.timetable.time_zone
        self.window, self.reading, self.asked = window, reading, asked
        named = reading.calendars()
        chosen = select(named, (), settings.calendars)
        visited = {calendar.address for calendar in chosen.visited}
        refused = {calendar.address for calendar in chosen.refused}

        def written(calendar: Calendar) -> Written:
            if calendar.address in chosen.report_only:
                return Written.REPORT_ONLY
            if calendar.address in visited:
                return Written.YES
            return Written.NOT_ALLOWED if calendar.address in refused else Written.NO_PILOT

        self.calendars = [(one, written(one)) for one in named if not asked.calendars or matches(one, asked.calendars)]

    @property
    def zone(self) -> tzinfo:
        """The timetable's."""
        return ZoneInfo(self.time_zone)

    def calendar_lines(self) -> Iterator[CalendarLine]:
        """Every calendar, by address, also those without events in the window."""
        for calendar, written in self.calendars:
            events = self.reading.events(calendar)
            yield CalendarLine(
                calendar, written, len(events), events[0].start if events else None, max((event.start for event in events), default=None)
            )

    def day_lines(self) -> list[DayLine]:
        """Every day on which something starts."""
        days: dict[date, DayLine] = {}
        for calendar, event in self.events():
            day = event.start.astimezone(self.zone).date()
            days.setdefault(day, DayLine(day)).take(event, calendar)
        return [days[day] for day in sorted(days)]

    def events(self) -> Iterator[tuple[Calendar, Event]]:
        """Every event, calendar by calendar."""
        for calendar, _ in self.calendars:
            for event in self.reading.events(calendar):
                yield calendar, event

    def events_by_time(self) -> Iterator[tuple[Calendar, Event]]:
        """Every event by its start, whatever its calendar. For a few days: the events of all calendars are held meanwhile."""
        lists = ([(event.start, calendar, event.key, event) for event in self.reading.events(calendar)] for calendar, _ in self.calendars)
        for _, calendar, _, event in merge(*lists, key=lambda item: item[:3]):
            yield calendar, event
