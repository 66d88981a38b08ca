"""The story of one night, from reading to report: it calls the rooms in their order."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from timetable_sync import logs
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.executor import Applied, apply_plans
from timetable_sync.apply.one_core import on_one_core
from timetable_sync.apply.prefetch import Prefetch
from timetable_sync.apply.progress import READING_THE_TIMETABLE, Phases, Progress
from timetable_sync.apply.read_calendars import KnownState, ReadContext, read_calendars
from timetable_sync.apply.recording import RunInState, renderings
from timetable_sync.apply.resolve_folders import ResolvedRead, resolve_folders
from timetable_sync.apply.retry import Retrier, RetryPolicy, RunInterrupted
from timetable_sync.apply.unanswered import UnansweredCreates
from timetable_sync.calendars.registry import CountingBackend, open_backend
from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings
from timetable_sync.entra.sign_in import sign_in
from timetable_sync.entra.token import TokenProvider
from timetable_sync.errors import BackendError, ServiceError, TimetableSyncError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.window import Window
from timetable_sync.planning.change_detection import should_prefetch
from timetable_sync.planning.compare import Rules
from timetable_sync.planning.decide import Decision, decide, without_half_moves
from timetable_sync.planning.gone import Gone, count_nights, to_forget
from timetable_sync.planning.guards import Extent, Release, empty_timetable
from timetable_sync.planning.horizon import window_of
from timetable_sync.planning.protection import Reach
from timetable_sync.planning.selection import Selection, select
from timetable_sync.reports import run_record
from timetable_sync.reports.run_log import log_calendars
from timetable_sync.reports.run_recorder import RunRecorder
from timetable_sync.reports.summary import RunSummary, Trouble
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.mapping_id import mapping_id
from timetable_sync.timetable.reader import Reading, read_timetable

log = structlog.stdlib.get_logger(__name__)

#: So many reasons for trying again are kept for the report, the most frequent ones.
_REASONS = 10

_HUNG = Trouble("the night gave no sign of getting on, so the daemon ended it", "The daemon begins it again, three times at most.")

Connect = Callable[[Settings, TokenProvider | None], CountingBackend]


@dataclass(frozen=True, slots=True)
class NightRequest:
    """What is asked of one night.

    ``now`` (aware, UTC) is the moment that the window is counted from. ``calendars`` are patterns of names or addresses; none means
    all. ``forced`` names guards that are released. ``due`` is the start of the schedule that the night is for, if it is for one.
    """

    now: datetime
    dry_run: bool = False
    calendars: tuple[str, ...] = ()
    forced: frozenset[str] = frozenset()
    due: datetime | None = None


def run_night(
    loaded: Loaded,
    request: NightRequest,
    *,
    progress: Progress,
    stop: threading.Event,
    connect: Connect = open_backend,
    pace: RetryPolicy | None = None,
    begun: Callable[[], None] = lambda: None,
    hung: Callable[[], bool] = lambda: False,
) -> RunSummary:
    """One night. Gives a summary for everything that can go wrong by itself; its ``exit_code`` and ``failure`` say what did.

    ``stop`` ends it after the batches in flight. ``begun`` is called once nobody else can be at work, before anything is read;
    not of a dry run. ``hung`` tells that it was stopped for giving no sign of getting on: then it stands on record as one that never
    ended, and is begun again. ``connect`` and ``pace`` are for tests. Raises UsageError for a window that no calendar has.
    """
    settings, now = loaded.settings, datetime.now(UTC)
    window = window_of(request.now, settings.window, settings.timetable.time_zone)
    account = RunRecorder(RunSummary(None, settings.timetable.source, now, now, window, settings.timetable.time_zone, request.dry_run))
    deadline = time.monotonic() + settings.run.deadline.total_seconds()
    watched = Phases(progress)
    try:
        signing = sign_in(settings, doubts=True)
        account.signing_in(signing, now)
        token = signing.tokens
        with (
            on_one_core(settings.run.one_core),
            open_state(settings.state, read_only=request.dry_run) as state,
            _alone(state, settings, request) as check,
        ):
            if not request.dry_run:
                begun()
            patience = Retrier(stop, deadline, watched, lanes=ConcurrencyLimiter(settings.run.calendars_at_once), pace=pace, check=check)
            with _recorded(state, request, account, settings.history.keep, hung) as run, closing(connect(settings, token)) as backend:
                night = _Night(loaded, request, window, account, state, run, backend, patience, watched)
                try:
                    night.read_compare_write(token, stop)
                finally:
                    account.requests_made(backend.requests, token)
                    account.note(phases=watched.seconds(), retries=patience.retries, waited=patience.waited)
                    account.note(reasons=tuple(patience.reasons.most_common(_REASONS)))
    except RunInterrupted as end:
        account.cut_short(str(end))
    except TimetableSyncError as error:
        account.failed(error)
    summary = account.summary()
    log_calendars(summary)
    return summary


@contextmanager
def _alone(state: State, settings: Settings, request: NightRequest) -> Iterator[Callable[[], None]]:
    """Nobody else works on this state database meanwhile. Gives a check that raises LeaseLost. A dry run disturbs nobody."""
    if request.dry_run:
        yield lambda: None
        return
    with state.lease("run", settings.state.lease) as lease:
        yield lease.check


@contextmanager
def _recorded(state: State, request: NightRequest, account: RunRecorder, keep: timedelta, hung: Callable[[], bool]) -> Iterator[int | None]:
    """The run's own record is begun, and finished whatever happens, but for a run that hung. A dry run has none."""
    if request.dry_run:
        yield None
        return
    begun = account.summary()
    run = state.begin_run(
        RunBeginning(begun.source, begun.started, begun.window, request.calendars, tuple(sorted(request.forced)), due=request.due)
    )
    account.note(run=run)
    logs.bind(run=run)
    log.info("night begun", window_start=begun.window.start.isoformat(), window_end=begun.window.end.isoformat())
    try:
        yield run
    except RunInterrupted as end:
        account.cut_short(str(end))
    except TimetableSyncError as error:
        account.failed(error)
    except BaseException as error:
        account.unforeseen(error)
        raise
    finally:
        summary = account.summary()
        if hung() and (summary.cut_short or summary.failure is not None):
            account.note(failure=_HUNG)
        else:
            _finish(state, run, account, whole=not request.calendars, keep=keep)


