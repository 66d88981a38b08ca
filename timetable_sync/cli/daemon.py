"""``timetable-sync daemon``: wakes by the schedule until it is told to end. Thin: the service room does it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from timetable_sync import logs
from timetable_sync.cli.options import Configuration, Form, Quiet
from timetable_sync.config.load import Loaded, find_configuration, load
from timetable_sync.daemon.daemon import Daemon
from timetable_sync.daemon.sd_notify import Notifier


def daemon(
    config: Configuration = None,
    log_format: Annotated[Form, typer.Option("--log-format", help="Form of the log on standard error.")] = Form.TEXT,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log more; -vv still more.", show_default=False)] = 0,
    quiet: Quiet = False,
) -> None:
    """Run a night whenever [schedule] says so, until told to end; a missed night is made up for once.

    SIGTERM ends it after what is in flight, SIGHUP takes a changed configuration for the next night, SIGUSR1 runs one now.

    Example: timetable-sync daemon --config /etc/timetable-sync/timetable-sync.toml
    """
    # A service's log is all that is seen of it: it says what it does without being asked to.
    logs.configure(logs.QUIET if quiet else verbose + 1, log_format.value)
    path = find_configuration(config, os.environ, Path.cwd()).absolute()

    def read() -> Loaded:
        return load(path, os.environ)

    options = ["--quiet"] if quiet else ["-" + "v" * (verbose + 1)]
    Daemon(read, [*options, "--log-format", log_format.value], os.environ, Notifier(os.environ)).run()
