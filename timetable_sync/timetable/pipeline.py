"""The work of one reading: rows into the spool, lessons out of them, events out of lessons; what cannot be used is rejected.

A :class:`ReadObserver` is shown what is read, to tell people more than the events say, and changes nothing of it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from timetable_sync.config.schema import Settings
from timetable_sync.errors import Stopped
from timetable_sync.model.key import OWN
from timetable_sync.model.plan import Unresolved
from timetable_sync.model.window import Window
from timetable_sync.timetable.calendars import Addresses, NoMailbox, Unaddressed, mailboxes_of
from timetable_sync.timetable.child_queries import ChildIndex, ChildRows, Completed, OddRow
from timetable_sync.timetable.columns import JOINT, At, Columns, MeetingRow, RowRefused, StoredRow, fields_of, stored, stored_fields_of
from timetable_sync.timetable.dated_rows import Dated
from timetable_sync.timetable.event_fields import EventFields
from timetable_sync.timetable.events import Events
from timetable_sync.timetable.lessons import Contradiction, Lesson, fold
from timetable_sync.timetable.occurrences import Meetings, is_plain
from timetable_sync.timetable.rejected_rows import RejectedRow, RejectedRows, notes_of
from timetable_sync.timetable.source import Source
from timetable_sync.timetable.spool import NewEvent, Spool
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.templates import TemplateFailed
from timetable_sync.timetable.times import LocalClock
from timetable_sync.timetable.week_patterns import Weekly, read_weekly


class ReadObserver:
    """Sees everything once and keeps what it likes, but never all of it. This one keeps nothing."""

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        """A row of ``timetable.query`` as the driver gave it, with its columns' names, and the meetings that were made of it.

        ``number`` counts from 1. A row that was set aside has no meetings.
        """

    def refused(self, number: int, row: Sequence[Any], refused: RowRefused) -> None:
        """The row with this number, as the driver gave it, was set aside. :meth:`row` is called for it too."""

    def wants_kin(self, lesson: Lesson) -> bool:
        """Whether :meth:`kin` is to be called for this lesson, as yet without what its child queries have for it."""
        return False

    def kin(self, lesson: Lesson, child: str, key: str, weeks: str, values: Sequence[str], *, holds: bool) -> None:
        """A row of a child query that belongs to the lesson by its key, cleaned; ``holds`` says whether its weeks are the lesson's.

        ``weeks`` are their numbers, or "" for all.
        """

    def anew(self) -> None:
        """The connection was lost, and reading begins anew: what was seen until now does not count."""

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        """A lesson that takes place, or is shown as cancelled; ``inside`` says whether it starts in the window."""


_AT_ONCE = 1_000


class Work:
    """:meth:`take`, then :meth:`make_events`; then the numbers are right, and ``made`` knows of events and calendars.

    Raises Stopped once ``stop`` is set.
    """

    def __init__(
        self,
        settings: Settings,
        window: Window,
        store: Spool,
        variables: Variables,
        clock: LocalClock,
        looks: EventFields,
        addresses: Addresses,
        stop: threading.Event,
        witness: ReadObserver | None = None,
    ) -> None:
        self._witness = witness
        self._settings, self._store, self._variables, self._clock = settings, store, variables, clock
        self._stop = stop
        self._from, self._until = window.start.timestamp(), window.end.timestamp()
        columns = settings.timetable.columns
        self._mark = "cancelled" in columns and columns["cancelled"].action == "mark"
        self._own_ids = "key" in columns
        self._fields = fields_of(settings.timetable)
        self._stored = stored_fields_of(settings.timetable)
        self._may_be_nowhere = settings.calendars.lessons_without != "set_aside"
        self._weekly: Weekly | None = None
        self._kin: ChildIndex | None = None
        self._title = next(place for place, field in enumerate(self._fields) if field.name == "title")
        self._differing: Counter[str] = Counter()
        self._source_note = ""
        self.bad_rows = RejectedRows()
        self.made = Events(settings, store, variables, looks, addresses, self._lesson_refused)
        self.rows = self.lessons = self.nowhere = self.nowhere_in_window = 0

    def take(self, source: Source, progress: Callable[[int], None]) -> None:
        """Rows into the spool: what is small first, then the child queries, then the timetable's own."""
        timetable = self._settings.timetable
        self._source_note = source.note
        self.made.set_mailboxes(mailboxes_of(self._settings.calendars, source))
        self._weekly = read_weekly(timetable, source.whole)
        for number, name in enumerate(timetable.children):
            self._take_children(number, name, source, progress)
        if timetable.children:
            self._store.order_children()
            self._kin = ChildIndex(timetable, self._fields, self._store, self._clock, self._weekly)
        rows = source.query(timetable.query, "timetable.query")
        columns = (
            Dated(timetable, rows.names, self._clock, calendar_may_lack=self._may_be_nowhere)
            if is_plain(timetable)
            else Meetings(timetable, rows.names, self._clock, self._weekly, calendar_may_lack=self._may_be_nowhere)
        )
        for batch in rows.batches():
            self._go_on()
            # Who looks on sees each row by itself.
            good = None if self._witness is not None else columns.stored_batch(self.rows + 1, batch)
            self._store.add_rows(self._one_by_one(columns, rows.names, batch) if good is None else good)
            self.rows += len(batch)
            progress(len(batch))

    def _one_by_one(self, columns: Columns, names: Sequence[str], batch: Sequence[Sequence[Any]]) -> list[StoredRow]:
        good: list[StoredRow] = []
        for number, row in enumerate(batch, self.rows + 1):
            made: list[MeetingRow] = []
            try:
                made = columns.read_all(number, row)
            except RowRefused as refused:
                self._row_refused(refused)
                if self._witness is not None:
                    self._witness.refused(number, row, refused)
            good += map(stored, made)
            if self._witness is not None:
                self._witness.row(number, names, row, made)
        return good

    def _take_children(self, number: int, name: str, source: Source, progress: Callable[[int], None]) -> None:
        child = self._settings.timetable.children[name]
        rows = source.query(child.query, f"timetable.children.{name}.query")
        reader = ChildRows(name, child, rows.names, self._weekly, self._clock, calendar_may_lack=self._may_be_nowhere)
        first = 1
        for batch in rows.batches():
            self._go_on()
            kept = []
            for count, row in enumerate(batch, first):
                good, odd = reader.read(count, row)
                if good is not None:
                    kept.append(good)
                if odd is not None:
                    self._child_refused(odd, joined=good is not None)
            self._store.add_child_rows(number, kept)
            first += len(batch)
            progress(len(batch))

    def make_events(self) -> None:
        """Lessons out of the spool, events into it."""
        batch: list[NewEvent] = []
        for lesson in fold(self._store.rows(), self._stored, own_ids=self._own_ids, differing=self._differing):
            if isinstance(lesson, Contradiction):
                self._contradiction(lesson)
                continue
            if self._kin is not None:
                if self._witness is not None and self._witness.wants_kin(lesson):
                    for name, (key, weeks, *values), holds in self._kin.rows(lesson):
                        self._witness.kin(lesson, name, key, weeks, values, holds=holds)
                completed = self._kin.complete(lesson)
                # Their rows are counted already: what they would have changed stays as it is.
                if completed is Completed.UNREADABLE:
                    self.bad_rows.leave_open([Unresolved(None, lesson.period, lesson.activity, lesson.week)])
                    continue
                if completed is Completed.UNNAMED:
                    if self._inside(lesson):
                        self.bad_rows.leave_open([self.made.somewhere(lesson)])
                    if not lesson.calendars:
                        continue
            batch.extend(self._events_of(lesson))
            if len(batch) >= _AT_ONCE:
                self._go_on()
                self._store.add_events(batch)
                batch = []
        self._store.add_events(batch)

    def calendar_names(self) -> dict[str, str]:
        """One name for each address that the timetable gives."""
        return {address: min(names) for address, names in self.made.names.items()}

    def notes(self) -> tuple[str, ...]:
        """What is worth knowing."""
        return notes_of(self._differing, self.made.shortened, self.made.names, self._source_note, self.made.without_mailbox)

    def _events_of(self, lesson: Lesson) -> list[NewEvent]:
        gone = lesson.cancelled and not self._mark
        nowhere = self._may_be_nowhere and not lesson.calendars
        if not (gone or nowhere) and (lacking := self._lacking(lesson)) is not None:
            named = self._settings.timetable.columns.get(lacking)
            column = "timetable.children" if named is None else named.column
            left_open = Unresolved(None, lesson.period, lesson.activity, lesson.week)
            self._lesson_refused(lesson, left_open, column, f"without a {lacking}")
            return []
        inside = not gone and self._inside(lesson)
        if not gone:
            self.lessons += 1
            self.nowhere += nowhere
            self.nowhere_in_window += nowhere and inside
        if self._witness is not None and not gone:
            self._witness.lesson(lesson, inside=inside)
        return self.made.of(lesson, inside=inside)

    def _inside(self, lesson: Lesson) -> bool:
        return self._from <= lesson.start < self._until

    def _lacking(self, lesson: Lesson) -> str | None:
        if not lesson.calendars:
            return "calendar"
        return None if lesson.values[self._title] else "title"

    def _child_refused(self, odd: OddRow, *, joined: bool) -> None:
        """A row that is joined sets its lessons aside later; of another one, only what it says of calendars is missed."""
        left_open = [] if joined else [Unresolved(address, None, None, None) for address in self._addresses_of(odd.calendars)]
        self.bad_rows.add(RejectedRow(odd.number, odd.column, odd.reason, odd.about), odd.kind, left_open)

    def _addresses_of(self, names: Sequence[str]) -> set[str | None]:
        """The addresses of calendars, as far as their names alone tell; None for all."""
        blank = tuple(() if field.several else "" for field in self._stored)
        lesson = Lesson("", "", OWN, 0, 0, 0, 0, False, tuple(names), blank)
        found: set[str | None] = set()
        for name in names:
            try:
                found.add(self.made.address(lesson, name) if name else None)
            except (TemplateFailed, Unaddressed) as error:
                if not (isinstance(error, NoMailbox) and self.made.skips):
                    found.add(None)
        return found

    def _row_refused(self, refused: RowRefused) -> None:
        column = refused.column or self._settings.timetable.columns[refused.field].column
        bad = RejectedRow(refused.known[At.NUMBER], column, refused.reason, refused.about)
        self.bad_rows.add(bad, refused.kind, self._left_open(refused.known, refused.weeks))

    def _left_open(self, known: MeetingRow, weeks: Sequence[str | None]) -> list[Unresolved]:
        """A known activity could stand in any calendar; of an unknown one, only those that the row names are concerned."""
        period, activity, week = known[: At.START]
        anywhere = [Unresolved(None, period, activity, possible) for possible in weeks]
        if activity is not None or not known[At.CALENDARS]:
            return anywhere
        names = tuple(known[At.CALENDARS].split(JOINT))
        values = tuple(
            (tuple(text.split(JOINT)) if text else ()) if field.several else text
            for field, text in zip(self._fields, known[At.FIELDS :], strict=True)
        )
        values += tuple(() if field.several else "" for field in self._stored[len(self._fields) :])
        start = known[At.START] or 0
        lesson = Lesson(period, "", week or OWN, 0, known[At.NUMBER], start, start, False, names, values)
        try:
            addresses = {self.made.address(lesson, name) for name in names}
        except (TemplateFailed, Unaddressed):
            return anywhere
        return [Unresolved(address, period, None, possible) for address in addresses for possible in weeks]

    def _contradiction(self, found: Contradiction) -> None:
        column = self._settings.timetable.columns["start"].column
        kind = "of one key with different times"
        self.bad_rows.add(RejectedRow(found.row, column, kind, found.activity), kind, [Unresolved(None, found.period, found.activity, OWN)])

    def _lesson_refused(self, lesson: Lesson, left_open: Unresolved, column: str, kind: str, reason: str = "") -> None:
        title = lesson.values[self._title]
        about = " ".join(part for part in (lesson.activity, title) if isinstance(part, str) and part)[:120]
        bad = RejectedRow(lesson.row, column, reason or kind, about)
        self.bad_rows.add(bad, kind, [left_open])

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Stopped("it was asked to stop while the timetable was read; nothing was written")
