"""What a run's own record keeps of its summary: numbers by name, and what guards hold. Metrics are made from these numbers alone."""

from collections import Counter
from datetime import datetime
from typing import Any

from timetable_sync.model.change import Change
from timetable_sync.model.plan import SkipReason
from timetable_sync.planning.decide import Decision
from timetable_sync.redaction import redact
from timetable_sync.reports.formatting import KINDS, TimeFormat, kind_of
from timetable_sync.reports.notices import unreadable
from timetable_sync.reports.summary import CalendarReport, Outcome, RunSummary, Status
from timetable_sync.reports.totals import count, verdicts
from timetable_sync.state.run_records import CalendarRecord, Holding
from timetable_sync.state.store import State

#: Reasons of changes that the timetable did not ask for, as the record names them.
_DRIFT = {"someone edited it": "edited", "someone deleted it": "deleted", "a duplicate": "duplicate"}
_LEFT = {
    SkipReason.EDITED_KEPT: "edited_kept",
    SkipReason.EDITED_REPORTED: "edited_kept",
    SkipReason.DELETED_KEPT: "deleted_kept",
    SkipReason.DELETED_REPORTED: "deleted_kept",
    SkipReason.SERIES: "series",
    SkipReason.UNREADABLE: "unreadable",
    SkipReason.UNRECORDED: "edited_kept",
}
#: Events that cannot be read are counted; so many of them are named.
_NAMED = 3


def finish(state: State, run: int, summary: RunSummary, held: Holding | None) -> None:
    """Put on record how the run went, and what is held from now on."""
    state.finish_run(
        run,
        finished=summary.finished,
        exit_code=summary.exit_code,
        counts=counts(summary),
        summary=figures(summary),
        calendars=calendars(summary),
        verdicts=summary.held,
        failure=summary.failure.message if summary.failure else "",
        source=summary.source,
        holding=held,
    )


def counts(summary: RunSummary) -> dict[str, int]:
    """How much there was."""
    return {
        "rows": summary.rows,
        "lessons": summary.lessons,
        "events": summary.events,
        "bad_rows": sum((summary.bad_rows or {}).values()),
    }


def figures(summary: RunSummary) -> dict[str, Any]:
    """All numbers of a run, as JSON. Names with blanks keep them; moments are ISO texts in UTC; what is not known is left out."""
    counted = count(summary)
    changes = Counter((kind_of(report.change), report.fate) for calendar in summary.calendars for report in calendar.changes)
    drift = Counter({_DRIFT[reason.value]: many for reason, many in counted.reasons.items() if reason.value in _DRIFT})
    for why, name in _LEFT.items():
        if counted.left[why]:
            drift[name] += counted.left[why]
    kept: dict[str, Any] = {
        "advice": redact(summary.failure.advice) if summary.failure is not None else "",
        "cut_short": redact(summary.cut_short),
        "requests": dict(summary.requests or {}),
        "phases": {name: round(seconds, 3) for name, seconds in (summary.phases or {}).items()},
        "calendars": {status.value: counted.statuses[status] for status in Status if counted.statuses[status]},
        "changes": {kind: {fate.value: changes[kind, fate] for fate in Outcome if changes[kind, fate]} for kind in KINDS},
        "drift": dict(sorted(drift.items())),
        "bad_rows": dict(summary.bad_rows or {}),
        "held": sum(not verdict.forced for verdict in verdicts(summary)),
        "retries": summary.retries,
        "waited": round(summary.waited, 3),
        "forgotten": len(summary.forgotten),
    }
    for name, moment in (("certificate_ends", summary.certificate_ends), ("token_ends", summary.token_ends)):
        if moment is not None:
            kept[name] = _utc(moment)
    return kept


def calendars(summary: RunSummary) -> list[CalendarRecord]:
    """Only those about which there is something to say."""
    clock = TimeFormat(summary.time_zone)
    return [
        CalendarRecord(report.calendar, report.status, report.created, report.updated, report.deleted, *_said(report, clock))
        for report in summary.calendars
        if report.status is not Status.UNCHANGED or unreadable(report, clock)
    ]


def _said(report: CalendarReport, clock: TimeFormat) -> tuple[str, str]:
    """What there is to say of it, and what to do."""
    if report.trouble is not None:
        return report.trouble.message, report.trouble.advice
    if said := unreadable(report, clock):
        sentence, advice, names = said
        more = f": {', '.join(names[:_NAMED])}{' and others' if len(names) > _NAMED else ''}" if len(names) > 1 else ""
        return sentence + more, advice
    return "", ""


def holding(summary: RunSummary, decision: Decision | None, *, whole: bool) -> Holding | None:
    """What is held, or None where the run did not come to judge. ``whole``: it was not limited to some calendars."""
    standing = [verdict for verdict in verdicts(summary) if not verdict.forced]
    if decision is None:
        # Only an empty timetable is held before any calendar was looked at; then nothing is known of the calendars.
        return Holding(verdicts=standing) if standing else None
    return Holding(
        verdicts=standing,
        unmade={report.calendar: _unmade(report) for report in summary.calendars if report.changes or report.status is not Status.FAILED},
        within=decision.within,
        whole=whole,
        shrunken=decision.shrunken,
        released=frozenset(verdict.guard for verdict in decision.held if verdict.forced and verdict.calendar is None),
    )


def _unmade(report: CalendarReport) -> list[Change]:
    """What a guard, or anything else, kept from being made; nothing where nothing is to be made."""
    return [] if report.status is Status.REPORT_ONLY else [change.change for change in report.changes if change.fate is not Outcome.DONE]


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
