"""Finds what is wrong with the timetable's data, as the night would see it: in one reading, compared with the last run's ledger.

Lessons are judged one by one while they are made, events by what else their calendar holds at the same time, and keys by those of the last
run: a source that gives new ids to the same content every night has all its events deleted and created again. One real feed changed all
its ids on 269 nights, of which 15 had a real change.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings
from timetable_sync.config.units import show_duration
from timetable_sync.errors import TimetableSyncError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.window import Window
from timetable_sync.preview.data_issues import DataIssue, IssueKind
from timetable_sync.preview.request import PreviewRequest, activity_of, short
from timetable_sync.preview.timetable_view import TimetableView, Written, clock_changes
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.mapping_id import mapping_id
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import Reading, read_timetable
from timetable_sync.timetable.times import moment_of


def changed_keys(known: Mapping[str, LedgerEntry], events: Sequence[Event], mapping: str) -> Iterator[tuple[str, Event]]:
    """Old key and event, for one calendar. ``known`` are the ledger's entries in the window, ``events`` the timetable's.

    What was written under another mapping than ``mapping`` is recognised by its times, else by all of its content. Each old key is
    given once.
    """
    here = {event.key for event in events}
    gone = [entry for key, entry in known.items() if key not in here]
    if not gone:
        return
    by_content: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        if event.key not in known:
            by_content[event.fingerprint()].append(event)
            by_content[(event.start, event.end)].append(event)
    taken: Counter[str] = Counter()
    for entry in sorted(gone, key=lambda entry: (entry.start, entry.key)):
        content: object = entry.fingerprint if entry.mapping == mapping else (entry.start, entry.end)
        for event in by_content.get(content, ()):
            if not taken[event.key]:
                taken[event.key] += 1
                yield entry.key, event
                break


def overlaps(events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """Each event that begins while another goes on, behind the one of those that ends last; ``events`` sorted by start.

    One that begins when another ends is no overlap. Not every pair: a calendar of a thousand things at once would have half a million.
    """
    latest: Event | None = None
    for event in events:
        if latest is not None and event.start < latest.end:
            yield latest, event
        if latest is None or event.end > latest.end:
            latest = event


_CALENDARS_SHOWN = 3


class LessonsJudged(ReadObserver):
    """Lessons in the window that are not cancelled. ``short``: what lasts less is very short; ``long``: what lasts as long is very long."""

    def __init__(self, settings: Settings, short: timedelta, long: timedelta, most: int) -> None:
        self._short, self._long = short.total_seconds(), long.total_seconds()
        self._clock = TimeFormat(settings.timetable.time_zone)
        names = [field.name for field in fields_of(settings.timetable)]
        self._title = names.index("title")
        self._rooms = names.index("rooms") if "rooms" in names else None
        self.nowhere = DataIssue(IssueKind.NOWHERE, most)
        if settings.calendars.lessons_without == "set_aside":
            self.nowhere.remark = "set aside, if there are any: calendars.lessons_without"
        self.no_room = DataIssue(IssueKind.NO_ROOM, most)
        self.too_short = DataIssue(IssueKind.TOO_SHORT, most, remark=f"less than {show_duration(short)}")
        self.too_long = DataIssue(IssueKind.TOO_LONG, most, remark=f"{show_duration(long)} or more")
        # What child queries give is among the fields as well.
        if self._rooms is None:
            self.no_room.remark = "not looked for: [timetable.columns] names no rooms"

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        """As the witness's."""
        if not inside or lesson.cancelled:
            return
        if not lesson.calendars:
            self._note(self.nowhere, lesson)
        if self._rooms is not None and not lesson.values[self._rooms]:
            self._note(self.no_room, lesson)
        length = lesson.end - lesson.start
        if length < self._short:
            self._note(self.too_short, lesson)
        if length >= self._long:
            self._note(self.too_long, lesson)

    def _note(self, finding: DataIssue, lesson: Lesson) -> None:
        if not finding.wants(lesson.activity):
            finding.count += 1
            return
        start, end = moment_of(lesson.start), moment_of(lesson.end)
        title = lesson.values[self._title]
        calendars = list(lesson.calendars[:_CALENDARS_SHOWN])
        if len(lesson.calendars) > _CALENDARS_SHOWN:
            calendars.append(f"{len(lesson.calendars) - _CALENDARS_SHOWN} more")
        finding.add(
            "  ".join(part for part in (self._clock.span(start, end), ", ".join(calendars), str(title), f"({lesson.activity})") if part),
            {
                "start": self._clock.iso(start),
                "end": self._clock.iso(end),
                "activity": lesson.activity,
                "title": title,
                "calendars": list(lesson.calendars),
            },
            of=lesson.activity,
        )


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
    findings: tuple[DataIssue, ...]
    notes: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether rows were set aside, or calendars may not be written. That some have no mailbox counts where their rows are set aside."""
        return any((finding.kind is IssueKind.BAD_ROWS and finding.count) or finding.by_reason[NOT_ALLOWED] for finding in self.findings)


def check_timetable(
    loaded: Loaded,
    asked: PreviewRequest,
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
        outlook = TimetableView(settings, asked, window, reading)
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


def _bad_rows(reading: Reading, most: int) -> DataIssue:
    bad = reading.bad_rows
    finding = DataIssue(IssueKind.BAD_ROWS, most, bad.count, bad.by_reason.copy())
    for row in bad.examples[:most]:
        about = f"  {row.about}" if row.about else ""
        finding.add(
            f"row {row.row}, {row.column}: {row.reason}{about}",
            {"row": row.row, "column": row.column, "reason": row.reason, "about": row.about},
        )
    finding.count = bad.count
    return finding


def _unmapped(outlook: TimetableView, most: int) -> DataIssue:
    finding = DataIssue(IssueKind.UNMAPPED, most)
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

    def __init__(self, loaded: Loaded, outlook: TimetableView, limits: Limits, environ: Mapping[str, str] | None) -> None:
        self._loaded, self._outlook, self._environ = loaded, outlook, environ
        self._clock = TimeFormat(outlook.time_zone)
        self._mapping = mapping_id(loaded.settings)
        self._changes = {change.day: change for change in clock_changes(outlook.window, outlook.time_zone)}
        self.overlaps = DataIssue(IssueKind.OVERLAPS, limits.examples)
        self.changed = DataIssue(IssueKind.CHANGED_KEYS, limits.examples)
        self.clocks = DataIssue(IssueKind.CLOCK_CHANGE, limits.examples)
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
