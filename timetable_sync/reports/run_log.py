"""A run's calendars in the log: one line each at INFO, whatever became of it. Decides nothing."""

import structlog

from timetable_sync.reports.summary import CalendarReport, RunSummary

log = structlog.stdlib.get_logger(__name__)


def log_calendars(summary: RunSummary) -> None:
    """One line for each calendar that the run looked at, or would have."""
    for report in summary.calendars:
        log.info(f"calendar {report.status.value}", **_facts(report))


def _facts(report: CalendarReport) -> dict[str, object]:
    """Nothing that is nought or empty, so that a quiet calendar is a short line."""
    numbers = {
        "events": report.standing,
        "created": report.created,
        "updated": report.updated,
        "deleted": report.deleted,
        "left_alone": len(report.left_alone),
    }
    facts: dict[str, object] = {"calendar": report.calendar.name, "address": report.calendar.address}
    facts |= {name: many for name, many in numbers.items() if many}
    if report.held:
        facts["held"] = "; ".join(verdict.sentence for verdict in report.held if not verdict.forced)
    if report.trouble is not None:
        facts["trouble"] = report.trouble.message
    return facts