def _finish(state: State, run: int, account: RunRecorder, *, whole: bool, keep: timedelta) -> None:
    """The run's own record, in full; and what is older than ``keep`` goes, while nobody else works on it."""
    summary = account.summary()
    run_record.finish(state, run, summary, run_record.holding(summary, account.decision, whole=whole))
    log.info("run recorded", exit_code=summary.exit_code)
    if (gone := state.forget_before(summary.source, summary.finished - keep)) > 0:
        log.info("old runs forgotten", runs=gone)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the earlier nights left: the calendars that the ledger knows, those in which something may still appear, when each was last seen
    to be right, and where; the people's copies that were named, by address."""

    calendars: Sequence[Calendar]
    late: UnansweredCreates
    sightings: Mapping[str, LastFullRead]
    visited: Mapping[str, KnownFolder]
    named: Mapping[str, frozenset[str]]

    @property
    def seen(self) -> Mapping[str, datetime | None]:
        """When each address was last read whole. A ledger that was lost explains nothing, and then nothing needs to be explained."""
        return {address: one.seen for address, one in self.visited.items()} if self.calendars else {}


@dataclass(frozen=True, slots=True)
class _Night:
    loaded: Loaded
    request: NightRequest
    window: Window
    account: RunRecorder
    state: State
    run: int | None
    backend: CountingBackend
    patience: Retrier
    progress: Progress

    def read_compare_write(self, token: TokenProvider | None, stop: threading.Event) -> None:
        settings = self.loaded.settings
        self.progress.phase(READING_THE_TIMETABLE, None)
        before = self._before()
        with (
            Prefetch(self.backend, self._foreseen(before), self.patience, settings.run.calendars_at_once) as ahead,
            read_timetable(settings, self.window, base=self.loaded.base, progress=self.progress.step, stop=stop) as reading,
        ):
            self.account.timetable(reading)
            if reading.empty:
                self.account.held(empty_timetable(reading.lessons, named=reading.nowhere < reading.lessons))
                return
            plans = self._judged(reading, before, ahead)
        if token is not None and (remark := token.warning()) is not None:
            self.account.worth_knowing(remark.message, remark.advice)
        if self.request.dry_run:
            self.account.planned(plans)
        else:
            self._write(plans)

    def _before(self) -> _Before:
        source, state = self.loaded.settings.timetable.source, self.state
        late = UnansweredCreates(state.unanswered(source), self.backend, self.patience, wait=self.run is not None)
        return _Before(
            state.ledger_calendars(source, self.window), late, state.full_reads(source), state.visited(source), state.named_copies(source)
        )

    def _foreseen(self, before: _Before) -> list[Calendar]:
        """The calendars whose stamps will be wanted, whatever the timetable says, as far as the ledger alone tells."""
        settings, mapping = self.loaded.settings, mapping_id(self.loaded.settings)
        every, now = settings.run.full_reading, self.request.now
        return [
            calendar
            for calendar in select((), before.calendars, settings.calendars, self.request.calendars).visited
            if should_prefetch(
                calendar.address, before.sightings.get(calendar.address), window=self.window, mapping=mapping, now=now, every=every
            )
        ]

    def _judged(self, reading: Reading, before: _Before, ahead: Prefetch) -> Sequence[CalendarPlan]:
        """Every calendar is read and compared, then every guard is judged. Gives the plans that may go ahead."""
        settings, source = self.loaded.settings, self.loaded.settings.timetable.source
        remembered = [*before.late.calendars, *before.calendars]
        selection = select(reading.calendars(), remembered, settings.calendars, self.request.calendars, reading.doubtful)
        rules = Rules(source, mapping_id(settings), settings.drift.edited, settings.drift.deleted, settings.timetable.time_zone)
        # Stamps are asked for meanwhile.
        standing = self.state.ledger_digests(source, self.window) if settings.run.full_reading else {}
        memory = KnownState(
            before.sightings,
            reading.digest,
            standing,
            lambda calendar, window: self.state.ledger_fingerprints(source, calendar, window),
            self.request.now,
            settings.run.full_reading,
            ahead.settle(),
        )
        on_record = {calendar.address for calendar in self.state.ledger_calendars(source)}

        def entries(calendar: Calendar) -> Mapping[str, LedgerEntry]:
            # Of any time: somebody may have moved an event of ours into the window from a time outside of it.
            return self.state.ledger_entries(source, calendar) if calendar.address in on_record else {}

        explained = partial(self.state.recorded.explained, source)
        sides = ReadContext(reading.events, entries, Reach(reading.unsettled), rules, memory, before.seen, explained, before.named)
        self.progress.phase("reading calendars", len(selection.visited))
        at_once, late = settings.run.calendars_at_once, before.late
        look = partial(read_calendars, self.backend, patience=self.patience, at_once=at_once, progress=self.progress, late=late)
        told = resolve_folders(look, selection.visited, self.window, sides, before.visited, reading.addresses, late)
        selection = selection.without(told.dropped)
        never_had = selection.not_had(told.survey.failed, known={calendar.address for calendar in before.calendars})
        found = replace(told.survey, plans=without_half_moves(told.survey.plans, never_had, reading.keys))
        # Where the digests are known, they say it too.
        counts = {address: digest.entries for address, digest in standing.items()}
        known = told.carried(counts if memory.every else self.state.ledger_counts(source, self.window))
        failed = {one: found.failed[one.address] for one in selection.visited if one.address in found.failed}
        gone = count_nights(before.visited, failed, self.request.now, settings.timetable.time_zone)
        self._learn(told, late, gone, before.named)
        self.account.addresses(told)
        self.account.waited(late)
        decision = self._decided(found.plans, Extent(selection, known, reading.count), gone, reading)
        self.account.surveyed(found, decision)
        if self.run is not None:
            self.state.keep_visited(source, [one for one in told.passed if one.calendar.address in decision.let_pass])
        return decision.go_ahead

    def _decided(self, plans: Sequence[CalendarPlan], extent: Extent, gone: Gone, reading: Reading) -> Decision:
        """Judge every guard, without the calendars that are gone for good: they are forgotten, unless the whole run is held.

        What makes the timetable doubtful makes it doubtful as well that it does not ask for them.
        """
        source, settings = self.loaded.settings.timetable.source, self.loaded.settings
        release, after = Release(self.request.forced, self.state.recorded.shown(source)), settings.calendars.forget_after
        visited = {calendar.address: calendar for calendar in extent.selection.visited}
        forgotten = to_forget(
            gone, after, reading.addresses, Reach(reading.unsettled), lambda address: self.state.ledger_entries(source, visited[address])
        )
        decision = decide(plans, replace(extent, selection=extent.selection.without(forgotten)), settings.guards, release)
        if forgotten and decision.holds_the_run:
            decision, forgotten = decide(plans, extent, settings.guards, release), frozenset()
        self._say_unwanted([visited[address] for address in sorted(forgotten)], extent.selection, gone, reading)
        if forgotten and self.run is not None:
            self.state.forget(source, forgotten)
            log.info("calendars forgotten", addresses=sorted(forgotten))
        return decision

    def _say_unwanted(self, forgotten: Sequence[Calendar], selection: Selection, gone: Gone, reading: Reading) -> None:
        """Of calendars that nothing asks for and that cannot be had, it is said what is to be done."""
        after, wanted = self.loaded.settings.calendars.forget_after, reading.addresses
        left: dict[str, int | None] = dict.fromkeys([*gone.refusing, *(calendar.address for calendar in selection.refused)])
        left |= {address: max(after - nights, 0) for address, nights in gone.nights.items()}
        left = {address: nights for address, nights in left.items() if address not in wanted}
        known = self.state.recorded.on_record(self.loaded.settings.timetable.source) if left else ()
        self.account.unwanted(forgotten, left, known)

    def _learn(self, told: ResolvedRead, late: UnansweredCreates, gone: Gone, named: Mapping[str, frozenset[str]]) -> None:
        """What the ledger lacked or had too much of, then what was seen to be right; no calendar is touched. A dry run learns nothing."""
        if self.run is None:
            return
        source = self.loaded.settings.timetable.source
        self.state.readdress(source, told.moved, told.forgotten)
        for plan in told.survey.plans:
            if plan.record or plan.forget:
                self.state.learn(source, plan.calendar, plan.record, plan.forget)
            if plan.copies is not None and plan.copies != named.get(plan.calendar.address, frozenset()):
                self.state.keep_copies(source, plan.calendar, plan.copies)
        self.state.remember(source, told.sightings)
        self.state.keep_visited(source, [*told.visited, *gone.counted])
        self.state.settled(late.settled(told.survey.plans))

    def _write(self, plans: Sequence[CalendarPlan]) -> None:
        """Carry out what the guards let through, soonest first; ledger and history are told after each batch."""
        settings, run = self.loaded.settings, self.run
        source = settings.timetable.source
        if run is None:
            return
        self.state.will_be_written(source, [plan.calendar for plan in plans])
        self.progress.phase("writing", sum(len(plan.changes) for plan in plans))
        applied = apply_plans(
            self.backend,
            plans,
            record=RunInState(self.state, run, source, mapping_id(settings)),
            patience=self.patience,
            at_once=settings.run.calendars_at_once,
            progress=self.progress,
        )
        self.account.applied(plans, applied)
        if applied.failure is None and not applied.cut_short:
            self._learn_renderings(plans, applied)

    def _learn_renderings(self, plans: Sequence[CalendarPlan], applied: Applied) -> None:
        """How the service shows the bodies that were put back. What cannot be read now is found out another night."""
        put_back = [plan for plan in plans if plan.overwritten]
        if put_back:
            self.progress.phase("reading what was put back", len(put_back))
        for plan in put_back:
            try:
                found = renderings(self.backend, plan, applied.outcomes.get(plan.calendar.address, ()), self.patience)
            except (RunInterrupted, ServiceError):
                return
            except BackendError as error:
                log.info("bodies that were put back could not be read", calendar=plan.calendar.address, reason=error.message)
                continue
            self.progress.step()
            self.state.keep_renderings(self.loaded.settings.timetable.source, plan.calendar, found)
