"""``timetable-sync status``: was last night fine? Thin: gathers, prints, decides nothing."""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from timetable_sync.cli.history import RUNS
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared, state_of, tell_json
from timetable_sync.cli.tables import tell_lines, tell_table
from timetable_sync.history import held as holding
from timetable_sync.history import runs as words
from timetable_sync.history.status import Status, read_status
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.reports.quoting import command
from timetable_sync.state.run_records import NIGHT

#: Grows when a key is added to the JSON.
SCHEMA = 1


def status(
    config: Configuration = None,
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="How many of the last runs to show.")] = 5,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Was last night fine? The last runs, the next start, what is held, who is at work, the certificate.

    Example: timetable-sync status --format json
    """
    loaded = prepared(config, verbose, quiet=quiet)
    with state_of(loaded) as state:
        found = read_status(state, loaded.settings, datetime.now(UTC), most=runs, environ=os.environ)
    clock = clock_of(loaded)
    if format is Form.JSON:
        tell_json(SCHEMA, _json(found, clock))
    else:
        _text(found, clock)


def _text(found: Status, clock: TimeFormat) -> None:
    tell_lines(*(f"{label:<14}{value}" for label, value in _facts(found, clock)), "")
    if found.runs:
        tell_table(RUNS, [run_row(found, run_at, clock) for run_at in range(len(found.runs))])
    else:
        tell_lines(f"No run is on record in {found.where}.")


def run_row(found: Status, at: int, clock: TimeFormat) -> list[str]:
    """One run as a row of :data:`RUNS`."""
    run = found.runs[at]
    return [
        str(run.id),
        clock.moment(run.started),
        words.took(run),
        words.changes_in_words(run),
        words.in_words(run, found.lease),
        words.what(run),
    ]


def _facts(found: Status, clock: TimeFormat) -> list[tuple[str, str]]:
    facts = [("last night", _last(found, clock)), ("last success", _well(found, clock)), ("next start", _next(found, clock))]
    facts += [("held", line) for line in _held(found)] or [("held", "nothing")]
    lease = found.lease
    at_work = "nobody" if lease is None else f"process {lease.pid} on {lease.host} ({lease.holder}), since {clock.moment(lease.since)}"
    facts += [("at work", at_work), ("certificate", _certificate(found, clock))]
    facts += [("told of", f"{matter.name or 'the run'}: {matter.sentence}") for matter in found.matters if matter.kind != "held"]
    return facts


def _last(found: Status, clock: TimeFormat) -> str:
    run = next((run for run in found.runs if run.kind == NIGHT), None)
    if run is None:
        return "none on record"
    return f"{words.in_words(run, found.lease)}   run {run.id}, {clock.moment(run.started)}, {words.changes_in_words(run)}"


def _well(found: Status, clock: TimeFormat) -> str:
    if found.last_well is None:
        return "none on record"
    return f"{clock.moment(found.last_well.started)}   run {found.last_well.id}, {_ago(found.last_well.started, found.now)}"


def _ago(moment: datetime, now: datetime) -> str:
    hours = int((now - moment).total_seconds() // 3600)
    return f"{counted(hours // 24, 'day')} ago" if hours >= 48 else f"{counted(max(hours, 0), 'hour')} ago"


def _next(found: Status, clock: TimeFormat) -> str:
    if found.next_start is None:
        return "never, by [schedule]"
    return f"{clock.moment(found.next_start.at)}, by [schedule] (the daemon's; a timer or cron has its own)"


def _held(found: Status) -> list[str]:
    lines = []
    for thing in holding.held_items(list(found.held), list(found.held_calendars)):
        about = "the whole run" if thing.verdict.calendar is None else thing.verdict.calendar.name
        lines.append(f"{about}: {thing.verdict.sentence}   look: {command('held')}")
    return lines


def _certificate(found: Status, clock: TimeFormat) -> str:
    if found.certificate_ends is None:
        return f"cannot be read here: {found.certificate_trouble}" if found.certificate_trouble else "none: it signs in without one"
    days = (found.certificate_ends - found.now).days
    return (
        f"expired on {clock.day(found.certificate_ends)}"
        if days < 0
        else f"until {clock.day(found.certificate_ends)}, {counted(days, 'day')}"
    )


def _json(found: Status, clock: TimeFormat) -> dict[str, Any]:
    lease = found.lease
    return {
        "now": clock.iso(found.now),
        "state": found.where,
        "runs": [words.as_json(run, lease, clock) for run in found.runs],
        "last_success": None if found.last_well is None else words.as_json(found.last_well, lease, clock),
        "next_start": None if found.next_start is None else found.next_start.wall.isoformat(),
        "held": [holding.as_json(thing, clock) for thing in holding.held_items(list(found.held), list(found.held_calendars))],
        "lease": None
        if lease is None
        else {
            "holder": lease.holder,
            "host": lease.host,
            "pid": lease.pid,
            "since": clock.iso(lease.since),
            "until": clock.iso(lease.until),
        },
        "certificate": {
            "ends": None if found.certificate_ends is None else clock.iso(found.certificate_ends),
            "trouble": found.certificate_trouble or None,
        },
        "matters": [
            {
                "kind": matter.kind,
                "calendar": matter.address or None,
                "detail": matter.detail,
                "sentence": matter.sentence,
                "since": clock.iso(matter.since),
                "told": dict(matter.told),
            }
            for matter in found.matters
        ],
    }
