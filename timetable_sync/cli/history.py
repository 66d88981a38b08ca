"""``timetable-sync history``: the runs, or one of them. Thin: reads, prints, decides nothing."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared, state_of, tell_json
from timetable_sync.cli.tables import Column, tell_heading, tell_lines, tell_table
from timetable_sync.errors import UsageError
from timetable_sync.history import runs as words
from timetable_sync.history.event_changes import title
from timetable_sync.planning.selection import matches
from timetable_sync.reports.formatting import TimeFormat, counted, number
from timetable_sync.state.run_records import CalendarRecord, HistoryEntry, LeaseRecord, RunRecord
from timetable_sync.state.store import State

#: Grows when a key is added to the JSON.
SCHEMA = 1

#: Of a list of runs.
RUNS = (
    Column("run", right=True),
    Column("started"),
    Column("took"),
    Column("changes"),
    Column("outcome", telling=True),
    Column("asked for"),
)

#: Of one run, so many events are listed; with -v all of them.
_EVENTS = 20
_CALENDARS = (
    Column("calendar"),
    Column("status", telling=True),
    Column("created", right=True),
    Column("updated", right=True),
    Column("deleted", right=True),
    Column("what happened"),
)
_EVENT = (Column("calendar"), Column("what"), Column("event"), Column("why"), Column("outcome", telling=True))


def history(
    run: Annotated[int | None, typer.Argument(metavar="[RUN]", help="One run's number, to see it in full.", show_default=False)] = None,
    config: Configuration = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many runs to list.")] = 20,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", metavar="WORD", help=f"Only runs that came out so: {', '.join(words.OUTCOMES)}. Repeatable."),
    ] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="Only runs of so many days.", show_default=False)] = None,
    calendar: Annotated[
        list[str] | None,
        typer.Option("--calendar", metavar="PATTERN", help="Only runs that had something to say of such a calendar. Repeatable."),
    ] = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """The runs, newest first; or one of them, with its calendars and every change that it tried.

    Example: timetable-sync history --days 30 --outcome failed --outcome held
    """
    for word in outcome or ():
        if word not in words.OUTCOMES:
            raise UsageError(f'--outcome: "{word}" is none', f"There are: {', '.join(words.OUTCOMES)}.")
    loaded = prepared(config, verbose, quiet=quiet)
    source, clock = loaded.settings.timetable.source, clock_of(loaded)
    with state_of(loaded) as state:
        lease = state.recorded.lease()
        if run is not None:
            _one(state, source, run, lease, clock, format, everything=verbose > 0)
            return
        since = None if days is None else datetime.now(UTC) - timedelta(days=days)
        narrowed = bool(outcome or days or calendar)
        found = words.chosen(state.runs(source, None if narrowed else most), lease, outcomes=outcome or (), since=since)
        if calendar:
            found = [one for one in found if any(matches(record.calendar, calendar) for record in state.run_calendars(one.id))]
        found = found[:most]
    if format is Form.JSON:
        tell_json(SCHEMA, {"runs": [words.as_json(one, lease, clock) for one in found]})
    elif found:
        tell_table(RUNS, [_row(one, lease, clock) for one in found])
    else:
        tell_lines("No such run is on record.")


def _row(run: RunRecord, lease: LeaseRecord | None, clock: TimeFormat) -> list[str]:
    said = words.in_words(run, lease)
    return [str(run.id), clock.moment(run.started), words.took(run), words.changes_in_words(run), said, words.what(run)]


def _one(state: State, source: str, number_: int, lease: LeaseRecord | None, clock: TimeFormat, format: Form, *, everything: bool) -> None:
    run = state.recorded.run(source, number_)
    if run is None:
        raise UsageError(f"there is no run {number_} on record", "See which there are: timetable-sync history")
    calendars, verdicts = state.run_calendars(run.id), state.run_verdicts(run.id)
    changes = state.changes(source, run_id=run.id)
    if format is Form.JSON:
        tell_json(
            SCHEMA,
            {
                **words.as_json(run, lease, clock),
                "calendars": [words.calendar_json(record) for record in calendars],
                "verdicts": [words.verdict_json(verdict) for verdict in verdicts],
                "changes": [_change_json(change, clock) for change in changes],
            },
        )
        return
    tell_heading(f"Run {run.id}, {clock.moment(run.started)}: {words.in_words(run, lease)}")
    tell_lines(*(f"  {label:<10}{value}" for label, value in _facts(run, clock) if value))
    for verdict in verdicts:
        about = "the whole run" if verdict.calendar is None else verdict.calendar.name
        tell_lines(f"  {'released' if verdict.forced else 'held':<10}{about}: {verdict.sentence} ({verdict.guard})")
    if calendars:
        tell_lines("")
        tell_table(_CALENDARS, [_calendar_row(record) for record in calendars])
    if changes:
        names = {record.calendar.address: record.calendar.name for record in calendars}
        shown = changes if everything else changes[:_EVENTS]
        tell_lines("")
        tell_table(_EVENT, [_change_row(change, names, clock) for change in shown])
        if len(shown) < len(changes):
            tell_lines("", f"and {counted(len(changes) - len(shown), 'more change')}; -v shows all of them")


def _facts(run: RunRecord, clock: TimeFormat) -> list[tuple[str, str]]:
    phases = ", ".join(f"{name} {float(seconds):.1f} s" for name, seconds in run.summary.get("phases", {}).items())
    requests = ", ".join(f"{name} {number(int(made))}" for name, made in run.summary.get("requests", {}).items() if made)
    read = (
        ", ".join(f"{number(int(many))} {name.replace('_', ' ')}" for name, many in run.counts.items()) if any(run.counts.values()) else ""
    )
    retries = int(run.summary.get("retries", 0))
    waited = f"{float(run.summary.get('waited', 0)):.0f} s in {counted(retries, 'pause')}" if retries else ""
    return [
        ("took", f"{words.took(run)}   {phases}".strip()),
        ("window", clock.days(run.window.start, run.window.end)),
        ("asked for", words.what(run)),
        ("read", read),
        ("changes", words.changes_in_words(run)),
        ("requests", requests),
        ("waited", waited),
        ("by", f"timetable-sync {run.version}, process {run.pid} on {run.host}"),
    ]


def _calendar_row(record: CalendarRecord) -> list[str]:
    numbers = [number(many) if many else "" for many in (record.created, record.updated, record.deleted)]
    return [record.calendar.name, record.status, *numbers, record.message]


def _change_row(change: HistoryEntry, names: dict[str, str], clock: TimeFormat) -> list[str]:
    portrait = change.after or change.before
    event = change.key if portrait is None else title(portrait, clock)
    said = change.outcome if not change.error else f"{change.outcome}: {change.error}"
    return [names.get(change.address, change.address), change.action, event, change.reason, said]


def _change_json(change: HistoryEntry, clock: TimeFormat) -> dict[str, object]:
    return {
        "at": clock.iso(change.at),
        "calendar": change.address,
        "key": change.key,
        "action": change.action,
        "reason": change.reason,
        "outcome": change.outcome,
        "error": change.error,
        "before": change.before,
        "after": change.after,
    }
