"""The numbers of a night, counted once for all reports."""

from collections import Counter
from dataclasses import dataclass

from timetable_sync.model.change import Reason
from timetable_sync.model.plan import Held, SkipReason
from timetable_sync.reports.formatting import kind_of
from timetable_sync.reports.summary import CalendarReport, Outcome, RunSummary, Status


@dataclass(frozen=True, slots=True)
class Figures:
    """``effective`` counts, by kind ("created", "updated", "deleted"), what was done; in a dry run what would be done.

    ``reasons`` counts the same changes by reason, ``fates`` all changes by what became of them, ``statuses`` the calendars, ``left`` the
    events that differ and were left alone, ``not_written`` the changes of calendars that are report only, ``changes`` all of them.
    """

    statuses: Counter[Status]
    effective: Counter[str]
    reasons: Counter[Reason]
    fates: Counter[Outcome]
    left: Counter[SkipReason]
    not_written: int
    changes: int

    @property
    def effective_changes(self) -> int:
        """All kinds of ``effective`` together."""
        return self.effective.total()


def count(summary: RunSummary) -> Figures:
    """One pass over the whole summary."""
    figures = Figures(
        statuses=Counter(report.status for report in summary.calendars),
        effective=Counter(),
        reasons=Counter(),
        fates=Counter(),
        left=Counter(),
        not_written=sum(len(report.changes) for report in summary.calendars if report.status is Status.REPORT_ONLY),
        changes=sum(len(report.changes) for report in summary.calendars),
    )
    for report in summary.calendars:
        figures.left.update(left.why for left in report.left_alone)
        figures.fates.update(change.fate for change in report.changes)
        if report.status is Status.REPORT_ONLY:
            continue
        counts = Outcome.PLANNED if summary.dry_run else Outcome.DONE
        for change in report.changes:
            if change.fate is counts:
                figures.effective[kind_of(change.change)] += 1
                figures.reasons[change.change.reason] += 1
    return figures


def kinds(report: CalendarReport) -> Counter[str]:
    """How many changes of each kind one calendar's report lists, whatever became of them."""
    return Counter(kind_of(change.change) for change in report.changes)


def verdicts(summary: RunSummary) -> list[Held]:
    """Every guard's verdict once: the run's list names calendars' as well, and calendars repeat theirs."""
    seen: dict[Held, None] = dict.fromkeys(summary.held)
    for report in summary.calendars:
        seen.update(dict.fromkeys(report.held))
    return list(seen)
