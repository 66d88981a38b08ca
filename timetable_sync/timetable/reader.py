"""Read the whole timetable: rows, then lessons, then each calendar's events. Incomplete reading is an error, never a shorter list."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import structlog

from timetable_sync.config.schema import Settings
from timetable_sync.errors import Stopped
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import BodyKind, Busy, Event, Sensitivity
from timetable_sync.model.ledger_entry import BETWEEN, LINE, NOTHING, Digest, digest_of
from timetable_sync.model.plan import Unresolved
from timetable_sync.model.window import Window
from timetable_sync.timetable.calendars import Addresses
from timetable_sync.timetable.child_queries import sets_per_child
from timetable_sync.timetable.columns import JOINT, fields_of
from timetable_sync.timetable.event_fields import EventFields
from timetable_sync.timetable.pipeline import ReadObserver, Work
from timetable_sync.timetable.rejected_rows import RejectedRows
from timetable_sync.timetable.source import ConnectionLost, open_source
from timetable_sync.timetable.spool import Look, Spool
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.templates import Templates
from timetable_sync.timetable.times import LocalClock, moment_of

#: Seconds before reading is begun anew; the last one holds for all that follow.
_WAITS = (2.0, 10.0, 30.0)
_ONCE = ("the connection to the timetable failed once before it was read",)
_LOG = structlog.stdlib.get_logger(__name__)
_BUSY = {busy.value: busy for busy in Busy}
_SENSITIVITY = {sensitivity.value: sensitivity for sensitivity in Sensitivity}

#: What an event shows, in the order of its fields.
_Ready = tuple[str, str, str | None, str | None, BodyKind, tuple[str, ...] | None, Busy, int | None, Sensitivity]


class Reading:
    """A complete reading. Its methods may be called from several threads, until the reading is closed.

    ``rows`` are those that the query gave; ``lessons`` what became of them, cancelled ones that are deleted not counted;
    ``events_in_window`` the events of all calendars; ``bad_rows`` what was set aside, ``unsettled`` what that leaves open;
    ``notes`` sentences for the report; ``without_mailbox`` counts the window's lessons by the names of calendars that have none;
    ``doubtful`` has what the several mailboxes of a calendar would be, by its name; ``nowhere_in_window`` are lessons that name no
    calendar, where that is no mistake.
    """

    def __init__(self, spool: Spool, names: Mapping[str, str], zone: str, body_kind: BodyKind) -> None:
        self._spool, self._names, self._zone, self._body_kind = spool, names, zone, body_kind
        self.rows = 0
        self.lessons = 0
        self.events_in_window = 0
        self.bad_rows = RejectedRows()
        self.unsettled: tuple[Unresolved, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.without_mailbox: dict[str, int] = {}
        self.doubtful: dict[str, set[str]] = {}
        self.unaddressed = 0
        self.nowhere = 0
        self.nowhere_in_window = 0

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all: no row, or lessons of which none is in a calendar, as after a query that went wrong.

        Lessons that are set aside for want of an address stay where they are: of these alone nothing is lost.
        """
        return not self.rows or (not self._names and self.lessons > self.unaddressed)

    def calendars(self) -> list[Calendar]:
        """Every calendar that the timetable names, at any time, by address. Of several names for one, the first by the alphabet."""
        return [Calendar(address, name) for address, name in sorted(self._names.items())]

    @property
    def addresses(self) -> set[str]:
        """Every address that the timetable names, at any time, and those of which it does not say which one it means."""
        return set(self._names).union(*self.doubtful.values())

    def events(self, calendar: Calendar) -> list[Event]:
        """The calendar's events in the window, sorted by start and key; keys are unique."""
        ready: dict[Look, _Ready] = {}
        events = []
        for start, key, end, look, fingerprint in self._spool.events(calendar.address):
            shown = ready.get(look)
            if shown is None:
                shown = ready[look] = self._ready(look)
            events.append(Event(key, moment_of(start), moment_of(end), *shown).with_fingerprint(fingerprint))
        return events

    def keys(self, calendar: Calendar) -> list[str]:
        """Those of the calendar's events in the window."""
        lines = self._spool.lines(calendar.address)
        return [] if lines is None else [line.partition(BETWEEN)[0] for line in lines.split(LINE)]

    def count(self, calendar: Calendar) -> int:
        """How many events the calendar has in the window."""
        return self._spool.count(calendar.address)

    def digest(self, calendar: Calendar) -> Digest:
        """That of the keys of the calendar's events in the window, with their fingerprints."""
        lines = self._spool.lines(calendar.address)
        return NOTHING if lines is None else digest_of(lines.split(LINE))

    def _ready(self, look: Look) -> _Ready:
        subject, location, body, categories, busy, reminder, sensitivity, zone = look
        return (
            zone or self._zone,
            subject,
            location,
            body,
            self._body_kind,
            None if categories is None else tuple(categories.split(JOINT)) if categories else (),
            _BUSY[busy],
            reminder,
            _SENSITIVITY[sensitivity],
        )


