"""``timetable-sync forget``: strikes out what is on record of a mailbox that is gone for good. Thin: shows, asks, has it done."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from timetable_sync.cli.confirmation import Question, confirm
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared, tell_json
from timetable_sync.cli.output import complain
from timetable_sync.cli.tables import tell_heading, tell_lines
from timetable_sync.config.load import Loaded
from timetable_sync.errors import UsageError
from timetable_sync.forget import OnRecord, on_record
from timetable_sync.forget import forget as carry_out
from timetable_sync.reports.archive import strike_out
from timetable_sync.reports.formatting import TimeFormat, counted, number
from timetable_sync.reports.quoting import command

#: Grows when a key is added to the JSON.
SCHEMA = 1


def forget(
    calendars: Annotated[
        list[str], typer.Argument(metavar="CALENDAR...", help='Names or addresses, also as in "COMP*".', show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be forgotten.")] = False,
    yes: Annotated[
        int | None,
        typer.Option("--yes", metavar="N", min=0, help="Do not ask: go ahead if just so many events are on record.", show_default=False),
    ] = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Strike out all that is on record of calendars whose mailboxes are gone for good, with their history and their part in kept reports.

    First it shows what is on record, and asks. No calendar is written or asked anything. What the timetable names is not forgotten.

    Example: timetable-sync forget COMP101

    Exit codes: 0 done, 1 a kept report could not be rewritten, 2 not confirmed, in the timetable, or usage, 4 timetable unusable,
    6 another run is at work.
    """
    if dry_run and yes is not None:
        raise UsageError("--yes does not go with --dry-run", "Leave one of them away.")
    loaded = prepared(config, verbose, quiet=quiet)
    clock = clock_of(loaded)
    patterns = list(dict.fromkeys(calendars))
    found = on_record(loaded, patterns, datetime.now(UTC))
    if format is Form.TEXT:
        for one in found:
            tell_heading(f"{one.calendar.name}   {one.calendar.address}")
            tell_lines(*(f"  {line}" for line in _lines(one, clock)))
    gone, failed = dict[str, int](), False
    if not dry_run:
        many = sum(one.events for one in found)
        again = command("forget", *patterns, "--yes", str(many))
        confirm(_question(found, many, again), yes, asking=format is Form.TEXT)
        gone = carry_out(loaded, found)
        failed = not _struck_out(found, loaded)
    if format is Form.JSON:
        tell_json(SCHEMA, {"dry_run": dry_run, "calendars": [_json(one, clock) for one in found], "forgotten": gone})
    elif not dry_run:
        tell_lines("", _forgotten(found, gone))
    raise typer.Exit(int(failed))


def _struck_out(found: Sequence[OnRecord], loaded: Loaded) -> bool:
    """Whether what kept reports say of them could be taken out."""
    if (directory := loaded.settings.report.directory) is None:
        return True
    try:
        strike_out(directory, loaded.settings.timetable.source, [one.calendar for one in found])
    except OSError as error:
        complain(f"the reports in {directory} could not be rewritten: {error.strerror or error}", "Everything else is forgotten.")
        return False
    return True


def _lines(one: OnRecord, clock: TimeFormat) -> list[str]:
    days = f", {clock.days(*one.span)}" if one.span is not None else ""
    lines = [f"{counted(one.events, 'event')} on record{days}"]
    if one.failing is not None:
        lines.append(f"fails since run {one.failing.id}, {clock.moment(one.failing.started)}: {one.failure}")
    if one.gone_nights:
        lines.append(f"there was no such mailbox in the last {counted(one.gone_nights, 'night')} that asked for it")
    else:
        lines.append("nothing says that its mailbox is gone: if it is there, what stands in it stays, and no night removes it any more")
        lines.append(f"to take that out first: {command('purge', one.typed)}")
    return lines


def _question(found: Sequence[OnRecord], many: int, again: str) -> Question:
    return Question(
        what=f"{counted(len(found), 'calendar')} with {counted(many, 'event')} on record",
        would="be forgotten",
        more=", with all that was ever done there. No calendar is touched.",
        nothing="nothing was forgotten",
        names=[one.calendar.name for one in found],
        many=many,
        again=again,
    )


def _forgotten(found: Sequence[OnRecord], gone: Mapping[str, int]) -> str:
    names = ", ".join(one.calendar.name for one in found)
    are = "is" if len(found) == 1 else "are"
    return f"{names} {are} forgotten: {counted(gone['ledger'], 'event')} on record, and {number(gone['history'])} entries of history"


def _json(one: OnRecord, clock: TimeFormat) -> dict[str, object]:
    return {
        "name": one.calendar.name,
        "address": one.calendar.address,
        "events": one.events,
        "failing_since": None if one.failing is None else clock.iso(one.failing.started),
        "failing_run": None if one.failing is None else one.failing.id,
        "failure": one.failure,
        "gone_nights": one.gone_nights,
    }
