"""``timetable-sync doctor``: everything that a night needs, looked at before it is needed. Thin: the room ``doctor`` does it."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync.apply.progress import Progress
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, moment_of, prepared, tell_json
from timetable_sync.cli.output import tell_text, wants_colour
from timetable_sync.cli.progress import progress
from timetable_sync.cli.signals import interruptible
from timetable_sync.config.errors import ConfigurationError
from timetable_sync.doctor.examination import Asked, Examination
from timetable_sync.doctor.results import CheckResult, Level, Part, exit_code_of, failed
from timetable_sync.redaction import redact, redact_value
from timetable_sync.reports.formatting import counted
from timetable_sync.reports.sanitize import legible

#: Grows when a key is added to the JSON.
SCHEMA = 1

_MARKS = {Level.PASS: ("ok", "32"), Level.WARNING: ("warn", "33"), Level.FAILURE: ("FAIL", "31;1")}


def doctor(
    calendar: Annotated[
        list[str] | None,
        typer.Option("--calendar", metavar="PATTERN", help='Only calendars with this name or address, as in "COMP*". Repeatable.'),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Create, find, change and delete a probe event: in each --calendar, or else in one calendar.")
    ] = False,
    now: Annotated[
        str | None, typer.Option("--now", metavar="TIME", help="Pretend that it is this time, as in 2026-11-24T02:00.", show_default=False)
    ] = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Look at everything that a night needs, from the inside out, and say what to do about what is wrong. Without --write, only reads.

    Example: timetable-sync doctor --calendar COMP101 --write

    Exit codes: 0 a run would go well (there may be warnings), or the code that a run would have: 1 calendars or rows, 2 configuration
    or state, 3 credentials refused, 4 timetable unusable, 5 a guard would hold something, 6 another run is at work.
    """
    stop = threading.Event()
    with interruptible(stop), progress(wanted=not quiet and format is Form.TEXT) as watcher:
        # Told once all are there: lines would run into those of the progress on a terminal.
        found = list(_findings(config, tuple(calendar or ()), now, watcher, stop, verbose, write=write, quiet=quiet))
    code = exit_code_of(found)
    if format is Form.JSON:
        tell_json(SCHEMA, {"exit_code": code, "findings": [_as_json(finding) for finding in found]})
        raise typer.Exit(code)
    for before, finding in zip([None, *found], found, strict=False):
        if not (quiet and finding.level is Level.PASS):
            # What several need is said once.
            _tell(finding, advised=before is not None and (before.part, before.advice) == (finding.part, finding.advice))
    if not quiet or code:
        tell_text("\n" + _verdict(found, code) + "\n")
    if code:
        raise typer.Exit(code)


def _findings(
    config: Path | None,
    calendars: tuple[str, ...],
    now: str | None,
    watcher: Progress,
    stop: threading.Event,
    verbose: int,
    *,
    write: bool,
    quiet: bool,
) -> Iterator[CheckResult]:
    try:
        loaded = prepared(config, verbose, quiet=quiet, files=True)
    except ConfigurationError as error:
        yield failed(Part.CONFIGURATION, error.message, error.advice, error.exit_code)
        return
    moment = datetime.now(UTC) if now is None else moment_of(now, loaded.settings.timetable.time_zone)
    asked = Asked(moment, calendars, write)
    yield from Examination(loaded, asked, environ=os.environ, progress=watcher, stop=stop).findings()


def _tell(finding: CheckResult, *, advised: bool) -> None:
    word, colour = _MARKS[finding.level]
    mark = f"\x1b[{colour}m{word:<5}\x1b[0m" if wants_colour() else f"{word:<5}"
    first, *more = (legible(redact(line)) for line in finding.said.splitlines())
    lines = [f"{mark} {finding.part.value:<14}{first}", *(f"{'':20}{line}" for line in more)]
    lines += [f"{'':20}{legible(redact(line))}" for line in finding.details]
    lines += [
        f"{'':20}{'> ' if not at else '  '}{legible(redact(line))}"
        for at, line in enumerate([] if advised else finding.advice.splitlines())
    ]
    tell_text("\n".join(line.rstrip() for line in lines) + "\n")


def _verdict(found: list[CheckResult], code: int) -> str:
    warnings = sum(finding.level is Level.WARNING for finding in found)
    failures = sum(finding.level is Level.FAILURE for finding in found)
    also = f", {counted(warnings, 'warning')}" if warnings else ""
    if failures:
        return f"{counted(failures, 'failure')}{also}: a run would end with exit code {code}."
    return f"A run would go well{also}."


def _as_json(finding: CheckResult) -> dict[str, object]:
    return {
        "part": finding.part.value,
        "level": finding.level.value,
        "said": redact(finding.said),
        "advice": redact(finding.advice),
        "exit_code": finding.exit_code,
        "facts": redact_value(dict(finding.facts)),
    }
