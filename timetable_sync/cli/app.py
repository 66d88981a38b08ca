"""The command line: what commands there are, and the one place where an exception becomes advice and an exit code."""

import gc
import sys
from collections.abc import Sequence
from typing import Annotated

import structlog
import typer

from timetable_sync import __version__, logs
from timetable_sync.cli import signals
from timetable_sync.cli.commands import Commands
from timetable_sync.cli.crash_handler import watch_last_words
from timetable_sync.cli.output import PROGRAM, complain, forgiving
from timetable_sync.errors import TimetableSyncError
from timetable_sync.reports.quoting import name_configuration

log = structlog.stdlib.get_logger(__name__)

app = typer.Typer(
    name=PROGRAM,
    cls=Commands,
    help="Keeps group calendars in Microsoft 365 and Exchange equal to the timetable in a database.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: example lines stay as they are written, brackets and all.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)

# Typer made Click a part of itself in 0.26 and offers no public name for what both call ClickException;
# BadParameter is public, and stands two steps below it before and after.
_BadCommandLine: type[Exception] = typer.BadParameter.__mro__[2]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)] = False,
) -> None:
    logs.configure()


def main() -> None:
    """What the console script calls: ends the process with the exit code."""
    watch_last_words()
    # A night makes very many small values and next to no circles: to look for those after every 700 takes a tenth of its time.
    gc.set_threshold(50_000, 20, 50)
    code = exit_code_of(sys.argv[1:])
    # The interpreter looks for circles in all that there is several times before it ends, which takes longer than a small night.
    gc.freeze()
    sys.exit(code)


def exit_code_of(arguments: Sequence[str]) -> int:
    """Carry out one command line; gives its exit code. Whatever goes wrong is said on standard error."""
    forgiving()
    logs.configure()
    try:
        with logs.one_run():
            return _exit_code_of(arguments)
    finally:
        name_configuration(None)


def _exit_code_of(arguments: Sequence[str]) -> int:
    try:
        return _carried_out(arguments)
    except TimetableSyncError as error:
        complain(error.message, error.advice)
        return error.exit_code
    except _BadCommandLine as error:
        return _bad_command_line(error)
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return signals.EXIT_CODE
    except Exception as error:
        log.debug("unexpected error", exc_info=True)
        complain(
            f"unexpected {type(error).__name__}: {str(error).strip() or 'no further words'}",
            "This is a mistake in timetable-sync: please report it. With -vv the log shows where it happened.",
        )
        return 1


def _carried_out(arguments: Sequence[str]) -> int:
    code = typer.main.get_command(app).main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    if code == signals.EXIT_CODE:
        # Typer makes this of Ctrl-C, and says nothing.
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _bad_command_line(error: Exception) -> int:
    """One line in our own form. ``no_args_is_help`` arrives here as well, with the help for its message."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(getattr(error, "message", str(error)), err=True)
        return 2
    said = str(getattr(error, "format_message", error.__str__)()).strip()
    where = context.command_path if context is not None else PROGRAM
    complain(said[:1].lower() + said[1:].rstrip(".").replace("Value error, ", ""), f"See: {where} --help")
    return int(getattr(error, "exit_code", 2))
