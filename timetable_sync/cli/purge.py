"""``timetable-sync purge``: takes out what we wrote, and only that. Thin: shows the dry run, asks, has it done, says what came of it."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from timetable_sync.cli.confirmation import Question, confirm
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared
from timetable_sync.cli.output import complain, tell, wants_colour
from timetable_sync.cli.progress import progress
from timetable_sync.cli.signals import interruptible
from timetable_sync.cli.tables import tell_heading, tell_lines
from timetable_sync.config.load import Loaded
from timetable_sync.errors import UsageError
from timetable_sync.model.change import Delete
from timetable_sync.model.plan import SkipReason
from timetable_sync.purge import PurgeRequest
from timetable_sync.purge import purge as carry_out
from timetable_sync.reports import archive, json_report, text
from timetable_sync.reports.formatting import TimeFormat, counted, number
from timetable_sync.reports.notices import unreadable
from timetable_sync.reports.quoting import command
from timetable_sync.reports.render import check_target, write_report
from timetable_sync.reports.summary import CalendarReport, RunSummary, Status

#: So many events of a calendar are shown before it is asked; with -v all of them.
_EVENTS = 5
_MADE_ANEW = (
    "What the timetable still has, the next night makes anew. To keep a calendar empty, name it in calendars.report_only,\n"
    "leave it out of calendars.allow, or take it out of the timetable."
)


def purge(
    calendars: Annotated[
        list[str] | None,
        typer.Argument(metavar="CALENDAR...", help='Names or addresses, also as in "COMP*".', show_default=False),
    ] = None,
    calendar: Annotated[
        list[str] | None, typer.Option("--calendar", metavar="PATTERN", help="The same, as run has it. Repeatable.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[
        int | None,
        typer.Option("--yes", metavar="N", min=0, help="Do not ask: go ahead if it is just so many events.", show_default=False),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Leave what starts before this day, as in 2026-11-24.", show_default=False)
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="Write a report with every event: .html .json .md .txt. Repeatable."),
    ] = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Move everything that was ever written to some calendars to their Deleted Items. Events of others are never touched.

    First it reads, shows what would go, and asks. The pilot does not limit it; calendars.allow and report_only do.

    Example: timetable-sync purge COMP101

    Exit codes: 0 done, 1 some failed, 2 not confirmed, or usage, 3 credentials refused, 6 another run is at work.
    """
    patterns = tuple(dict.fromkeys([*(calendars or ()), *(calendar or ())]))
    if not patterns:
        raise UsageError("purge: which calendars?", "Name them, as in: timetable-sync purge COMP101")
    if dry_run and yes is not None:
        raise UsageError("--yes does not go with --dry-run", "Leave one of them away.")
    reports = list(dict.fromkeys(report or ()))
    for path in reports:
        check_target(path)
    loaded = prepared(config, verbose, quiet=quiet, files=True)
    clock = clock_of(loaded)
    request = PurgeRequest(datetime.now(UTC), patterns, _day(since, loaded.settings.timetable.time_zone))
    seen = _carried_out(loaded, request, watched=not quiet)
    many = sum(report.deleted for report in seen.calendars)
    if _in_the_way(seen) or not many or dry_run:
        _end(seen, loaded, reports, format, clock, verbose=verbose)
    if format is Form.TEXT:
        _tell_seen(seen, clock, everything=verbose > 0)
    again = command("purge", *patterns, *(() if since is None else ("--from", since)), "--yes", str(many))
    confirm(_question(seen, many, again), yes, asking=format is Form.TEXT)
    agreed = {report.calendar.address: report.deleted for report in seen.calendars if report.status is Status.PLANNED}
    request = PurgeRequest(request.now, patterns, request.since, agreed)
    _end(_carried_out(loaded, request, watched=not quiet), loaded, reports, format, clock, verbose=verbose)


def _day(given: str | None, zone: str) -> datetime | None:
    if given is None:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise UsageError(f'--from: "{given}" is not a day', "Write it as in 2026-11-24.") from None
    return datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)


def _carried_out(loaded: Loaded, request: PurgeRequest, *, watched: bool) -> RunSummary:
    stop = threading.Event()
    with interruptible(stop), progress(wanted=watched) as watcher:
        return carry_out(loaded, request, progress=watcher, stop=stop)


