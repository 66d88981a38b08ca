"""``timetable-sync alert``: try whether alerts arrive. Thin: sends, and says what became of it."""

import os
from datetime import UTC, datetime

import typer

from timetable_sync.alerts.alerting import trial
from timetable_sync.cli.options import Configuration, Facts, Form, Quiet, Verbose, prepared, tell_json
from timetable_sync.cli.tables import tell_lines
from timetable_sync.errors import UsageError
from timetable_sync.model.window import Window
from timetable_sync.reports.summary import RunSummary

app = typer.Typer(no_args_is_help=True, help="Alerts: see whether they arrive.")

#: Grows when a key is added to the JSON.
SCHEMA = 1


@app.callback()
def _alert() -> None:
    """Alerts: see whether they arrive."""


@app.command()
def test(config: Configuration = None, format: Facts = Form.TEXT, verbose: Verbose = 0, quiet: Quiet = False) -> None:
    """Send one message by every way that [mail], [webhook] and [apprise] set up, and say what became of it.

    Example: timetable-sync alert test

    Exit codes: 0 all were taken, 1 some were not, 2 none is set up.
    """
    loaded = prepared(config, verbose, quiet=quiet)
    settings, now = loaded.settings, datetime.now(UTC)
    summary = RunSummary(None, settings.timetable.source, now, now, Window(now, now), settings.timetable.time_zone, dry_run=True)
    results = trial(settings, summary, os.environ)
    if not results:
        raise UsageError("no way is set up on which alerts could go", "Set up [mail], [webhook] or [apprise].")
    if format is Form.JSON:
        tell_json(SCHEMA, {"channels": [{"channel": name, "sent": trouble is None, "trouble": trouble} for name, trouble in results]})
    else:
        tell_lines(*(f"{name:<9}{'sent' if trouble is None else trouble}" for name, trouble in results))
    raise typer.Exit(int(any(trouble is not None for _, trouble in results)))
