"""The timetable as the night would see it: its calendars with what would be done with them, its days, its events, its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from heapq import merge
from zoneinfo import ZoneInfo

from timetable_sync.inspection.asked import Asked
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.window import Window
from timetable_sync.planning.selection import matches, select
from timetable_sync.settings.schema import Settings
from timetable_sync.timetable.reading import Reading


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


class Outlook:
    """A reading, as far as it was asked for. Holds one calendar's events at a time."""

    def __init__(self, settings: Settings, asked: Asked, window: Window, reading: Reading) -> None:
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