def check_templates(settings: Settings) -> None:
    """Raises UsageError for a template or a rule that can be seen to be wrong without the timetable."""
    _prepared(settings)


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
    witness: ReadObserver | None = None,
) -> Iterator[Reading]:
    """Read the timetable of ``settings`` for ``window``; what it gives can be used until it is closed.

    ``base`` is the folder that a query file is relative to, ``spool`` one for the temporary file. ``progress`` is told how many
    rows more were read; ``witness`` sees rows and lessons. Raises UsageError for templates, a URL or a query file that cannot be used,
    TimetableUnusable when the timetable cannot be read completely, Stopped once ``stop`` is set.
    """
    check_templates(settings)
    stop = stop or threading.Event()
    timetable, lost = settings.timetable, 0
    with ExitStack() as opened:
        while True:
            # All of it anew: what was read before the connection was lost is of another moment.
            variables, clock, looks, addresses = _prepared(settings)
            store = opened.enter_context(closing(Spool(spool, sets_per_child(timetable))))
            work = Work(settings, window, store, variables, clock, looks, addresses, stop, witness)
            try:
                with open_source(timetable, base, environ, stop) as source:
                    work.take(source, progress or (lambda more: None))
                break
            except ConnectionLost as error:
                opened.pop_all().close()
                if lost >= timetable.retries:
                    raise
                # Not louder: if it is of no use, the error that ends the reading says the same in one line.
                _LOG.info("the timetable is read anew, from its start", attempt=lost + 2, reason=error.message)
                if stop.wait(_WAITS[min(lost, len(_WAITS) - 1)]):
                    raise Stopped("it was asked to stop while the timetable was read; nothing was written") from None
                lost += 1
                if witness is not None:
                    witness.anew()
        work.make_events()
        store.settle()
        reading = Reading(store, work.calendar_names(), timetable.time_zone, looks.body_kind)
        reading.rows, reading.lessons, reading.events_in_window = work.rows, work.lessons, work.made.count
        reading.bad_rows, reading.unsettled = work.bad_rows, work.bad_rows.unsettled
        reading.without_mailbox, reading.doubtful = dict(work.made.without_mailbox), work.made.doubtful
        reading.unaddressed = work.made.unaddressed
        reading.nowhere, reading.nowhere_in_window = work.nowhere, work.nowhere_in_window
        again = (f"the connection to the timetable failed {lost} times before it was read",) if lost > 1 else _ONCE[:lost]
        reading.notes = (*again, *work.notes())
        yield reading


def _prepared(settings: Settings) -> tuple[Variables, LocalClock, EventFields, Addresses]:
    clock = LocalClock(settings.timetable.time_zone)
    variables = Variables(fields_of(settings.timetable), zoned="zone" in settings.timetable.columns)
    templates = Templates(variables, clock)
    return variables, clock, EventFields(settings.event, templates, variables, clock), Addresses(settings.calendars.address, templates)
