"""Read the whole timetable: rows, then lessons, then each calendar's events. Incomplete reading is an error, never a shorter list."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from timetable_sync.errors import Stopped
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.key import OWN
from timetable_sync.model.unsettled import Unsettled
from timetable_sync.model.window import Window
from timetable_sync.settings.schema import Settings
from timetable_sync.timetable.addresses import Addresses
from timetable_sync.timetable.bad_rows import BadRow, BadRows
from timetable_sync.timetable.columns import Columns, MeetingRow, RowRefused
from timetable_sync.timetable.lessons import Contradiction, Lesson, merge
from timetable_sync.timetable.looks import Looks
from timetable_sync.timetable.names import ALWAYS_THERE
from timetable_sync.timetable.source import Rows, open_rows
from timetable_sync.timetable.spool import Spool
from timetable_sync.timetable.templates import TemplateFailed, Templates
from timetable_sync.timetable.times import Clock

_STEP = 1_000


class Reading:
    """A complete reading. ``rows`` and ``lessons`` are those of the whole timetable, ``events_in_window`` those to be kept right.

    Its methods may be called from several threads.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.rows = 0
        self.lessons = 0
        self.events_in_window = 0
        self.bad_rows = BadRows()
        self.notes: tuple[str, ...] = ()

    @property
    def unsettled(self) -> tuple[Unsettled, ...]:
        """What the rows that were set aside leave open."""
        return self.bad_rows.unsettled

    def calendars(self) -> list[Calendar]:
        """Every calendar that the timetable names, at any time, by address."""
        return [Calendar(address, name) for address, name in self._spool.calendars()]

    def events(self, calendar: Calendar) -> list[Event]:
        """The calendar's events in the window, sorted by start and key; keys are unique."""
        return self._spool.events(calendar.address)


@contextmanager
def read_timetable(
    settings: Settings,
    window: Window,
    *,
    base: Path | None = None,
    spool: Path | None = None,
    environ: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Reading]:
    """Read the timetable of ``settings`` for ``window``; what it gives can be used until it is closed.

    ``base`` is the folder that a query file is relative to, ``spool`` one for the temporary file. ``progress`` is told how many
    rows more were read. Raises UsageError for templates that cannot be used, TimetableUnusable when the timetable cannot be read
    completely, Stopped when ``stop`` is set.
    """
    templates = Templates([*settings.timetable.columns, *ALWAYS_THERE])
    looks, addresses = Looks(settings.event, templates), Addresses(settings.calendars, templates)
    with closing(Spool(spool)) as store:
        reading = Reading(store)
        work = _Work(settings, window, reading, store, looks, addresses)
        with open_rows(settings.timetable, base, environ) as rows:
            work.take(rows, progress or (lambda _: None), stop or threading.Event())
        work.make_events(stop or threading.Event())
        yield reading


