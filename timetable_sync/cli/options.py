"""The options that every command that prints facts has, and the way to its configuration."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from timetable_sync import logs
from timetable_sync.cli.output import tell_text
from timetable_sync.reporting.legible import encodable
from timetable_sync.reporting.times import Clock
from timetable_sync.reporting.typed import name_configuration
from timetable_sync.settings.load import Loaded, find_configuration, load, to_be_named


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


def clock_of(loaded: Loaded) -> Clock:
    """The timetable's clock."""
    return Clock(loaded.settings.timetable.time_zone)


def tell_json(schema: int, facts: dict[str, Any]) -> None:
    """``facts`` to standard output; ``schema`` grows when keys are added, and keys never vanish or change their meaning."""
    text = encodable(json.dumps({"schema": schema, **facts}, ensure_ascii=False, indent=2, default=str)) + "\n"
    tell_text(text)
