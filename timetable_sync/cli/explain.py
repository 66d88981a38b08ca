"""``timetable-sync explain``: why is my lecture where it is? Thin: finds the events, has their stories told, prints them."""

import os
from datetime import date
from typing import Annotated

import typer

from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared, state_of, tell_json
from timetable_sync.cli.output import complain
from timetable_sync.cli.progress import progress
from timetable_sync.cli.tables import Column, tell_heading, tell_lines, tell_table
from timetable_sync.config.load import Loaded
from timetable_sync.errors import TimetableUnusable, UsageError
from timetable_sync.history.event_changes import FieldChange
from timetable_sync.history.event_history import EventChange, EventHistory, as_json, event_history, on_day
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.key import EventKey
from timetable_sync.planning.selection import matches
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.reports.quoting import command
from timetable_sync.reports.sanitize import legible, shortened
from timetable_sync.state.store import State
from timetable_sync.timetable.provenance import Origin, Origins, find_origins

#: Grows when a key is added to the JSON.
SCHEMA = 2

#: More events than this are listed to choose from, not told.
_MOST = 20
_LONGEST = 300


def explain(
    event: Annotated[str, typer.Argument(help="An event's key or a part of it (an activity), or a calendar's name or address.")],
    day: Annotated[
        str | None, typer.Argument(metavar="[DAY]", help="With a calendar: the day, as in 2026-11-24.", show_default=False)
    ] = None,
    config: Configuration = None,
    timetable: Annotated[bool, typer.Option("--timetable/--no-timetable", help="Also look up the rows that it comes from now.")] = True,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Every change ever made to an event: from what to what, when and why, and the rows that it comes from now.

    Example: timetable-sync explain COMP101 2026-11-24
    """
    loaded = prepared(config, verbose, quiet=quiet)
    clock = clock_of(loaded)
    with state_of(loaded) as state:
        places = _found(state, loaded, event, day, clock)
        if len(places) > _MOST and format is Form.TEXT:
            _choose(places)
            return
        origins, trouble = _origins(loaded, [key for _, key in places], wanted=timetable, watched=not quiet)
        told = [_told(state, loaded, calendar, key, clock, origins) for calendar, key in places]
    if format is Form.JSON:
        tell_json(SCHEMA, {"events": [as_json(one, clock) for one in told], "timetable_trouble": trouble.message if trouble else None})
    else:
        for at, one in enumerate(told):
            if at:
                tell_lines("")
            _tell(one, clock, looked=origins is not None)
    if trouble is not None:
        complain(f"the rows that it comes from now could not be looked up: {trouble.message}", trouble.advice)
        raise typer.Exit(trouble.exit_code)


def _found(state: State, loaded: Loaded, event: str, day: str | None, clock: TimeFormat) -> list[tuple[Calendar, str]]:
    """Calendar and key of each event that is meant. Raises UsageError where there is none."""
    source = loaded.settings.timetable.source
    calendars = state.recorded.calendars(source)
    if day is not None:
        when = _day(day)
        chosen = [calendar for calendar in calendars if matches(calendar, [event])]
        if not chosen:
            raise UsageError(f'no calendar with the name or address "{event}" is on record', _names(calendars))
        found = [(calendar, key) for calendar in chosen for key in on_day(state.recorded.changes_of(source, calendar.address), when, clock)]
        if not found:
            raise UsageError(f"nothing of ours was ever in {event} on {when:%d %b %Y}", "Events that people made are not ours to explain.")
        return found
    names = {calendar.address: calendar for calendar in calendars}
    keys = state.recorded.keys(source, event)
    if EventKey.parse(event) is not None:
        keys = [(address, key) for address, key in keys if key == event]
    if not keys:
        if any(matches(calendar, [event]) for calendar in calendars):
            raise UsageError(f"{event} is a calendar: which day?", f"As in: {command('explain', event, '2026-11-24')}")
        raise UsageError(f'no event with "{event}" in its key is on record', "Or name a calendar and a day: explain COMP101 2026-11-24")
    return [(names.get(address, Calendar(address, address)), key) for address, key in keys]


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UsageError(f'"{given}" is not a day', "Write it as in 2026-11-24.") from None


def _names(calendars: list[Calendar]) -> str:
    if not calendars:
        return "No event has ever been written by this configuration."
    shown = ", ".join(calendar.name for calendar in calendars[:12])
    return f"There are: {shown}{' …' if len(calendars) > 12 else ''}"


def _origins(
    loaded: Loaded, keys: list[str], *, wanted: bool, watched: bool
) -> tuple[Origins | None, TimetableUnusable | UsageError | None]:
    if not wanted:
        return None, None
    try:
        with progress(wanted=watched) as watcher:
            watcher.phase("reading the timetable", None)
            return find_origins(loaded.settings, set(keys), base=loaded.base, environ=os.environ, progress=watcher.step), None
    except (TimetableUnusable, UsageError) as error:
        return None, error


def _told(state: State, loaded: Loaded, calendar: Calendar, key: str, clock: TimeFormat, origins: Origins | None) -> EventHistory:
    source = loaded.settings.timetable.source
    stands = key in state.ledger_entries(source, calendar)
    return event_history(calendar, key, state.changes(source, key=key, address=calendar.address), clock, stands=stands, origins=origins)


def _choose(places: list[tuple[Calendar, str]]) -> None:
    tell_lines(f"{counted(len(places), 'event')} are meant; name one of them, or a calendar and a day:", "")
    tell_table((Column("calendar"), Column("event")), [[calendar.name, key] for calendar, key in places])


def _tell(told: EventHistory, clock: TimeFormat, *, looked: bool) -> None:
    tell_heading(f"{told.calendar.name}   {told.title or told.key}")
    tell_lines(f"  {told.key}   {told.calendar.address}")
    if not told.chapters:
        tell_lines("", "  No change of it is on record: it was there before the history begins.")
    for chapter in told.chapters:
        tell_lines("", f"  {clock.moment(chapter.at)}   run {chapter.run}   {chapter.what}: {chapter.why}")
        tell_lines(*(f"      {line}" for line in _lines(chapter)))
    tell_lines("", f"  Now: {'it is in the calendar' if told.stands else 'it is not in the calendar'}, as far as the last run saw.")
    if looked and told.origin is not None:
        _tell_origin(told.origin, told.columns, clock)


def _lines(chapter: EventChange) -> list[str]:
    lines = [_line(line) for line in chapter.lines]
    return [*lines, *([shortened(chapter.trouble, _LONGEST)] if chapter.trouble else [])]


def _line(line: FieldChange) -> str:
    def value(text: str | None) -> str:
        return shortened(legible(text), _LONGEST) if text else "(none)"

    if line.before is not None and line.after is not None:
        return f"{line.label.lower():<12}{value(line.before)}  ->  {value(line.after)}"
    return f"{line.label.lower():<12}{value(line.after if line.before is None else line.before)}"


def _tell_origin(origin: Origin, names: tuple[str, ...], clock: TimeFormat) -> None:
    if not origin.rows:
        tell_lines("  The timetable has no row of it now.")
        return
    if origin.start is None or origin.end is None:
        said = "but none of them can be used"
    else:
        said = f"{'cancelled, ' if origin.cancelled else ''}{clock.span(origin.start, origin.end)}"
    tell_lines(f"  In the timetable now, {counted(len(origin.rows), 'row')}: {said}", "")
    rows = [[str(row.number), *(_cell(cell) for cell in row.cells)] for row in origin.rows]
    tell_table((Column("row", right=True), *(Column(name) for name in names)), rows, indent=4)
    counting = [(child.query, ", ".join(child.values)) for child in origin.child_rows if child.counts]
    if counting:
        tell_lines("")
        tell_table((Column("from children"), Column("it has")), [[query, shortened(legible(has), 80)] for query, has in counting], indent=4)
    for row in origin.rows:
        if row.refused:
            tell_lines(f"    row {row.number} is set aside: {row.refused}")


def _cell(value: object) -> str:
    return "" if value is None else shortened(legible(str(value)), 60)
