"""What is said of a run, gathered while it goes on, and made into its summary at the end. Decides the exit code."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from timetable_sync.apply.executor import Applied
from timetable_sync.apply.read_calendars import ReadResult
from timetable_sync.apply.resolve_folders import ResolvedRead
from timetable_sync.apply.unanswered import UnansweredCreates
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.entra.rotation import expiry
from timetable_sync.entra.sign_in import SignIn
from timetable_sync.entra.token import TokenProvider
from timetable_sync.errors import BackendError, CalendarError, OutcomeUnknown, TimetableSyncError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.plan import CalendarPlan, Held, SkipReason
from timetable_sync.planning.decide import Decision
from timetable_sync.planning.selection import homonyms
from timetable_sync.reports.commands import forget
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.reports.summary import BadRowReport, CalendarReport, ChangeReport, Outcome, RunSummary, Status, Trouble, unforeseen
from timetable_sync.timetable.reader import Reading

#: More than so many are counted, not named.
_NAMED = 3

log = structlog.stdlib.get_logger(__name__)

#: Why a calendar waits, by whether the state knew it.
_WAITED = {
    True: "a create of the last run was not answered",
    False: "events of ours appeared there a moment ago of which the state knows nothing: another run may be at work",
}


class RunRecorder:
    """One for a run. ``summary`` begins as that of a run in which nothing happened yet; ``decision`` is None until guards are judged."""

    def __init__(self, summary: RunSummary) -> None:
        self.decision: Decision | None = None
        self._summary = summary
        self._reports: list[CalendarReport] = []
        self._needs_you: list[Trouble] = []
        self._worth_knowing: list[Trouble] = []
        self._exit_code: int | None = None
        self._unwanted: dict[str, str] = {}

    def note(self, **facts: object) -> None:
        """Set fields of the summary by name."""
        self._summary = replace(self._summary, **facts)  # type: ignore[arg-type]  # checked by the dataclass's own fields

    def needs_you(self, message: str, advice: str = "") -> None:
        """Something that a person has to see to."""
        self._needs_you.append(Trouble(message, advice))

    def worth_knowing(self, message: str, advice: str = "") -> None:
        """Something that a person may want to know."""
        self._worth_knowing.append(Trouble(message, advice))

    def signing_in(self, signing: SignIn, now: datetime) -> None:
        """A certificate's end in sight, and a next one that cannot be used, are said whatever comes of the run."""
        if (certificates := signing.certificates) is None:
            return
        self.note(certificate_ends=certificates.current.not_after)
        for remark in (expiry(certificates, now, signing.expiry_warning), certificates.trouble):
            if remark is not None:
                log.warning(remark.message, advice=remark.advice)
                self.needs_you(remark.message, remark.advice)

    def requests_made(self, requests: Mapping[str, int], token: TokenProvider | None) -> None:
        """So many requests were made of the service, and of Entra ID for tokens."""
        self.note(requests=dict(requests))
        if token is None:
            return
        if (remark := token.fallback) is not None:
            self.needs_you(remark.message, remark.advice)
        self.note(requests=dict(requests) | {"token": token.requests}, token_ends=token.ends)

    def failed(self, error: TimetableSyncError) -> None:
        """The whole run ended by ``error``. The first one counts."""
        if self._summary.failure is None:
            self.note(failure=Trouble(error.message, error.advice))
            self._exit_code = error.exit_code

    def unforeseen(self, error: BaseException) -> None:
        """The whole run ended by something that nobody foresaw: on record it has failed, whatever it did before."""
        if self._summary.failure is None:
            self.note(failure=unforeseen(error))
            self._exit_code = 1

    def cut_short(self, why: str) -> None:
        """The run ended early, in good order."""
        self.note(cut_short=why)

    def timetable(self, reading: Reading) -> None:
        """The timetable has been read."""
        self.note(
            rows=reading.rows,
            lessons=reading.lessons,
            events=reading.events_in_window,
            nowhere=reading.nowhere_in_window,
            bad_rows=dict(reading.bad_rows.by_reason) or None,
            bad_row_examples=tuple(BadRowReport(row.row, row.column, row.reason, row.about) for row in reading.bad_rows.examples),
        )
        for note in reading.notes:
            self.worth_knowing(note)
        if (count := reading.nowhere_in_window) > 0:
            self.worth_knowing(f"{counted(count, 'lesson', 'is')} in no calendar, as the timetable names none")

    def held(self, verdict: Held) -> None:
        """A guard held the whole run before any calendar was looked at."""
        self.note(held=(verdict,))

    def addresses(self, told: ResolvedRead) -> None:
        """It is known where the addresses lead."""
        if moved := [f"{calendar.address} (until now {old})" for old, calendar in sorted(told.moved.items())]:
            have = counted(len(moved), "calendar", "has")
            self.worth_knowing(f"{have} another address now, and what was known of it went along: {_some(moved)}")
        if anew := sorted(told.forgotten):
            were = counted(len(anew), "calendar", "was")
            self.worth_knowing(f"{were} made anew, and what was known of the one before is forgotten: {_some(anew)}")

    def waited(self, late: UnansweredCreates) -> None:
        """Some calendars were read last, once nothing could appear in them any more; or, in a dry run, would have been."""
        clock = TimeFormat(self._summary.time_zone)
        for known, why in _WAITED.items():
            waits = [wait for wait in late.waits if wait.known is known]
            if not waits:
                continue
            names = _some([wait.calendar.name for wait in waits])
            until = clock.time(max(wait.until for wait in waits).replace(microsecond=0), seconds=True)
            verb = "waited" if late.wait else "waits" if len(waits) == 1 else "wait"
            but = "" if late.wait else "; this dry run read at once, so what was asked for may be made though it stands as new here"
            self.worth_knowing(f"{names} {verb} until {until}, because {why}{but}")

    def unwanted(self, forgotten: Sequence[Calendar], left: Mapping[str, int | None], known: Collection[Calendar]) -> None:
        """The calendars ``forgotten`` are no more. At the addresses ``left`` are others that nothing asks for and that cannot be had: where
        there is no such mailbox, with the nights after which it is forgotten (0: not by itself), else with None. ``known`` is on record."""
        self.note(forgotten=tuple(forgotten))
        same = homonyms(known) if left else frozenset()
        for calendar in known:
            if calendar.address in left:
                nights, line = left[calendar.address], forget(calendar, same)
                by_itself = f"It is forgotten by itself after {counted(nights, 'more such night')}. " if nights else ""
                what = "nothing is to be known of it any more" if nights is None else "the mailbox is gone for good"
                self._unwanted[calendar.address] = f"{by_itself}If {what}: {line}"

    def _advice(self, calendar: Calendar, error: BackendError) -> str:
        """What to do where ``calendar`` failed."""
        if (line := self._unwanted.get(calendar.address)) is None:
            return error.advice
        return line if isinstance(error, CalendarError) and error.gone else f"{error.advice} {line}".strip()

    def surveyed(self, survey: ReadResult, decision: Decision) -> None:
        """Everything is read and judged.

        A calendar that is only reported on is never written, so there is nothing to hold: its verdict is worth knowing, no more.
        """
        self.decision, selection = decision, decision.selection
        self.note(held=decision.held)
        for verdict in decision.supposed:
            name = "" if verdict.calendar is None else verdict.calendar.name
            self.worth_knowing(f"{name} is report only; were it written, {verdict.guard} would hold it: {verdict.sentence}")
        for calendar in selection.refused:
            refused = CalendarError(
                f"{calendar.address} matches none of the patterns in calendars.allow, so it was not touched",
                "Add a pattern to calendars.allow if it is to be written, or mend the address template.",
            )
            trouble = Trouble(refused.message, self._advice(calendar, refused))
            self._reports.append(CalendarReport(calendar, Status.FAILED, trouble=trouble))
        for calendar, addresses in selection.doubtful:
            trouble = Trouble(
                f"it has several mailboxes, of which one can be meant, so it was not touched: {', '.join(addresses)}",
                "Leave one in what calendars.mailboxes_query reads, or name the right one in calendars.mailboxes.",
            )
            self._reports.append(CalendarReport(calendar, Status.FAILED, trouble=trouble))
        for calendar in selection.visited:
            if (error := survey.failed.get(calendar.address)) is not None:
                self._reports.append(CalendarReport(calendar, Status.FAILED, trouble=Trouble(error.message, self._advice(calendar, error))))
        for plan in survey.plans:
            if not plan.changes:
                self._reports.append(_report(plan, Status.UNCHANGED, fate=Outcome.PLANNED))
            elif plan.calendar.address in selection.report_only:
                self._reports.append(_report(plan, Status.REPORT_ONLY, fate=Outcome.PLANNED))
            elif plan.calendar.address in decision.held_back:
                self._reports.append(_report(plan, Status.HELD, fate=Outcome.HELD, held=self._held(plan.calendar)))

    def planned(self, plans: Sequence[CalendarPlan]) -> None:
        """``plans`` would have been carried out, were this not a dry run."""
        self._reports += [_report(plan, Status.PLANNED, fate=Outcome.PLANNED, held=self._held(plan.calendar)) for plan in plans]

    def applied(self, plans: Sequence[CalendarPlan], applied: Applied) -> None:
        """``plans`` were carried out as far as ``applied`` says."""
        for plan in plans:
            self._reports.append(_outcome_report(plan, applied.outcomes.get(plan.calendar.address, ()), self._held(plan.calendar)))
        if applied.cut_short:
            self.cut_short(applied.cut_short)
        if applied.failure is not None:
            self.failed(applied.failure)

    def summary(self, requests: Mapping[str, int] | None = None) -> RunSummary:
        """The summary as it stands now."""
        reports = tuple(sorted(self._reports, key=lambda report: report.calendar.name.casefold()))
        return replace(
            self._summary,
            finished=datetime.now(UTC),
            calendars=reports,
            needs_you=tuple(self._needs_you),
            worth_knowing=tuple(self._worth_knowing),
            requests=dict(requests) if requests is not None else self._summary.requests,
            exit_code=self._code(reports),
        )

    def _held(self, calendar: Calendar) -> tuple[Held, ...]:
        return tuple(verdict for verdict in self._summary.held if verdict.calendar == calendar)

    def _code(self, reports: Sequence[CalendarReport]) -> int:
        """The first that applies: the run failed, some calendars failed or were cut short, something is held, rows were set aside or events
        cannot be read."""
        if self._exit_code is not None:
            return self._exit_code
        if self._summary.cut_short or any(report.status in (Status.FAILED, Status.CUT_SHORT) for report in reports):
            return 1
        if any(not verdict.forced for verdict in self._summary.held):
            return 5
        unread = any(left.why is SkipReason.UNREADABLE for report in reports for left in report.left_alone)
        return 1 if self._summary.bad_rows or unread else 0


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])


