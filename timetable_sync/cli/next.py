"""``timetable-sync next``: when the daemon will start nights, also on the days when the clocks change. Connects to nothing."""

from datetime import UTC
from typing import Annotated

import typer

from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, moment_of, prepared, tell_json
from timetable_sync.cli.tables import Column, tell_lines, tell_table
from timetable_sync.config.units import show_duration
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.schedule import Oddity, Schedule, ScheduledStart, schedule_of

#: Grows when a key is added to the JSON.
SCHEMA = 1

_COLUMNS = (Column("start"), Column("UTC"), Column("", telling=True))


def next_starts(
    config: Configuration = None,
    many: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, max=1000, help="How many starts to show.")] = 5,
    after: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="After this time, as in 2027-03-27T12:00, instead of now.", show_default=False),
    ] = None,
    format: Facts = Form.TEXT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """When the daemon will start the next nights, by [schedule]. A start whose time does not exist, as the clocks go forward, comes with
    the offset before the change; one whose time comes twice is the first of the two.

    Example: timetable-sync next --from 2027-03-27T12:00
    """
    settings = prepared(config, verbose, quiet=quiet, files=False).settings
    starts = schedule_of(settings)
    moment = moment_of(after, starts.zone, option="--from")
    found = starts.some(moment, many)
    if format is Form.JSON:
        tell_json(SCHEMA, _json(starts, found, jitter=settings.schedule.jitter.total_seconds()))
        return
    tell_lines(f"{' and '.join(starts.expressions)}   in {starts.zone}")
    if settings.schedule.jitter:
        tell_lines(f"each put off by up to {show_duration(settings.schedule.jitter)}, by chance")
    tell_lines("")
    if not found:
        tell_lines("never")
        return
    clock = TimeFormat(starts.zone)
    tell_table(_COLUMNS, [[clock.moment(start.at), f"{start.at.astimezone(UTC):%H:%M:%S}", _remark(start)] for start in found])


def _remark(start: ScheduledStart) -> str:
    remarks: dict[Oddity, str] = {
        "": "",
        "does not exist": f"the clocks go forward: there is no {start.wall:%H:%M} that day",
        "comes twice": f"the clocks go back: {start.wall:%H:%M} comes twice, this is the first",
    }
    return remarks[start.oddity]


def _json(starts: Schedule, found: list[ScheduledStart], *, jitter: float) -> dict[str, object]:
    clock = TimeFormat(starts.zone)
    return {
        "cron": list(starts.expressions),
        "time_zone": starts.zone,
        "jitter_seconds": jitter,
        "starts": [
            {
                "at": clock.iso(start.at),
                "utc": start.at.astimezone(UTC).isoformat(),
                "wall_clock": start.wall.replace(tzinfo=None).isoformat(),
                "oddity": start.oddity or None,
            }
            for start in found
        ],
    }
