"""``timetable-sync sandbox``: a local Entra ID and Exchange to try things on. Thin: the sandbox does it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync.cli.seed import rehearsal
from timetable_sync.config.load import find_configuration, load
from timetable_sync.sandbox.start import start

app = typer.Typer(help="A local Entra ID and Exchange to try things on.", no_args_is_help=True)


@app.callback()
def _sandbox() -> None:
    """A local Entra ID and Exchange to try things on."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="Register the application of this configuration, and give a mailbox to every calendar of its timetable.",
            show_default=False,
        ),
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the sandbox's state in this file.", dir_okay=False)] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written once it listens: JSON with url and pid.", dir_okay=False)] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Example: timetable-sync sandbox serve --port 8443 --config timetable-sync.toml --state sandbox.json
    """
    if config is None:
        start(host=host, port=port, state=state, ready=ready_file, then=_bare if state is None else None)
        return
    needed = rehearsal(load(find_configuration(config, os.environ, Path.cwd()), os.environ))
    typer.echo(f"sandbox: the application of {config} is registered, and {needed.mailboxes:,} group mailboxes are there for its calendars")
    start(host=host, port=port, state=state, ready=ready_file, first=needed.calls, then=_lead_there)


def _bare(url: str) -> None:
    """Say that a night would be refused here, and what to type instead."""
    typer.echo(f"Nobody is known at {url} yet: with --config FILE it takes application and calendars from that configuration.")


def _lead_there(url: str) -> None:
    """Say how a night gets here, whatever its configuration names."""
    typer.echo("To lead a night here and not to Microsoft, type this before it, in its terminal:")
    typer.echo(f"  export TIMETABLE_SYNC_ENTRA__AUTHORITY={url} TIMETABLE_SYNC_EWS__ENDPOINT={url}/EWS/Exchange.asmx")
