"""``timetable-sync state``: upgrade the state database, and say what it is. Thin: errors are the caller's to print."""

import json
import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync.config.load import Loaded, find_configuration, load
from timetable_sync.state.maintenance import Fit, StateInfo, state_info, upgrade_state

app = typer.Typer(no_args_is_help=True, help="The state database: ledger, history and lease.")


class Format(StrEnum):
    """How facts are printed."""

    TEXT = "text"
    JSON = "json"


Configuration = Annotated[Path | None, typer.Option("--config", help="The configuration file.", show_default=False)]

#: Grows when a field is added to the JSON; fields never vanish or change their meaning.
SCHEMA = 1

_FITS = {
    Fit.EMPTY: "empty: the first run makes it",
    Fit.CURRENT: "up to date",
    Fit.OLDER: "older than this version; upgrade it: timetable-sync state upgrade",
    Fit.NEWER: "made by a newer timetable-sync, which this version cannot use",
    Fit.FOREIGN: "not a state database: it holds tables of something else",
}


@app.command()
def upgrade(config: Configuration = None) -> None:
    """Bring the state database's schema up to date; make it where there is none.

    Example: timetable-sync state upgrade --config /etc/timetable-sync/timetable-sync.toml
    """
    done = upgrade_state(_loaded(config).settings.state)
    if done.before is None:
        typer.echo(f"{done.where}: made, schema {done.after}")
    elif done.before == done.after:
        typer.echo(f"{done.where}: up to date, schema {done.after}")
    else:
        typer.echo(f"{done.where}: upgraded from schema {done.before} to {done.after}")


@app.command()
def info(
    config: Configuration = None,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Say where the state database is, its version and size, and what it holds. Changes nothing.

    Example: timetable-sync state info --format json
    """
    facts = state_info(_loaded(config).settings.state)
    typer.echo(_as_json(facts) if format is Format.JSON else _as_text(facts))


def _loaded(config: Path | None) -> Loaded:
    # Whether the query's or the certificate's file is there is no matter here.
    return load(find_configuration(config, os.environ, Path.cwd()), os.environ, files=False)


def _as_json(facts: StateInfo) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(facts)}, indent=2)


def _as_text(facts: StateInfo) -> str:
    found = "none" if facts.version is None else facts.version
    lines = [
        ("where", f"{facts.where} ({facts.kind})"),
        ("schema", f"{found}, {_FITS[facts.fit]}"),
        ("size", f"{facts.size / 1_048_576:,.1f} MiB"),
        ("runs", f"{facts.runs:,}"),
        ("ledger", f"{facts.ledger_entries:,} entries"),
        ("history", f"{facts.history_entries:,} changes"),
    ]
    return "\n".join(f"{name:<9}{value}" for name, value in lines)
