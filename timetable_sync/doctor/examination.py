"""The examination, from the inside out: each room is asked in its turn, and what one cannot tell stops only what builds on it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.progress import Progress
from timetable_sync.apply.read_calendars import ReadContext
from timetable_sync.apply.retry import Retrier, RetryPolicy, RunInterrupted
from timetable_sync.calendars.contract import Backend, TokenSource
from timetable_sync.calendars.registry import CountingBackend, open_backend
from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings
from timetable_sync.doctor.ews_end import end_of_ews
from timetable_sync.doctor.mailboxes import calendars_visited, guards_judged, told_apart, visit_all
from timetable_sync.doctor.permissions import closed_files
from timetable_sync.doctor.probe import ProbeFailed, probe
from timetable_sync.doctor.results import CheckResult, Part, failed, passed, warned
from timetable_sync.doctor.sign_in import SigningIn
from timetable_sync.doctor.state import state_opened
from timetable_sync.doctor.timetable import FirstRows, timetable_read
from timetable_sync.errors import CalendarError, ServiceError, TimetableSyncError
from timetable_sync.model.calendar import Calendar
from timetable_sync.planning.compare import Rules
from timetable_sync.planning.guards import Extent
from timetable_sync.planning.horizon import window_of
from timetable_sync.planning.protection import Reach
from timetable_sync.planning.selection import Selection, select
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.mapping_id import mapping_id
from timetable_sync.timetable.reader import Reading, read_timetable

Connect = Callable[[Settings, TokenSource | None], CountingBackend]

#: A service that is down is waited for, but nobody wants to sit before it for a night.
PACE = RetryPolicy(first=0.5, longest=10.0, attempts=4, silence=30.0, busy=60.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """``now`` (aware, UTC) is what the window is counted from; ``calendars`` are patterns, none means all; ``write`` allows a probe."""

    now: datetime
    calendars: tuple[str, ...] = ()
    write: bool = False


class Examination:
    """One examination of a configuration. ``connect`` and ``pace`` are for tests."""

    def __init__(
        self,
        loaded: Loaded,
        asked: Asked,
        *,
        environ: Mapping[str, str],
        progress: Progress,
        stop: threading.Event,
        connect: Connect = open_backend,
        pace: RetryPolicy = PACE,
    ) -> None:
        self._loaded, self._settings, self._asked, self._environ = loaded, loaded.settings, asked, environ
        self._progress, self._stop, self._connect, self._pace = progress, stop, connect, pace
        self._window = window_of(asked.now, self._settings.window, self._settings.timetable.time_zone)

    def findings(self) -> Iterator[CheckResult]:
        """All of them, each as soon as it is known."""
        settings, signing = self._settings, SigningIn(self._settings, self._environ)
        clock = TimeFormat(settings.timetable.time_zone)
        window = clock.days(self._window.start, self._window.end)
        yield passed(Part.CONFIGURATION, f"{self._loaded.path}, window {window}", file=str(self._loaded.path), window=window)
        files = list(closed_files(self._loaded, self._environ))
        yield from files
        for finding in signing.certificate():
            reason = finding.said.partition(": ")[2]
            if reason and any(reason in one.said for one in files):
                finding = warned(Part.CERTIFICATE, "not read, as said of its files", "Mend that first.")  # noqa: PLW2901 - said once is enough
            yield finding
        yield signing.clock()
        with ExitStack() as opened:
            first, reading, state = FirstRows(), None, None
            try:
                self._progress.phase("reading the timetable", None)
                reading = opened.enter_context(
                    read_timetable(
                        settings,
                        self._window,
                        base=self._loaded.base,
                        environ=self._environ,
                        progress=self._progress.step,
                        stop=self._stop,
                        witness=first,
                    )
                )
                yield from timetable_read(settings, reading, first)
            except TimetableSyncError as error:
                yield failed(Part.TIMETABLE, error.message, error.advice, error.exit_code)
            try:
                state = opened.enter_context(open_state(settings.state, environ=self._environ, read_only=True))
                yield from state_opened(settings, self._environ, state)
            except TimetableSyncError as error:
                yield failed(Part.STATE, error.message, error.advice, error.exit_code)
            yield from signing.token()
            yield from self._calendars(signing, reading, state)
        yield end_of_ews(settings, self._asked.now.date())

    def _calendars(self, signing: SigningIn, reading: Reading | None, state: State | None) -> Iterator[CheckResult]:
        if not signing.usable:
            yield warned(Part.CALENDARS, "not visited, as nobody is let in", "Mend what is said above first.")
            return
        if reading is None or state is None:
            what = "timetable" if reading is None else "state database"
            yield warned(Part.CALENDARS, f"not visited, as the {what} cannot be read", "Mend what is said above first.")
            return
        source, settings = self._settings.timetable.source, self._settings
        named, remembered = reading.calendars(), state.ledger_calendars(source, self._window)
        named += self._addressed(named, remembered)
        selection = select(named, remembered, settings.calendars, self._asked.calendars, reading.doubtful)
        for calendar in selection.refused[:3]:
            yield failed(
                Part.CALENDARS,
                f"{calendar.name}: {calendar.address} fits no pattern of calendars.allow"
                + (f", as {len(selection.refused) - 3} more" if len(selection.refused) > 3 and calendar is selection.refused[2] else ""),
                "Mend calendars.address, or add a pattern to calendars.allow.",
                1,
                address=calendar.address,
            )
        if not selection.visited:
            yield warned(
                Part.CALENDARS, "there is none to visit", "Compare --calendar and calendars.pilot with: timetable-sync timetable show"
            )
            return
        deadline = time.monotonic() + settings.run.deadline.total_seconds()
        patience = Retrier(self._stop, deadline, self._progress, lanes=ConcurrencyLimiter(settings.run.calendars_at_once), pace=self._pace)
        try:
            with closing(self._connect(settings, signing.tokens)) as backend:
                yield from self._visits(backend, selection, reading, state, patience)
                if self._asked.write:
                    yield from self._probes(backend, selection, patience)
        except RunInterrupted as end:
            yield failed(Part.CALENDARS, f"ended early: {end}", "Type it again.", 1)
        except TimetableSyncError as error:
            yield failed(Part.CALENDARS, error.message, error.advice, error.exit_code)

    def _addressed(self, named: list[Calendar], remembered: list[Calendar]) -> list[Calendar]:
        """Calendars that are asked for by a whole address, though no timetable names them yet."""
        known = {calendar.address for calendar in (*named, *remembered)}
        whole = [text.lower() for text in self._asked.calendars if "@" in text and not set(text) & set("*?[")]
        return [Calendar(address, address) for address in whole if address not in known]

    def _visits(self, backend: Backend, selection: Selection, reading: Reading, state: State, patience: Retrier) -> Iterator[CheckResult]:
        settings, source = self._settings, self._settings.timetable.source
        rules = Rules(source, mapping_id(settings), settings.drift.edited, settings.drift.deleted)
        reach = Reach(reading.unsettled)
        seen = {address: one.seen for address, one in state.visited(source).items()} if state.ledger_calendars(source) else {}
        sides = ReadContext(
            reading.events,
            lambda calendar: state.ledger_entries(source, calendar, self._window),
            reach,
            rules,
            seen=seen,
            explained=partial(state.recorded.explained, source),
        )
        self._progress.phase("visiting calendars", len(selection.visited))
        at_once, step = settings.run.calendars_at_once, self._progress.step
        found = visit_all(backend, selection.visited, self._window, sides, patience=patience, at_once=at_once, step=step)
        found = told_apart(found, state.visited(source), reading.addresses)
        selection = selection.without({one.address for one in selection.visited} - {one.calendar.address for one in found})
        yield from calendars_visited(found, selection.homonyms)
        extent = Extent(selection, state.ledger_counts(source, self._window), reading.count)
        yield from guards_judged(found, extent, settings.guards)

    def _probes(self, backend: Backend, selection: Selection, patience: Retrier) -> Iterator[CheckResult]:
        """In the calendars that are asked for; without any, in the first that may be written."""
        writable = [calendar for calendar in selection.visited if calendar.address not in selection.report_only]
        if not writable:
            yield warned(Part.PROBE, "there is no calendar that may be written", "Look at calendars.report_only.")
        for calendar in writable if self._asked.calendars else writable[:1]:
            name, zone = calendar.name, self._settings.timetable.time_zone
            try:
                left = probe(backend, calendar, zone, self._asked.now, patience)
            except ProbeFailed as trouble:
                error = trouble.error
                said = f"{name}: {trouble}" + (f": {error.message}" if error else "")
                yield failed(Part.PROBE, said, error.advice if error else "Look at the calendar in Outlook.", 1, calendar=calendar.address)
            except ServiceError:
                raise
            except CalendarError as error:
                yield failed(Part.PROBE, f"{name}: {error.message}", error.advice, 1, calendar=calendar.address)
            else:
                before = f"; {counted(left, 'event')} of an earlier probe removed" if left else ""
                said = f"{name}: an event created, found, changed, deleted; nothing is left but in Deleted Items{before}"
                yield passed(Part.PROBE, said, calendar=calendar.address)