class _Work:
    def __init__(self, settings: Settings, window: Window, reading: Reading, store: Spool, looks: Looks, addresses: Addresses) -> None:
        self._settings = settings
        self._window = window
        self._reading = reading
        self._store = store
        self._looks = looks
        self._addresses = addresses
        self._clock = Clock(settings.timetable.time_zone)
        self._own = "key" in settings.timetable.columns
        cancelled = settings.timetable.columns.get("cancelled")
        self._mark = cancelled is not None and cancelled.action == "mark"
        self._names: dict[str, str] = {}
        self._cut = 0

    def take(self, rows: Rows, progress: Callable[[int], None], stop: threading.Event) -> None:
        """Rows into the spool; bad ones are set aside."""
        columns = Columns(self._settings.timetable, rows.names, self._clock)
        self._texts, self._sets = columns.texts, columns.sets

        def good() -> Iterator[tuple[int, MeetingRow]]:
            for number, row in enumerate(rows, 1):
                self._reading.rows = number
                if number % _STEP == 0:
                    _go_on(stop)
                    progress(_STEP)
                try:
                    yield number, columns.read(row)
                except RowRefused as refused:
                    self._set_aside(number, refused)

        self._store.add_meetings(good())
        progress(self._reading.rows % _STEP)

    def make_events(self, stop: threading.Event) -> None:
        """Lessons out of rows, events out of lessons."""
        differing: Counter[str] = Counter()
        source = self._settings.timetable.source
        found = merge(self._store.meetings(), source, self._clock, own_ids=self._own, differing=differing)

        def events() -> Iterator[tuple[str, Event]]:
            for number, lesson in enumerate(found, 1):
                if number % _STEP == 0:
                    _go_on(stop)
                if isinstance(lesson, Contradiction):
                    self._contradiction(lesson)
                elif not lesson.cancelled or self._mark:
                    self._reading.lessons += 1
                    yield from self._events(lesson)
                else:
                    self._note_calendars(lesson)

        # Read from one file and written to the same: the events wait in a list, a batch at a time.
        batch: list[tuple[str, Event]] = []
        for event in events():
            batch.append(event)
            if len(batch) >= 5 * _STEP:
                self._store.add_events(batch)
                batch.clear()
        self._store.add_events(batch)
        self._store.add_calendars(self._names.items())
        self._store.settle()
        self._reading.notes = tuple(
            f"in {count} lessons the rows differ in {name}; the first by the alphabet was taken"
            for name, count in sorted(differing.items())
        )

    def _events(self, lesson: Lesson) -> Iterator[tuple[str, Event]]:
        columns = self._variables(lesson)
        inside = self._window.holds(lesson.start)
        done: set[str] = set()
        for name in lesson.calendars:
            try:
                address = self._addresses.address(name, columns)
                self._named(address, name)
                if not inside or address in done:
                    continue
                done.add(address)
                fields = self._looks.fields({**columns, "calendar": name}, cancelled=lesson.cancelled)
            except TemplateFailed as error:
                self._lesson_refused(lesson, str(error))
                continue
            self._reading.events_in_window += 1
            yield (
                address,
                Event(
                    lesson.key.text(),
                    lesson.start,
                    lesson.end,
                    self._settings.timetable.time_zone,
                    fields.subject,
                    fields.location,
                    fields.body,
                    fields.body_kind,
                    fields.categories,
                    fields.busy,
                    fields.reminder,
                    fields.sensitivity,
                ),
            )

    def _variables(self, lesson: Lesson) -> dict[str, Any]:
        """What templates see: every configured name, empty where the lesson has nothing."""
        variables: dict[str, Any] = {name: lesson.texts.get(name, "") for name in self._texts}
        variables.update((name, list(lesson.sets.get(name, ()))) for name in self._sets)
        start, end = self._clock.local(lesson.start), self._clock.local(lesson.end)
        variables.update(
            start=start,
            end=end,
            duration=end - start,
            cancelled=lesson.cancelled,
            period=lesson.key.period,
            activity=lesson.key.activity,
            key=lesson.key.activity,
            calendar="",
        )
        return variables

    def _note_calendars(self, lesson: Lesson) -> None:
        """A cancelled lesson has no event, but its calendars belong to the timetable all the same."""
        columns = self._variables(lesson)
        for name in lesson.calendars:
            try:
                self._named(self._addresses.address(name, columns), name)
            except TemplateFailed as error:
                self._lesson_refused(lesson, str(error))

    def _named(self, address: str, name: str) -> None:
        known = self._names.get(address)
        if known is None or name < known:
            self._names[address] = name

    def _set_aside(self, number: int, refused: RowRefused) -> None:
        reach = [refused.unsettled]
        if refused.unsettled.activity is None and refused.calendars:
            reach = [replace(refused.unsettled, calendar=address) for address in self._reached(refused.calendars)] or reach
        bad = BadRow(number, refused.column, refused.reason, refused.about)
        self._reading.bad_rows.add(bad, refused.kind, reach)

    def _reached(self, names: tuple[str, ...]) -> list[str]:
        """The addresses of a bad row's calendars, where they can be told from the names alone; else none, and so any."""
        try:
            return [self._addresses.address(name, {}) for name in names]
        except TemplateFailed:
            return []

    def _contradiction(self, found: Contradiction) -> None:
        column = self._settings.timetable.columns["start"].column
        bad = BadRow(found.row, column, "rows of one key have different times", found.activity)
        self._reading.bad_rows.add(bad, bad.reason, [Unsettled(None, found.period, found.activity, OWN)])

    def _lesson_refused(self, lesson: Lesson, reason: str) -> None:
        bad = BadRow(lesson.row, "", reason, f"{lesson.key.activity} {lesson.texts.get('title', '')}"[:120])
        reach = Unsettled(None, lesson.key.period, lesson.key.activity, lesson.key.week)
        self._reading.bad_rows.add(bad, "a template failed", [reach])


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped("it was asked to stop while reading the timetable; nothing was written")
