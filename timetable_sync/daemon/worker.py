"""The daemon's side of a night at work: a process of its own, started, listened to, asked to end, told that it hangs, killed.

Why a process: a night may need some hundred megabytes, and Python gives little of that back; a thread that hangs in a driver or a
library cannot be ended, a process can; and what a night does, reports and alerts included, is what ``timetable-sync run`` does, as it is
that. It is a session of its own, so that Ctrl-C reaches it through the daemon only, and it ends when the daemon is no more.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from timetable_sync.apply.progress import READING_THE_TIMETABLE
from timetable_sync.daemon.job import Job, written
from timetable_sync.daemon.sd_notify import VARIABLES

log = structlog.stdlib.get_logger(__name__)


#: What a night is told that gives no sign of getting on: it ends as if it was asked to, and is begun again.
_HUNG = b"hung\n"
#: Longer than this between two looks, and it is not the night alone that stood still: the whole machine did, or the daemon.
_BLINK = 60.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a night ended. ``exit_code`` is negative for a signal; ``run`` is None where it came to no record of its own."""

    exit_code: int
    run: int | None = None
    said: str = ""


class Worker:
    """One night. ``options`` are more words for ``timetable-sync run``; ``clock`` counts seconds."""

    def __init__(
        self, order: Job, options: Sequence[str], environ: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        settings = order.loaded.settings
        self.due = order.due
        self.began = datetime.now(UTC)
        self._clock = clock
        self._stalled = settings.schedule.stalled.total_seconds()
        self._given = settings.schedule.stop_within.total_seconds()
        # A query says nothing before its first row.
        self._silent = {READING_THE_TIMETABLE: settings.timetable.timeout.total_seconds()}
        self._phase = "starting"
        self._steps, self._total = 0, 0
        self._note = ""
        self._looked = self._heard = self._granted = clock()
        self._kill_at: float | None = None
        self._killed = False
        #: Whether it gave no sign of getting on and was ended for that.
        self.hung = False
        #: Nothing more will be told, so that there is nothing to wait for but its end.
        self.closed = False
        self._rest = b""
        self._last: Ending | None = None
        self._process = subprocess.Popen(  # noqa: S603  # our own program, with our own words
            [sys.executable, "-m", "timetable_sync", "run", "--by-daemon", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in environ.items() if name not in VARIABLES},
            start_new_session=True,
        )
        self.pid = self._process.pid
        os.set_blocking(self.fileno(), False)
        self._to_say = written(order)
        self._say()

    def fileno(self) -> int:
        """Where its signs of life come from, to be waited for."""
        if self._process.stdout is None:
            raise RuntimeError("the night was started without its line")
        return self._process.stdout.fileno()

    def look(self) -> Ending | None:
        """Take in what it told; end it where it hangs. Gives how it ended, once it has. Never waits."""
        now = self._clock()
        if (still := now - self._looked) > _BLINK:
            self._heard += still
            self._kill_at = None if self._kill_at is None else self._kill_at + still
        self._looked = now
        self._say()
        self._listen()
        code = self._process.poll()
        if code is not None:
            self._listen()
            self._close()
            # What it told counts: a signal may come while the interpreter ends, when all is done and on record.
            return self._last or Ending(code)
        if self._kill_at is None and now >= self._patience_until:
            log.error("the night hangs and is ended", phase=self._phase, silent=timedelta(seconds=self._stalled), pid=self.pid)
            self.hung, self._kill_at = True, now + self._given
            self._to_say += _HUNG
            self._say()
        if self._kill_at is not None and now >= self._kill_at and not self._killed:
            log.error("the night did not end in its time and is killed", pid=self.pid)
            self.kill()
        return None

    @property
    def _patience_until(self) -> float:
        return max(self._granted, self._heard + self._silent.get(self._phase, 0.0)) + self._stalled

    @property
    def lively(self) -> bool:
        """Whether it gets on, or is being ended in its time. False for one that not even a kill ends."""
        now = self._clock()
        return now < self._patience_until or (self._kill_at is not None and now < self._kill_at + 30)

    @property
    def status(self) -> str:
        """How far it is, in a few words."""
        far = f"{self._steps:,} of {self._total:,}" if self._total else f"{self._steps:,}" if self._steps else ""
        return ", ".join(part for part in (f"{self._phase} {far}".strip(), self._note, "asked to end" if self._kill_at else "") if part)

    def ask_to_end(self) -> None:
        """After what is in flight; asked again, or when its time is over, at once."""
        again = self._kill_at is not None
        self._kill_at = self._clock() + (0 if again else self._given)
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """At once."""
        self._killed = True
        self._kill_at = self._clock() if self._kill_at is None else self._kill_at
        self._signal(signal.SIGKILL)

    def _say(self) -> None:
        """What it has to be told, as far as it takes that: it may hang before it reads, and nobody waits for it."""
        if self._process.stdin is None or not self._to_say:
            return
        try:
            os.set_blocking(self._process.stdin.fileno(), False)
            self._to_say = self._to_say[os.write(self._process.stdin.fileno(), self._to_say) :]
        except BlockingIOError:
            return
        except OSError:
            self._to_say = b""  # it is gone, or about to be

    def _signal(self, number: signal.Signals) -> None:
        with suppress(OSError):
            self._process.send_signal(number)

    def _listen(self) -> None:
        while True:
            try:
                more = os.read(self.fileno(), 65_536)
            except (BlockingIOError, OSError):
                return
            if not more:
                self.closed = True
                return
            *lines, self._rest = (self._rest + more).split(b"\n")
            for line in lines:
                with suppress(ValueError, KeyError, TypeError):
                    self._take(json.loads(line))

    def _take(self, told: dict[str, object]) -> None:
        wait = 0.0
        if "phase" in told:
            self._phase, self._steps, self._note = str(told["phase"]), 0, ""
            self._total = told["total"] if isinstance(told["total"], int) else 0
        elif "steps" in told and isinstance(told["steps"], int):
            self._steps += told["steps"]
            self._note = ""
        elif "waiting" in told and isinstance(told["waiting"], int | float):
            wait = float(told["waiting"])
            self._note = f"waiting {wait:.0f} s: {told.get('why', '')}"
        elif "exit_code" in told and isinstance(told["exit_code"], int):
            run = told["run"] if isinstance(told["run"], int) else None
            self._last = Ending(told["exit_code"], run, str(told["said"]))
        self._heard = self._clock()
        # What was granted lasts until it is over, whatever its other threads tell meanwhile.
        self._granted = max(self._granted, self._heard + wait)

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
