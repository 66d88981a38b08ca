"""Commands as forks of one process that has everything imported: begun, killed, waited for."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.hurried import python_path
from tests.proof.kills.relay import PAUSES

ROOT = Path(__file__).resolve().parents[3]

#: So long may a command take before the test gives up on it.
PATIENCE = 240.0

#: A process whose environment names whom to tell says its pauses, which then take no time.
_SAID = f"""
import os, urllib.request
_short = Retrier.pause
def _said(self, seconds, why):
    if url := os.environ.get({PAUSES!r}):
        asked = urllib.request.Request(f"{{url}}/pause/{{seconds:.3f}}", method="POST")
        urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(asked).close()
        seconds = min(seconds, 0.01)
    _short(self, seconds, why)
Retrier.pause = _said
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, negative for the signal that killed it, and all that it printed."""

    code: int
    said: str


class Running:
    """A command at work, as a process. ``kill`` may come from any thread."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.killed = False
        self.ending = False
        self._lock = threading.Lock()
        self._over = False

    def kill(self) -> None:
        """At once; nothing where it has ended. Returns when it is dead."""
        with self._lock:
            if self._over or self.killed:
                return
            self.killed = True
            os.kill(self.pid, signal.SIGKILL)
        while not self.over() and _lives(self.pid):
            time.sleep(0.001)

    def signal(self, number: signal.Signals) -> None:
        """Send it this; nothing where it has ended. Returns from SIGSTOP when all of it stands still."""
        with self._lock:
            if self._over:
                return
            os.kill(self.pid, number)
        while number is signal.SIGSTOP and not self.over() and _state(self.pid) not in ("T", "Z", "X"):
            time.sleep(0.001)

    @property
    def stopped(self) -> bool:
        """Whether it stands still."""
        return not self.over() and _state(self.pid) == "T"

    def over(self) -> bool:
        """Whether it was heard that it ended."""
        with self._lock:
            return self._over

    def heard(self) -> None:
        """It was heard that it ended: its number may be somebody else's now."""
        with self._lock:
            self._over = True


def _lives(pid: int) -> bool:
    return _state(pid) not in ("Z", "X")


def _state(pid: int) -> str:
    """By one letter: see proc_pid_stat(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


class Launcher:
    """The process of :mod:`launcher`; a context manager. One command at a time, and what it prints goes into the file ``said``."""

    def __init__(self, folder: Path, *, said: str = "said.txt") -> None:
        self._folder = folder
        self._said = folder / said
        #: The mistake that every command makes: the name of one of :mod:`launcher`'s that says so. Empty for none.
        self.planted = ""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        self.environment = {**inherited, "PYTHONPATH": python_path(folder, ROOT, also=_SAID)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.kills.launcher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=self.environment,
        )
        self._rest = b""
        if "ready" not in self._heard(PATIENCE):
            raise RuntimeError("the launcher does not start")

    def begin(self, arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, **more: Any) -> Running:
        """``timetable-sync`` with these words. ``more``: see :func:`launcher._become`."""
        job = {
            "arguments": list(arguments),
            "environment": {**self.environment, **(environment or {})},
            "folder": str(self._folder),
            "out": str(self._said),
            "planted": self.planted,
            **more,
        }
        self._tell(json.dumps(job))
        return Running(int(self._heard(PATIENCE)["began"]))

    def wait(self, running: Running, seconds: float = PATIENCE) -> Ended | None:
        """How it ended; None where it did not within so long."""
        if not self.has_ended(running, seconds):
            return None
        running.heard()
        self._tell("")
        code = int(self._heard(PATIENCE)["ended"])
        return Ended(code, self._said.read_text("utf-8", "replace"))

    def has_ended(self, running: Running, seconds: float) -> bool:
        """Whether it ended within so long; :meth:`wait` tells how."""
        running.ending = running.ending or self._over(seconds)
        return running.ending

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None, **more: Any) -> Ended:
        """A command, to its end."""
        running = self.begin(arguments, environment=environment, **more)
        ended = self.wait(running)
        if ended is None:
            running.kill()
            self.wait(running)
            raise RuntimeError(f"it does not end: {' '.join(arguments)}")
        return ended

    def close(self) -> None:
        """No more."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the launcher takes nothing")
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _over(self, seconds: float) -> bool:
        return "over" in self._heard(seconds)

    def _heard(self, seconds: float) -> dict[str, Any]:
        """The next line; empty where none came."""
        out = self._process.stdout
        if out is None:
            raise RuntimeError("the launcher says nothing")
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            # At least once, though there be no time left: who asks again and again with none would else never hear.
            if not select.select([out], [], [], max(0.0, end - time.monotonic()))[0]:
                return {}
            more = os.read(out.fileno(), 65_536)
            if not more:
                raise RuntimeError("the launcher is gone")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found
