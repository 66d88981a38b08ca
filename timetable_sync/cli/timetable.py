"""``timetable-sync timetable``: what the night would see, what is wrong with it, the SQL that is sent. Thin; touches no calendar."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

import typer

from timetable_sync import logs
from timetable_sync.cli import preset
from timetable_sync.cli.options import moment_of
from timetable_sync.cli.output import tell
from timetable_sync.cli.progress import progress
from timetable_sync.cli.signals import interruptible
from timetable_sync.config.load import Loaded, find_configuration, load
from timetable_sync.config.units import parse_duration
from timetable_sync.errors import UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.preview import json_output, text
from timetable_sync.preview.check import Limits, check_timetable
from timetable_sync.preview.event_view import OneEvent, Origins, one_event
from timetable_sync.preview.request import PreviewRequest, activities_meant, day_named
from timetable_sync.preview.sql import dialect, statements
from timetable_sync.preview.timetable_view import TimetableView
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.reader import read_timetable

app = typer.Typer(no_args_is_help=True, help="The timetable as a night would see it. No calendar is touched.")

app.add_typer(preset.app, name="preset")

#: Lines of a table, where --limit says nothing. JSON has all.
LINES = 50


class Format(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


class By(StrEnum):
    """What a line of the table stands for."""

    CALENDAR = "calendar"
    DAY = "day"
    EVENT = "event"


Configuration = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)]
Facts = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
Patterns = Annotated[
    list[str] | None,
    typer.Option("--calendar", metavar="PATTERN", help='Only calendars with this name or address, as in "COMP*". Repeatable.'),
]
Day = Annotated[str | None, typer.Option("--day", metavar="DAY", help="Only this day, as in 2026-11-24.", show_default=False)]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="From this day on, not from where the night's window begins.", show_default=False),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="To the end of this day, not to where the window ends.", show_default=False)
]
Now = Annotated[
    str | None, typer.Option("--now", metavar="TIME", help="Pretend that it is this time, as in 2026-11-24T02:00.", show_default=False)
]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log more; -vv still more.", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, and only errors in the log.")]


@app.command()
def show(
    calendar: Patterns = None,
    day: Day = None,
    first: From = None,
    last: To = None,
    by: Annotated[
        By | None,
        typer.Option(
            "--by",
            help="A line for each calendar, day or event. Left out: events of a --calendar or --day, else calendars.",
            show_default=False,
        ),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            "--event", metavar="KEY", help="One event in full, with the rows it came from: its key or activity.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, help=f"At most so many lines; 0 is all. Left out: {LINES}, in JSON all.", show_default=False),
    ] = None,
    now: Now = None,
    config: Configuration = None,
    format: Facts = Format.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Show what a night would see: its calendars, its days, its events, or one event in full. Reads the timetable, touches no calendar.

    Example: timetable-sync timetable show --calendar COMP101 --from 2026-10-01 --to 2026-10-31
    """
    logs.configure(logs.QUIET if quiet else verbose)
    loaded = _loaded(config)
    asked = _asked(loaded, now, calendar, day, first, last)
    origins = None if event is None else Origins(activities_meant(event))
    with _outlook(loaded, asked, origins, watched=not quiet) as outlook:
        most = limit if limit is not None else LINES if format is Format.TEXT else 0
        if event is not None and origins is not None:
            found = one_event(outlook, event, origins, fields_of(loaded.settings.timetable))
            tell(partial(_write_found, outlook, found, format, most))
            return
        view = by or (By.EVENT if calendar or day is not None else By.CALENDAR)
        tell(partial(_write_view, outlook, view, format, most))


