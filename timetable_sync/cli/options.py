"""The options that commands share, and what they lead to: the configuration, a moment, the output, the state database."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from timetable_sync import logs
from timetable_sync.cli.output import tell_text
from timetable_sync.config.load import Loaded, find_configuration, load, to_be_named
from timetable_sync.errors import UsageError
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.quoting import name_configuration
from timetable_sync.reports.sanitize import encodable
from timetable_sync.state.store import State, open_state


def moment_of(given: str | None, zone: str, *, option: str = "--now") -> datetime:
    """The moment that ``given`` (ISO 8601) names, in UTC; without an offset it is local time in ``zone``. None is now."""
    if given is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f'{option}: "{given}" is not a time', "Write it as in 2026-11-24T02:00 or 2026-11-24T02:00+01:00.") from None


class Form(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


Configuration = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)]
Facts = Annotated[Form, typer.Option("--format", help="text for people, json for programs.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log what is done; -vv still more.", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Log nothing but errors.")]


def prepared(config: Path | None, verbose: int, *, quiet: bool, files: bool = False) -> Loaded:
    """The configuration, once the log is set. Without ``files``, what it names need not be there."""
    logs.configure(logs.QUIET if quiet else verbose)
    loaded = load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=files)
    name_configuration(to_be_named(loaded.path, os.environ, Path.cwd()))
    return loaded


def clock_of(loaded: Loaded) -> TimeFormat:
    """The timetable's clock."""
    return TimeFormat(loaded.settings.timetable.time_zone)


def tell_json(schema: int, facts: dict[str, Any]) -> None:
    """``facts`` to standard output; ``schema`` grows when keys are added, and keys never vanish or change their meaning."""
    text = encodable(json.dumps({"schema": schema, **facts}, ensure_ascii=False, indent=2, default=str)) + "\n"
    tell_text(text)


@contextmanager
def state_of(loaded: Loaded) -> Iterator[State]:
    """The state database, to look at."""
    with open_state(loaded.settings.state, read_only=True) as state:
        yield state
