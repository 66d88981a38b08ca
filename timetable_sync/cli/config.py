"""``timetable-sync config``: an example to start from, what is wrong, what is in force. Thin: errors are the caller's to print."""

import json
import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from timetable_sync.config.database_url import masked
from timetable_sync.config.document import as_toml, as_values
from timetable_sync.config.document import example as example_toml
from timetable_sync.config.environment import PREFIX
from timetable_sync.config.errors import ConfigurationError, Problem
from timetable_sync.config.load import Loaded, find_configuration, load
from timetable_sync.config.reference import reference
from timetable_sync.config.secret_checks import SecretFound, inspect_secrets, place_of
from timetable_sync.timetable.template_check import template_problems

app = typer.Typer(no_args_is_help=True, help="The configuration: make one, check it, see what is in force.")

#: Grows when a field is added to the JSON; fields never vanish or change their meaning.
SCHEMA = 1


class Format(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


class Form(StrEnum):
    """How the example is printed."""

    TOML = "toml"
    MARKDOWN = "markdown"


Configuration = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)]
Facts = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
Files = Annotated[bool, typer.Option("--files/--no-files", help="Whether to look for the files and secrets that it names.")]


@app.command()
def example(
    form: Annotated[Form, typer.Option("--format", help="toml: a file to start from; markdown: the reference of all keys.")] = Form.TOML,
) -> None:
    """Print a configuration with every key, its meaning and its default.

    Example: timetable-sync config example > timetable-sync.toml
    """
    typer.echo(example_toml() if form is Form.TOML else reference(), nl=False)


@app.command()
def check(config: Configuration = None, files: Files = True, format: Facts = Format.TEXT) -> None:
    """Say everything that is wrong with the configuration, or what it sets up. Connects to nothing.

    Example: timetable-sync config check --config /etc/timetable-sync/timetable-sync.toml
    """
    try:
        loaded = load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=files)
        secrets, problems = inspect_secrets(loaded, os.environ) if files else ([], [])
        problems = [*[Problem(place_of(loaded, key), what, key) for key, what in template_problems(loaded.settings)], *problems]
        if problems:
            raise ConfigurationError(problems, "Every run would fail on it.", loaded.path)
    except ConfigurationError as error:
        if format is Format.JSON:
            found = [{"place": problem.place, "key": problem.key, "what": problem.what} for problem in error.problems]
            _json({"schema": SCHEMA, "ok": False, "problems": found})
        raise
    if format is Format.JSON:
        _json(_facts(loaded, secrets))
    else:
        typer.echo("\n".join(_lines(loaded, secrets)))


@app.command()
def show(config: Configuration = None, format: Facts = Format.TEXT) -> None:
    """Print the configuration in force: file, environment and defaults together, and where each value came from.

    Example: timetable-sync config show --format json
    """
    loaded = load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=False)
    if format is Format.JSON:
        _json(as_values(loaded))
    else:
        typer.echo(as_toml(loaded), nl=False)


def _json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _facts(loaded: Loaded, secrets: Sequence[SecretFound]) -> dict[str, Any]:
    settings = loaded.settings
    return {
        "schema": SCHEMA,
        "ok": True,
        "problems": [],
        "path": str(loaded.path),
        "timetable": masked(settings.timetable.url),
        "columns": sorted(settings.timetable.columns),
        "backend": settings.calendars.backend,
        "allow": settings.calendars.allow,
        "pilot": settings.calendars.pilot,
        "report_only": settings.calendars.report_only,
        "rules": len(settings.event.rules),
        "state": masked(settings.state.url),
        "overridden": _overridden(loaded),
        "secrets": [{"key": secret.key, "reference": secret.reference, "found": secret.found} for secret in secrets],
    }


def _lines(loaded: Loaded, secrets: Sequence[SecretFound]) -> Iterator[str]:
    settings = loaded.settings
    timetable, calendars = settings.timetable, settings.calendars
    yield f"{loaded.path} can be used"
    yield _line("timetable", masked(timetable.url))
    query = f"query in {timetable.query.removeprefix('file:')}" if timetable.query.startswith("file:") else "query in the configuration"
    if timetable.preset is not None:
        query = f"preset {timetable.preset.name}"
    yield _line("", f"{query}, {_count(len(timetable.columns), 'column')}, times of {timetable.time_zone}")
    yield _line(
        "calendars", f"{calendars.backend}, {_count(len(calendars.allow), 'pattern')} of allowed addresses: {', '.join(calendars.allow)}"
    )
    if calendars.pilot is not None:
        yield _line("", f"pilot: only {', '.join(calendars.pilot)}")
    if calendars.report_only:
        yield _line("", f"reported, never written: {', '.join(calendars.report_only)}")
    yield _line("events", _count(len(settings.event.rules), "rule"))
    yield _line("state", masked(settings.state.url))
    for heading, found in zip(_once("secrets"), secrets, strict=False):
        yield _line(heading, f"{found.key} {found.reference}: {found.found}")
    for heading, variable in zip(_once("overrides"), _overridden(loaded), strict=False):
        yield _line(heading, variable)


def _overridden(loaded: Loaded) -> list[str]:
    return sorted({origin for origin in loaded.origins.values() if origin.startswith(PREFIX)})


def _line(heading: str, text: str) -> str:
    return f"  {heading:<11}{text}"


def _once(heading: str) -> Iterator[str]:
    """The heading, then blanks below it."""
    yield heading
    while True:
        yield ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
