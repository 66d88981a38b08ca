"""A night's side of the line to its daemon: it reads its order, tells how far it is, and dies with its daemon.

Standard input brings the order, and later perhaps that the night is taken for hung; it stays open for as long as the daemon lives.
Standard output takes a line of JSON for every sign of life. A daemon that does not read must not hold up a night: what does not fit into
the pipe is left out.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from timetable_sync.daemon.job import Job, read
from timetable_sync.errors import TimetableSyncError, UsageError
from timetable_sync.reports.formatting import KINDS, counted, number
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.reports.totals import count

log = structlog.stdlib.get_logger(__name__)

#: The exit code of a night whose daemon is gone: as if it had been killed with it.
ORPHANED = 137

#: Begins how a night came out that failed as a whole.
FAILED = "failed: "

#: Steps are told at most so often, in seconds.
_PACE = 0.3


class DaemonLine:
    """A progress of the night, and the line that it goes over."""

    def __init__(self, out: int) -> None:
        self._out = out
        os.set_blocking(out, False)
        self._lock = threading.Lock()
        self._steps = 0
        self._told = 0.0
        #: Set before the night is asked to end, where that is because the daemon takes it for hung.
        self.hung = threading.Event()

    def phase(self, name: str, total: int | None) -> None:
        """Told at once."""
        with self._lock:
            self._steps = 0
            self._send({"phase": name, "total": total})

    def step(self, count: int = 1) -> None:
        """Told now and then, summed up."""
        with self._lock:
            self._steps += count
            if (now := time.monotonic()) >= self._told + _PACE:
                self._told = now
                self._send({"steps": self._steps})
                self._steps = 0

    def waiting(self, seconds: float, why: str) -> None:
        """Told at once, so that nobody takes the silence for a hang."""
        with self._lock:
            self._send({"waiting": seconds, "why": why})

    def ended(self, exit_code: int, run: int | None, said: str) -> None:
        """How the night came out; ``run`` is its number, None where it came to no record, ``said`` a few words."""
        with self._lock:
            self._send({"exit_code": exit_code, "run": run, "said": said})

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A night within it that breaks off by something that may pass says so: no crash, of which three are enough."""
        try:
            yield
        except TimetableSyncError as error:
            self.ended(error.exit_code, None, f"{FAILED}{error.message}")
            raise
        except OSError as error:
            self.ended(1, None, f"{FAILED}{error.strerror or error}")
            raise

    def _send(self, message: dict[str, Any]) -> None:
        try:
            os.write(self._out, json.dumps(message).encode("ascii") + b"\n")
        except OSError:
            return  # the daemon does not read, or is gone: that is the watch's business


def in_a_line(summary: RunSummary) -> str:
    """How the night came out, in a few words."""
    if summary.failure is not None:
        return f"{FAILED}{summary.failure.message}"
    figures = count(summary)
    said = [f"cut short: {summary.cut_short}" if summary.cut_short else f"exit code {summary.exit_code}" if summary.exit_code else "done"]
    said += [f"{number(figures.effective[kind])} {kind}" for kind in KINDS if figures.effective[kind]] or ["nothing written"]
    said += [
        f"{counted(figures.statuses[status], 'calendar')} {status}" for status in (Status.HELD, Status.FAILED) if figures.statuses[status]
    ]
    return ", ".join(said)


def take_order() -> tuple[Job, DaemonLine]:
    """The order that the daemon gave. From now on this process lives no longer than the daemon does. Raises UsageError without one."""
    said = b""
    # Not through sys.stdin: it reads ahead, and what comes after the order is for the thread below.
    while b"\n" not in said and (more := os.read(sys.stdin.fileno(), 65_536)):
        said += more
    given, _, rest = said.partition(b"\n")
    try:
        order = read(given)
    except (ValueError, KeyError, TypeError):
        raise UsageError("--by-daemon is for the daemon, which hands over what to do", "Type: timetable-sync run") from None
    line = DaemonLine(sys.stdout.fileno())
    threading.Thread(target=_until_alone, args=(line, rest), name="daemon's life", daemon=True).start()
    return order, line


def _until_alone(line: DaemonLine, said: bytes) -> None:
    """Ends this process at once when the daemon's end of standard input is closed, which the kernel does however it died.

    At once, as a killed daemon's night has to be taken over by another, not to be cut short: the markers in the calendars make it safe.
    What the daemon says before is that the night hangs: then it is asked to end, as by anybody, but knows why.
    """
    # Not through sys.stdin, whose lock a thread that waits would hold while the interpreter ends.
    while said or os.read(sys.stdin.fileno(), 4096):
        said = b""
        line.hung.set()
        os.kill(os.getpid(), signal.SIGTERM)
    log.error("the daemon is gone; this night ends with it")
    os._exit(ORPHANED)