def _report(plan: CalendarPlan, status: Status, *, fate: Outcome, held: tuple[Held, ...] = ()) -> CalendarReport:
    return _report_of(plan, status, tuple([ChangeReport(change, fate) for change in plan.changes]), held=held)


def _report_of(
    plan: CalendarPlan, status: Status, changes: tuple[ChangeReport, ...], *, held: tuple[Held, ...], trouble: Trouble | None = None
) -> CalendarReport:
    return CalendarReport(
        plan.calendar,
        status,
        standing=plan.standing,
        expected=plan.expected,
        foreign=plan.foreign,
        unchanged=plan.unchanged,
        changes=changes,
        left_alone=plan.left_alone,
        held=held,
        trouble=trouble,
    )


def _outcome_report(plan: CalendarPlan, outcomes: Sequence[ChangeResult], held: tuple[Held, ...]) -> CalendarReport:
    # By identity: an outcome carries the very change that the plan holds, and comparing events by value is slow.
    by_change = {id(outcome.change): outcome for outcome in outcomes}
    changes = tuple([_change_report(change, by_change) for change in plan.changes])
    fates = {report.fate for report in changes}
    if fates & {Outcome.FAILED, Outcome.UNCLEAR}:
        status = Status.FAILED
    elif Outcome.NOT_BEGUN in fates:
        status = Status.CUT_SHORT
    else:
        status = Status.CHANGED
    trouble = next((report.trouble for report in changes if report.trouble is not None), None)
    return _report_of(plan, status, changes, held=held, trouble=trouble)


def _change_report(change: Change, by_change: Mapping[int, ChangeResult]) -> ChangeReport:
    outcome = by_change.get(id(change))
    if outcome is None:
        return ChangeReport(change, Outcome.NOT_BEGUN)
    if outcome.error is None:
        return ChangeReport(outcome.change, Outcome.DONE)
    trouble = Trouble(outcome.error.message, outcome.error.advice)
    if isinstance(outcome.error, OutcomeUnknown):
        return ChangeReport(outcome.change, Outcome.UNCLEAR, trouble)
    if isinstance(outcome.error, TransientError):
        return ChangeReport(outcome.change, Outcome.NOT_BEGUN, trouble)
    return ChangeReport(outcome.change, Outcome.FAILED, trouble)
