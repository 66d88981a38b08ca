"""``timetable-sync sandbox``: a local Entra ID and Exchange to try things on. Thin: the sandbox does it."""

from pathlib import Path
from typing import Annotated

import typer

from timetable_sync.sandbox.start import start

app = typer.Typer(help="A local Entra ID and Exchange to try things on.", no_args_is_help=True)


@app.callback()
def _sandbox() -> None:
    """A local Entra ID and Exchange to try things on."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Keep the sandbox's state in this file.", dir_okay=False)] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written once it listens: JSON with url and pid.", dir_okay=False)] = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Example: timetable-sync sandbox serve --port 8443 --state sandbox.json
    """
    start(host=host, port=port, state=state, ready=ready_file)
