"""``timetable-sync run``: one night, now. Parses, calls the night, hands its summary on; decides nothing itself but the exit code."""

import difflib
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from timetable_sync import logs
from timetable_sync.alerts.around_run import attended
from timetable_sync.cli.options import moment_of
from timetable_sync.cli.output import complain, tell, wants_colour
from timetable_sync.cli.progress import progress
from timetable_sync.cli.signals import interruptible
from timetable_sync.config.load import Loaded, find_configuration, load, to_be_named
from timetable_sync.daemon.child import FAILED, DaemonLine, in_a_line, take_order
from timetable_sync.errors import UsageError
from timetable_sync.night import NightRequest, run_night
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.reports import archive, json_report, text
from timetable_sync.reports.archive import strike_out
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.notices import needs_you
from timetable_sync.reports.quoting import name_configuration
from timetable_sync.reports.render import check_target, write_report
from timetable_sync.reports.summary import RunSummary
from timetable_sync.reports.totals import count

log = structlog.stdlib.get_logger(__name__)

#: What ``--exit-code`` makes of a dry run that went well and found changes.
CHANGES_FOUND = 10


class Form(StrEnum):
    """How facts or logs are printed."""

    TEXT = "text"
    JSON = "json"


def run(
    config: Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare, write nothing: neither calendars nor ledger.")] = False,
    calendar: Annotated[
        list[str] | None,
        typer.Option("--calendar", metavar="PATTERN", help='Only calendars with this name or address, as in "COMP*". Repeatable.'),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="Write a report; its ending says which: .html .json .md .txt. Repeatable."),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="With --dry-run: exit with 10 if there are changes.")] = False,
    now: Annotated[
        str | None, typer.Option("--now", metavar="TIME", help="Pretend that it is this time, as in 2026-11-24T02:00.", show_default=False)
    ] = None,
    force_guard: Annotated[
        list[str] | None,
        typer.Option("--force-guard", metavar="NAME", help=f"Let through what this guard would hold: {', '.join(RELEASABLE)}. Repeatable."),
    ] = None,
    log_format: Annotated[Form, typer.Option("--log-format", help="Form of the log on standard error.")] = Form.TEXT,
    form: Annotated[Form, typer.Option("--format", help="Form of the summary on standard output.")] = Form.TEXT,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Show every change and log more; -vv still more.", show_default=False)
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing when all is well.")] = False,
    by_daemon: Annotated[bool, typer.Option("--by-daemon", hidden=True)] = False,
) -> None:
    """One night, now: make the calendars equal to the timetable.

    Example: timetable-sync run --dry-run --report plan.html

    Exit codes: 0 done, 1 some calendars or events failed, 2 usage or configuration, 3 credentials refused, 4 timetable unusable,
    5 something was held by a guard, 6 another run is at work; 10 changes, for --dry-run --exit-code.
    """
    logs.configure(logs.QUIET if quiet else verbose, log_format.value)
    reports = list(dict.fromkeys(report or ()))
    if exit_code and not dry_run:
        raise UsageError("--exit-code goes with --dry-run only", "Without --dry-run, the exit code says how the run went.")
    forced = _guards(force_guard or ())
    for path in reports:
        check_target(path)
    order, line = take_order() if by_daemon else (None, None)
    loaded = load(find_configuration(config, os.environ, Path.cwd()), os.environ) if order is None else order.loaded
    name_configuration(to_be_named(loaded.path, os.environ, Path.cwd()))
    request = NightRequest(
        moment_of(now, loaded.settings.timetable.time_zone), dry_run, tuple(calendar or ()), forced, None if order is None else order.due
    )

    told = "" if order is None else order.told.removeprefix(FAILED)
    with nullcontext() if line is None else line.whole(), attended(loaded.settings, os.environ, wanted=not dry_run, told=told) as attendant:
        if loaded.settings.report.directory is not None and not dry_run:
            archive.prepare(loaded.settings.report.directory)
        summary = _night(loaded, request, attendant.begun, watched=not quiet and log_format is Form.TEXT, line=line)
        # Files first: what is printed may go to a pipe that somebody closed.
        unwritten = not _write_reports(summary, loaded, reports)
        for trouble in attendant.after(summary):
            complain(trouble, "The run itself is not affected.")
    if line is None:
        _print(summary, form, verbose=verbose, quiet=quiet)
    code = summary.exit_code or int(unwritten)
    if exit_code and not code and count(summary).effective_changes:
        code = CHANGES_FOUND
    if line is not None:
        line.ended(code, summary.run, in_a_line(summary))
    raise typer.Exit(code)


def _guards(names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if name not in RELEASABLE:
            close = difflib.get_close_matches(name, RELEASABLE, 1)
            advice = f'Did you mean "{close[0]}"?' if close else f"There are: {', '.join(RELEASABLE)}."
            if name == "empty_timetable":
                advice = "Nothing releases that one: an empty timetable is never meant."
            raise UsageError(f'--force-guard: "{name}" cannot be released', advice)
    return frozenset(names)


def _night(loaded: Loaded, request: NightRequest, begun: Callable[[], None], *, watched: bool, line: DaemonLine | None) -> RunSummary:
    stop = threading.Event()
    with interruptible(stop), progress(wanted=watched and line is None) as watcher:
        if line is None:
            return run_night(loaded, request, progress=watcher, stop=stop, begun=begun)
        return run_night(loaded, request, progress=line, stop=stop, begun=begun, hung=line.hung.is_set)


def _write_reports(summary: RunSummary, loaded: Loaded, reports: Sequence[Path]) -> bool:
    """Whether all could be written: one that cannot stops neither the others nor the run, which is over."""
    chores = [(str(path), partial(write_report, summary, path)) for path in reports]
    directory = loaded.settings.report.directory
    if directory is not None and not summary.dry_run:
        chores.append((str(directory), partial(_keep, summary, loaded, directory)))
    written = True
    for where, chore in chores:
        try:
            chore()
        except OSError as error:
            complain(f"the report could not be written to {where}: {error.strerror or error}", "The run itself is not affected.")
            written = False
    return written


def _keep(summary: RunSummary, loaded: Loaded, directory: Path) -> None:
    for path in archive.keep(summary, directory):
        log.info("report written", path=str(path))
    for path in archive.remove_old(directory, summary.source, loaded.settings.report.keep, datetime.now(UTC)):
        log.info("old report removed", path=str(path))
    for path in strike_out(directory, summary.source, summary.forgotten) if summary.forgotten else ():
        log.info("forgotten calendars struck out of a report", path=str(path))


def _print(summary: RunSummary, form: Form, *, verbose: int, quiet: bool) -> None:
    if summary.failure is not None:
        complain(summary.failure.message, summary.failure.advice)
    well = not summary.exit_code and not needs_you(summary, count(summary), TimeFormat(summary.time_zone))
    if quiet and well:
        return
    if form is Form.JSON:
        tell(partial(json_report.write, summary))
    elif summary.failure is not None and not summary.calendars:
        # Nothing was read or written: a screen of noughts would only hide the line that says why.
        return
    elif verbose:
        tell(partial(text.write, summary))
    else:
        tell(partial(text.write_screen, summary, colour=wants_colour()))