def _in_the_way(seen: RunSummary) -> bool:
    """Whether something could not be looked at. An event that cannot be read was: it stays."""
    failed = any(report.status in (Status.FAILED, Status.CUT_SHORT) for report in seen.calendars)
    return failed or bool(seen.cut_short) or seen.failure is not None


def _tell_seen(seen: RunSummary, clock: TimeFormat, *, everything: bool) -> None:
    for report in seen.calendars:
        tell_heading(f"{report.calendar.name}   {report.calendar.address}")
        tell_lines(*(f"  {line}" for line in _lines(report, clock, everything=everything)))
    tell_lines("")


def _lines(report: CalendarReport, clock: TimeFormat, *, everything: bool) -> list[str]:
    if report.status is Status.REPORT_ONLY:
        return [f"is report only, and so never written: its {counted(len(report.changes), 'event')} of ours would stay"]
    lines = []
    going = [change.change.before for change in report.changes if isinstance(change.change, Delete)]
    if going:
        days = clock.days(going[0].start, going[-1].start)
        lines.append(f"{counted(len(going), 'event')} of ours, {days}")
    else:
        lines.append("nothing of ours")
    shown = going if everything else going[:_EVENTS]
    lines += [f"  - {clock.span(event.start, event.end)}   {event.subject}" for event in shown]
    if len(shown) < len(going):
        lines.append(f"    and {number(len(going) - len(shown))} more; -v shows all of them")
    if series := sum(left.why is SkipReason.SERIES for left in report.left_alone):
        lines.append(f"{counted(series, 'event')} of ours that somebody made a series would stay")
    if said := unreadable(report, clock):
        sentence, advice, names = said
        lines += [sentence, *(f"  - {name}" for name in names if len(names) > 1), f"  {advice}"]
    if copies := sum(left.why is SkipReason.COPY for left in report.left_alone):
        lines.append(f"{counted(copies, 'event')} with our mark that somebody edited, or made as a copy, would stay")
    if report.foreign:
        lines.append(f"{counted(report.foreign, 'event')} of others would stay")
    return lines


def _question(seen: RunSummary, many: int, again: str) -> Question:
    planned = [report.calendar.name for report in seen.calendars if report.status is Status.PLANNED]
    return Question(
        what=f"{counted(many, 'event')} in {counted(len(planned), 'calendar')}",
        would="be moved to Deleted Items",
        more=". Nothing was written yet.",
        nothing="nothing was written",
        names=planned,
        many=many,
        again=again,
    )


def _end(summary: RunSummary, loaded: Loaded, reports: Sequence[Path], form: Form, clock: TimeFormat, *, verbose: int) -> NoReturn:
    """Reports, what came of it, and the exit code."""
    unwritten = not _write_reports(summary, loaded, reports)
    if summary.failure is not None:
        complain(summary.failure.message, summary.failure.advice)
    if form is Form.JSON:
        tell(partial(json_report.write, summary))
    elif summary.calendars:
        if summary.dry_run and not _in_the_way(summary):
            _tell_seen(summary, clock, everything=verbose > 0)
        tell(partial(text.write_screen, summary, colour=wants_colour()))
        if not summary.dry_run and any(report.deleted for report in summary.calendars):
            tell_lines("", *_MADE_ANEW.splitlines())
    raise typer.Exit(summary.exit_code or int(unwritten))


def _write_reports(summary: RunSummary, loaded: Loaded, reports: Sequence[Path]) -> bool:
    """Whether all could be written: those asked for, and for a purge that was made the kept ones."""
    chores = [(path, partial(write_report, summary, path)) for path in reports]
    directory = loaded.settings.report.directory
    written = True
    try:
        if directory is not None and not summary.dry_run:
            archive.prepare(directory)
            archive.keep(summary, directory)
    except (OSError, UsageError) as error:
        complain(f"the report could not be kept in {directory}: {error}", "The purge itself is not affected.")
        written = False
    for path, chore in chores:
        try:
            chore()
        except OSError as error:
            complain(f"the report could not be written to {path}: {error.strerror or error}", "The purge itself is not affected.")
            written = False
    return written
