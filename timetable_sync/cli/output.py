"""Facts to standard output, troubles to standard error: as one line of what happened and one of what to do."""

import os
import sys
from collections.abc import Callable
from typing import TextIO

from timetable_sync.redaction import redact
from timetable_sync.reports.sanitize import legible_lines

PROGRAM = "timetable-sync"


def complain(message: str, advice: str = "") -> None:
    """``timetable-sync: MESSAGE`` and the advice indented below it, without secrets and control characters."""
    lines = [f"{PROGRAM}: {message}"]
    lines += [f"  {line}" for line in advice.splitlines()]
    try:
        sys.stderr.write(legible_lines(redact("\n".join(lines))) + "\n")
        sys.stderr.flush()
    except OSError:
        _muted(sys.stderr)


def tell(write: Callable[[TextIO], None]) -> None:
    """Let ``write`` write to standard output. Nobody reading it any more (``| head``) is no error."""
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        _muted(sys.stdout)


def tell_text(text: str) -> None:
    """``text``, as it stands, to standard output."""

    def write(out: TextIO) -> None:
        out.write(text)

    tell(write)


def wants_colour() -> bool:
    """Whether standard output is a terminal whose owner has nothing against colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def forgiving() -> None:
    """Make both streams replace what their encoding lacks, rather than fail: a terminal or cron may not speak UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")


def _muted(stream: TextIO) -> None:
    """Python flushes once more when it ends, and would complain: https://docs.python.org/3/library/signal.html#note-on-sigpipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
