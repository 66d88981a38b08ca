"""What is wrong with the timetable's data, seen as the night would see it: one reading, compared with the last run's ledger."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from timetable_sync.errors import TimetableSyncError
from timetable_sync.inspection.asked import Asked
from timetable_sync.inspection.changed_keys import changed_keys
from timetable_sync.inspection.clock_changes import clock_changes
from timetable_sync.inspection.findings import Finding, Kind
from timetable_sync.inspection.keys import activity_of, short
from timetable_sync.inspection.lessons_judged import LessonsJudged
from timetable_sync.inspection.outlook import Outlook, Written
from timetable_sync.inspection.overlaps import overlaps
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.window import Window
from timetable_sync.reporting.times import Clock
from timetable_sync.reporting.wording import counted
from timetable_sync.settings.load import Loaded
from timetable_sync.state.database import State, open_state
from timetable_sync.timetable.mapping import mapping_id
from timetable_sync.timetable.reading import Reading, read_timetable

#: Why a calendar is not written that has an address.
NOT_ALLOWED = "fit no pattern of calendars.allow"


@dataclass(frozen=True, slots=True)
class Limits:
    """What lasts less than ``short`` is very short, what lasts ``long`` or more very long. ``examples`` are kept of each kind."""

    short: timedelta = timedelta(minutes=10)
    long: timedelta = timedelta(hours=8)
    examples: int = 5


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of each kind, also of those that found nothing. ``wrong`` says that a night would not end with exit code 0."""

    source: str
    time_zone: str
    window: Window
    rows: int
    lessons: int
    events: int
    calendars: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether rows were set aside, or calendars may not be written. That some have no mailbox counts where their rows are set aside."""
        return any((finding.kind is Kind.BAD_ROWS and finding.count) or finding.by_reason[NOT_ALLOWED] for finding in self.findings)


def check_timetable(
    loaded: Loaded,
    asked: Asked,
    limits: Limits,
    *,
    environ: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
    spool: Path | None = None,
) -> Checked:
    """Read, and judge. Raises UsageError and TimetableUnusable as a night would; a state database that cannot be read is a remark."""
    settings = loaded.settings
    window = asked.window(settings)
    judged = LessonsJudged(settings, limits.short, limits.long, limits.examples)
    with read_timetable(
        settings, window, base=loaded.base, spool=spool, environ=environ, progress=progress, stop=stop, witness=judged
    ) as reading:
        outlook = Outlook(settings, asked, window, reading)
        by_calendar = _ByCalendar(loaded, outlook, limits, environ)
        by_calendar.look()
        findings = (
            _bad_rows(reading, limits.examples),
            _unmapped(outlook, limits.examples),
            by_calendar.overlaps,
            by_calendar.changed,
            judged.nowhere,
            judged.no_room,
            judged.too_short,
            judged.too_long,
            by_calendar.clocks,
        )
        return Checked(
            outlook.source,
            outlook.time_zone,
            window,
            reading.rows,
            reading.lessons,
            reading.events_in_window,
            len(outlook.calendars),
            findings,
            reading.notes,
        )


def _bad_rows(reading: Reading, most: int) -> Finding:
    bad = reading.bad_rows
    finding = Finding(Kind.BAD_ROWS, most, bad.count, bad.by_reason.copy())
    for row in bad.examples[:most]:
        about = f"  {row.about}" if row.about else ""
        finding.add(
            f"row {row.row}, {row.column}: {row.reason}{about}",
            {"row": row.row, "column": row.column, "reason": row.reason, "about": row.about},
        )
    finding.count = bad.count
    return finding


def _unmapped(outlook: Outlook, most: int) -> Finding:
    finding = Finding(Kind.UNMAPPED, most)
    for calendar, written in outlook.calendars:
        if written is Written.NOT_ALLOWED:
            finding.add(
                f"{calendar.name}: {calendar.address} fits no pattern of calendars.allow",
                {"calendar": calendar.name, "address": calendar.address, "reason": written.value},
                NOT_ALLOWED,
            )
    for name, lessons in sorted(outlook.reading.without_mailbox.items()):
        finding.add(
            f"{name}: no mailbox, for {counted(lessons, 'lesson')}",
            {"calendar": name, "address": None, "reason": "no mailbox", "lessons": lessons},
            "have no mailbox",
        )
    return finding


class _ByCalendar:
    """What needs all events of a calendar; one calendar is held at a time."""

    def __init__(self, loaded: Loaded, outlook: Outlook, limits: Limits, environ: Mapping[str, str] | None) -> None:
        self._loaded, self._outlook, self._environ = loaded, outlook, environ
        self._clock = Clock(outlook.time_zone)
        self._mapping = mapping_id(loaded.settings)
        self._changes = {change.day: change for change in clock_changes(outlook.window, outlook.time_zone)}
        self.overlaps = Finding(Kind.OVERLAPS, limits.examples)
        self.changed = Finding(Kind.CHANGED_KEYS, limits.examples)
        self.clocks = Finding(Kind.CLOCK_CHANGE, limits.examples)
        self.clocks.remark = "; ".join(f"{self._clock.dated(change.at)}: {change.sentence}" for change in self._changes.values())

    def look(self) -> None:
        """At every calendar."""
        with self._last_run() as state:
            remembered = state.ledger_count(self._outlook.source, self._outlook.window)
            if not remembered and not self.changed.remark:
                self.changed.remark = f"nothing to compare with: {state.where} knows of no event in these days"
            for calendar, _ in self._outlook.calendars:
                events = self._outlook.reading.events(calendar)
                self._look_at_times(calendar, events)
                if remembered:
                    self._look_at_keys(calendar, events, state)

    def _last_run(self) -> State:
        try:
            return open_state(self._loaded.settings.state, environ=self._environ, read_only=True)
        except TimetableSyncError as error:
            self.changed.remark = f"not compared with the last run: {error.message}"
            return State(None, "", read_only=True)

    def _look_at_times(self, calendar: Calendar, events: list[Event]) -> None:
        for one, other in overlaps(events):
            self.overlaps.add(
                f"{calendar.name}  {self._said(one)}  and  {self._said(other)}",
                {"calendar": calendar.name, "address": calendar.address, "events": [self._facts(one), self._facts(other)]},
                of=(calendar.address, activity_of(one.key), activity_of(other.key)),
            )
        for event in events if self._changes else ():
            day = self._clock.local(event.start).date()
            change = self._changes.get(day) or self._changes.get(self._clock.local(event.end).date())
            if change is not None:
                touched = change.touches(event)
                self.clocks.add(
                    f"{calendar.name}  {self._said(event)}" + ("  in the very hour" if touched else ""),
                    {
                        "calendar": calendar.name,
                        "address": calendar.address,
                        "day": change.day.isoformat(),
                        "touched": touched,
                        "event": self._facts(event),
                    },
                    "in the hour of the change" if touched else "at another hour of that day",
                )

    def _look_at_keys(self, calendar: Calendar, events: list[Event], state: State) -> None:
        known = state.ledger_entries(self._outlook.source, calendar, self._outlook.window)
        for old, event in changed_keys(known, events, self._mapping):
            self.changed.add(
                f"{calendar.name}  {self._said(event)}  was {short(old)}, is {short(event.key)}",
                {"calendar": calendar.name, "address": calendar.address, "before": old, "event": self._facts(event)},
                of=(calendar.address, activity_of(event.key)),
            )

    def _said(self, event: Event) -> str:
        return f"{self._clock.span(event.start, event.end)} {event.subject}"

    def _facts(self, event: Event) -> dict[str, object]:
        return {
            "key": event.key,
            "start": self._clock.iso(event.start),
            "end": self._clock.iso(event.end),
            "subject": event.subject,
        }
