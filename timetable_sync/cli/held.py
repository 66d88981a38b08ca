"""``timetable-sync held``: what guards hold, with numbers and events, and how to release it. Thin: reads and prints."""

from typing import Annotated

import typer

from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, clock_of, prepared, state_of, tell_json
from timetable_sync.cli.tables import tell_heading, tell_lines
from timetable_sync.config.load import Loaded
from timetable_sync.history import held as holding
from timetable_sync.history.held import HeldItem
from timetable_sync.planning.selection import matches
from timetable_sync.reports.commands import mend
from timetable_sync.reports.formatting import TimeFormat, counted
from timetable_sync.reports.quoting import command
from timetable_sync.reports.sanitize import legible, shortened
from timetable_sync.state.run_records import HeldCalendar, HeldChange
from timetable_sync.state.store import State

#: Grows when a key is added to the JSON.
SCHEMA = 1

#: So many events of a calendar are shown; with -v all that are on record.
_EVENTS = 10
_CALENDARS = 10
_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_LONGEST = 200


def held(
    calendar: Annotated[
        list[str] | None, typer.Argument(metavar="[CALENDAR]...", help="Only calendars with this name or address.", show_default=False)
    ] = None,
    config: Configuration = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """What guards hold back since the last run, with the events concerned, and what to type to let it through once.

    Example: timetable-sync held COMP101
    """
    loaded = prepared(config, verbose, quiet=quiet)
    clock = clock_of(loaded)
    with state_of(loaded) as state:
        found = holding.held_items(*state.recorded.held(loaded.settings.timetable.source))
        if calendar:
            found = [thing for thing in found if _concerns(thing, calendar)]
        if format is Form.JSON:
            tell_json(SCHEMA, {"held": [_json(state, loaded, thing, clock) for thing in found]})
        elif not found:
            tell_lines("Nothing is held." if not calendar else f"Nothing is held of {', '.join(calendar)}.")
        else:
            for at, thing in enumerate(found):
                if at:
                    tell_lines("")
                _tell(state, loaded, thing, clock, calendar or [], everything=verbose > 0)


def _concerns(thing: HeldItem, patterns: list[str]) -> bool:
    if thing.verdict.calendar is not None:
        return matches(thing.verdict.calendar, patterns)
    return any(matches(waiting.calendar, patterns) for waiting in thing.calendars)


def _json(state: State, loaded: Loaded, thing: HeldItem, clock: TimeFormat) -> dict[str, object]:
    facts = holding.as_json(thing, clock)
    for waiting, told in zip(thing.calendars, facts["calendars"], strict=True):
        changes = state.recorded.held_changes(loaded.settings.timetable.source, waiting.calendar)
        told["changes"] = [holding.change_json(change) for change in changes]
    return facts


def _tell(state: State, loaded: Loaded, thing: HeldItem, clock: TimeFormat, patterns: list[str], *, everything: bool) -> None:
    verdict = thing.verdict
    about = "The whole run" if verdict.calendar is None else verdict.calendar.name
    tell_heading(f"{about}: {verdict.sentence}")
    nights = "since" if verdict.since_run != verdict.run_id else "by"
    tell_lines(f"  held by {verdict.guard}, {nights} run {verdict.since_run}, {clock.moment(verdict.since)}")
    if verdict.calendar is not None:
        tell_lines(f"  {verdict.calendar.address}")
    shown = [waiting for waiting in thing.calendars if not patterns or matches(waiting.calendar, patterns)]
    listed = shown if everything or patterns else shown[:_CALENDARS]
    for waiting in listed:
        if verdict.calendar is None:
            tell_lines(f"  {waiting.calendar.name}   {holding.waiting(waiting)}")
        else:
            tell_lines(f"  {holding.waiting(waiting)}")
        if verdict.calendar is not None or patterns or everything:
            _tell_changes(waiting, state.recorded.held_changes(loaded.settings.timetable.source, waiting.calendar), clock, everything)
    if len(listed) < len(shown):
        tell_lines(f"  and {counted(len(shown) - len(listed), 'more calendar')}; -v shows all of them, with their events")
    if told := mend(verdict.guard):
        tell_lines(f"  {told}")
    if thing.release:
        tell_lines(f"  Let it through once:  {thing.release}")
    else:
        tell_lines("  Nothing releases this guard: mend the query, or what it reads.")


def _tell_changes(waiting: HeldCalendar, changes: list[HeldChange], clock: TimeFormat, everything: bool) -> None:
    shown = changes if everything else changes[:_EVENTS]
    for change in shown:
        first, lines = holding.change_lines(change, clock)
        tell_lines(f"    {_SIGNS[change.action]} {first}")
        for line in lines:
            if line.before is not None and line.after is not None:
                said = f"{shortened(legible(line.before), _LONGEST)}  ->  {shortened(legible(line.after), _LONGEST)}"
                tell_lines(f"        {line.label.lower():<12}{said}")
    total = waiting.created + waiting.updated + waiting.deleted
    if len(shown) < total:
        how = "-v shows more" if len(shown) < len(changes) else f"{command('run', '--dry-run', '--report', 'held.html')} shows all"
        tell_lines(f"    and {counted(total - len(shown), 'more change')}; {how}")