@app.command()
def check(
    calendar: Patterns = None,
    day: Day = None,
    first: From = None,
    last: To = None,
    short: Annotated[str, typer.Option("--short", metavar="DURATION", help="What lasts less is very short.")] = "10 minutes",
    long: Annotated[str, typer.Option("--long", metavar="DURATION", help="What lasts as long, or longer, is very long.")] = "8 hours",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Examples of each kind.")] = 5,
    now: Now = None,
    config: Configuration = None,
    format: Facts = Format.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with the timetable's data, by kind, with counts and examples. Reads the timetable and the last run's ledger.

    Example: timetable-sync timetable check --limit 20 --format json

    Exit codes: 0 a night would end well, 1 rows were set aside or calendars cannot be written, 2 usage or configuration,
    4 timetable unusable.
    """
    logs.configure(logs.QUIET if quiet else verbose)
    limits = Limits(_duration("--short", short), _duration("--long", long), limit)
    loaded = _loaded(config)
    asked = _asked(loaded, now, calendar, day, first, last)
    stop = threading.Event()
    with interruptible(stop), progress(wanted=not quiet) as watcher:
        watcher.phase("reading the timetable", None)
        checked = check_timetable(loaded, asked, limits, progress=watcher.step, stop=stop)
    if format is Format.JSON:
        tell(partial(json_output.write_findings, checked=checked))
    else:
        _print(text.findings(checked))
    raise typer.Exit(1 if checked.wrong else 0)


@app.command()
def query(config: Configuration = None, format: Facts = Format.TEXT) -> None:
    """Print the SQL that is sent to the timetable's database, ready for the database's own shell. Connects to nothing.

    Example: timetable-sync timetable query > timetable.sql
    """
    loaded = load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=False)
    found = statements(loaded)
    if format is Format.JSON:
        tell(partial(json_output.write_statements, dialect=dialect(loaded), found=found))
    else:
        _print(text.sql(dialect(loaded), found))


def _loaded(config: Path | None) -> Loaded:
    # Certificate and key need not be there yet: nothing is asked of Entra ID.
    return load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=False)


def _asked(
    loaded: Loaded, now: str | None, calendars: list[str] | None, day: str | None, first: str | None, last: str | None
) -> PreviewRequest:
    if day is not None and (first is not None or last is not None):
        raise UsageError("--day goes neither with --from nor with --to", "Give one day, or a first and a last one.")
    only = day_named("--day", day)
    return PreviewRequest(
        moment_of(now, loaded.settings.timetable.time_zone),
        tuple(calendars or ()),
        only or day_named("--from", first),
        only or day_named("--to", last),
    )


@contextmanager
def _outlook(loaded: Loaded, asked: PreviewRequest, origins: Origins | None, *, watched: bool) -> Iterator[TimetableView]:
    """The timetable is read under a progress bar; what is shown of it then is not disturbed by one."""
    window, stop = asked.window(loaded.settings), threading.Event()
    with ExitStack() as until_shown:
        with interruptible(stop), progress(wanted=watched) as watcher:
            watcher.phase("reading the timetable", None)
            reading = until_shown.enter_context(
                read_timetable(loaded.settings, window, base=loaded.base, progress=watcher.step, stop=stop, witness=origins)
            )
        yield TimetableView(loaded.settings, asked, window, reading)


def _write_view(outlook: TimetableView, view: By, format: Format, limit: int, out: TextIO) -> None:
    clock = TimeFormat(outlook.time_zone)
    one_day = outlook.asked.first is not None and outlook.asked.first == outlook.asked.last
    events = outlook.events_by_time() if one_day else outlook.events()
    if format is Format.JSON:
        items = {
            By.CALENDAR: lambda: json_output.calendar_items(outlook.calendar_lines(), clock),
            By.DAY: lambda: json_output.day_items(outlook.day_lines(), clock),
            By.EVENT: lambda: json_output.event_items(events, clock),
        }
        json_output.write_list(out, outlook, f"{view.value}s", items[view](), limit)
        return
    tables = {
        By.CALENDAR: lambda: text.calendar_table(outlook, outlook.calendar_lines(), limit),
        By.DAY: lambda: text.day_table(outlook, outlook.day_lines(), limit),
        By.EVENT: lambda: text.event_table(outlook, events, limit),
    }
    _write_lines(text.headline(outlook), out)
    _write_lines(tables[view](), out)


def _write_found(outlook: TimetableView, found: OneEvent | list[tuple[Calendar, Event]], format: Format, limit: int, out: TextIO) -> None:
    if isinstance(found, OneEvent):
        if format is Format.JSON:
            json_output.write_event(out, outlook, found)
        else:
            _write_lines(text.event_in_full(outlook, found), out)
    elif format is Format.JSON:
        json_output.write_list(out, outlook, "events", json_output.event_items(found, TimeFormat(outlook.time_zone)), limit)
    else:
        _write_lines(text.several(outlook, found, limit), out)


def _print(lines: Iterable[str]) -> None:
    tell(partial(_write_lines, lines))


def _write_lines(lines: Iterable[str], out: TextIO) -> None:
    out.writelines(f"{line}\n" for line in lines)


def _duration(option: str, given: str) -> timedelta:
    try:
        found = parse_duration(given)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", "Write it as in --long '8 hours'.") from None
    return found if isinstance(found, timedelta) else timedelta(0)
