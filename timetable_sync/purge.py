"""The story of one purge: everything that we wrote to some calendars is moved to Deleted Items, and nothing else is touched."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from timetable_sync import logs
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.executor import apply_plans
from timetable_sync.apply.progress import Phases, Progress
from timetable_sync.apply.read_calendars import ReadContext, ReadResult, read_calendars
from timetable_sync.apply.recording import RunInState
from timetable_sync.apply.retry import Retrier, RetryPolicy, RunInterrupted
from timetable_sync.apply.unanswered import UnansweredCreates
from timetable_sync.calendars.registry import CountingBackend, open_backend
from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import Settings
from timetable_sync.entra.sign_in import sign_in
from timetable_sync.entra.token import TokenProvider
from timetable_sync.errors import CalendarError, TimetableSyncError, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.window import Window
from timetable_sync.planning.compare import Rules
from timetable_sync.planning.decide import clearing, once, unguarded
from timetable_sync.planning.selection import Selection, matches, select
from timetable_sync.reports import run_record
from timetable_sync.reports.quoting import command
from timetable_sync.reports.run_log import log_calendars
from timetable_sync.reports.run_recorder import RunRecorder
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.state.run_records import PURGE, Holding, RunBeginning
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.mapping_id import mapping_id

log = structlog.stdlib.get_logger(__name__)

Connect = Callable[[Settings, TokenProvider | None], CountingBackend]

#: How far calendars are looked through, back and ahead: no night writes farther ahead than its window, none existed longer ago.
BACK, AHEAD = timedelta(days=3_653), timedelta(days=1_827)


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """What is asked of one purge.

    ``calendars`` are patterns of names or addresses. ``since`` (aware) leaves what starts earlier alone. ``confirmed`` is how many
    events were seen and agreed upon, by address; None asks for a dry run.
    """

    now: datetime
    calendars: tuple[str, ...]
    since: datetime | None = None
    confirmed: Mapping[str, int] | None = None


def purge(
    loaded: Loaded,
    request: PurgeRequest,
    *,
    progress: Progress,
    stop: threading.Event,
    connect: Connect = open_backend,
    pace: RetryPolicy | None = None,
) -> RunSummary:
    """One purge, or its dry run. Gives a summary for everything that can go wrong by itself, as a night does.

    Raises UsageError for a pattern that no calendar on record has, and where something else stands in a calendar than was confirmed:
    then nothing was written. ``connect`` and ``pace`` are for tests.
    """
    settings, begun, dry = loaded.settings, datetime.now(UTC), request.confirmed is None
    window = _window(request, settings)
    zone = settings.timetable.time_zone
    watched = Phases(progress)
    account = RunRecorder(RunSummary(None, settings.timetable.source, begun, begun, window, zone, dry_run=dry, purge=True))
    deadline = time.monotonic() + settings.run.deadline.total_seconds()
    try:
        token = sign_in(settings).tokens
        with open_state(settings.state, read_only=dry) as state, state.lease("purge", settings.state.lease) as lease:
            selection = _selected(state, settings, request.calendars)
            again = f"Type it again: {_typed(request, zone)}"
            lanes = ConcurrencyLimiter(settings.run.calendars_at_once)
            patience = Retrier(stop, deadline, watched, lanes=lanes, pace=pace, check=lease.check, later=again)
            with closing(connect(settings, token)) as backend:
                late = UnansweredCreates(state.unanswered(settings.timetable.source), backend, patience, wait=not dry)
                work = _Purge(settings, request, window, account, state, backend, patience, watched, late)
                try:
                    work.read_and_remove(selection)
                finally:
                    account.note(
                        requests=dict(backend.requests), phases=watched.seconds(), retries=patience.retries, waited=patience.waited
                    )
    except RunInterrupted as end:
        account.cut_short(str(end))
    except UsageError:
        raise
    except TimetableSyncError as error:
        account.failed(error)
    summary = account.summary()
    log_calendars(summary)
    return summary


def _typed(request: PurgeRequest, zone: str) -> str:
    since = () if request.since is None else ("--from", f"{request.since.astimezone(ZoneInfo(zone)):%Y-%m-%d}")
    return command("purge", *request.calendars, *since)


def _window(request: PurgeRequest, settings: Settings) -> Window:
    try:
        return Window(request.since or request.now - BACK, request.now + max(AHEAD, settings.window.future))
    except OverflowError:
        raise UsageError("the window reaches beyond any calendar", "Make window.future smaller.") from None


def _selected(state: State, settings: Settings, patterns: Sequence[str]) -> Selection:
    """The calendars on record that are asked for. One that is not on record (the state was lost) is known by its whole address.

    ``calendars.allow`` and ``report_only`` hold; ``pilot`` does not: what was written before it was narrowed is cleared in this way.
    """
    known = state.recorded.calendars(settings.timetable.source)
    for pattern in patterns:
        if any(matches(calendar, (pattern,)) for calendar in known):
            continue
        if "@" not in pattern or any(sign in pattern for sign in "*?["):
            raise UsageError(
                f'no calendar with the name or address "{pattern}" is on record',
                "Name it as a night does, or, if it is not on record, by its whole address.",
            )
        known.append(Calendar(pattern.lower(), pattern.lower()))
    return select(known, (), settings.calendars.model_copy(update={"pilot": None}), patterns)


@dataclass(frozen=True, slots=True)
class _Purge:
    settings: Settings
    request: PurgeRequest
    window: Window
    account: RunRecorder
    state: State
    backend: CountingBackend
    patience: Retrier
    progress: Progress
    late: UnansweredCreates

    def read_and_remove(self, selection: Selection) -> None:
        found = self._survey(selection)
        decision = unguarded(found.plans, selection)
        plans = decision.go_ahead
        self.account.surveyed(found, decision)
        if self.request.confirmed is None:
            self.account.planned(plans)
            return
        self._agree(plans, self.request.confirmed)
        with self._recorded() as run:
            for plan in found.plans:
                self.state.learn(self.settings.timetable.source, plan.calendar, plan.record, plan.forget)
            if self.request.since is None:
                self.state.settled(self.late.settled(found.plans))
            self._remove(run, plans)

    def _survey(self, selection: Selection) -> ReadResult:
        """Every calendar is compared with no events at all, so that each of ours in it is to go."""
        source = self.settings.timetable.source
        sides = ReadContext(
            lambda calendar: (),
            lambda calendar: self.state.ledger_entries(source, calendar),
            (),
            Rules(source, mapping_id(self.settings), zone=self.settings.timetable.time_zone),
        )
        at_once = self.settings.run.calendars_at_once
        self.progress.phase("reading calendars", len(selection.visited))
        found = read_calendars(
            self.backend,
            selection.visited,
            self.window,
            sides,
            patience=self.patience,
            at_once=at_once,
            progress=self.progress,
            late=self.late,
        )
        self.account.waited(self.late)
        gone = [address for address, error in found.failed.items() if isinstance(error, CalendarError) and error.gone]
        self.account.unwanted((), dict.fromkeys(gone, 0), self.state.recorded.on_record(source) if gone else ())
        return replace(found, plans=once(map(clearing, found.plans)))

    def _agree(self, plans: Sequence[CalendarPlan], confirmed: Mapping[str, int]) -> None:
        """Nothing goes but what was seen and agreed upon."""
        now = {plan.calendar.address: plan.deletes for plan in plans}
        for plan in plans:
            agreed = confirmed.get(plan.calendar.address, 0)
            if plan.deletes != agreed:
                raise UsageError(
                    f"{plan.calendar.name}: {plan.deletes} of our events stand there, {agreed} were confirmed; nothing was written",
                    "Somebody was at work there meanwhile. Look again.",
                )
        if missing := [address for address, many in confirmed.items() if many and address not in now]:
            raise UsageError(f"{missing[0]} could not be read again; nothing was written", "Try it again.")

    def _remove(self, run: int, plans: Sequence[CalendarPlan]) -> None:
        source = self.settings.timetable.source
        record = RunInState(self.state, run, source, mapping_id(self.settings))
        self.state.will_be_written(source, [plan.calendar for plan in plans])
        self.progress.phase("moving to Deleted Items", sum(len(plan.changes) for plan in plans))
        at_once = self.settings.run.calendars_at_once
        applied = apply_plans(self.backend, plans, record=record, patience=self.patience, at_once=at_once, progress=self.progress)
        self.account.applied(plans, applied)

    @contextmanager
    def _recorded(self) -> Iterator[int]:
        """The purge's own record, as a run of its kind; what a guard held in a calendar that is clear now is held no longer."""
        begun = self.account.summary()
        patterns = tuple(self.request.calendars)
        run = self.state.begin_run(RunBeginning(begun.source, begun.started, self.window, patterns, kind=PURGE))
        self.account.note(run=run)
        logs.bind(run=run)
        try:
            yield run
        except TimetableSyncError as error:
            self.account.failed(error)
        except BaseException as error:
            self.account.unforeseen(error)
            raise
        finally:
            summary = self.account.summary()
            cleared = [report.calendar for report in summary.calendars if report.status in (Status.CHANGED, Status.UNCHANGED)]
            run_record.finish(self.state, run, summary, Holding(unmade=dict.fromkeys(cleared, ())))
            log.info("purge recorded", exit_code=summary.exit_code)
