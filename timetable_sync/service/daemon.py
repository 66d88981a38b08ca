"""The daemon: wakes by the schedule, starts each night in a process of its own, and tells systemd how it is. One thread, no database
connection and no secret held over the day.

Whether a night is due is asked of the state database each time (:mod:`~timetable_sync.service.pending`): at the start, when the schedule
says so, when a night has ended, and again and again while another host is at it, so that a standby takes over from one that died.
"""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import inf

import structlog

from timetable_sync.chronicle.starts import Start
from timetable_sync.errors import StateUnusable, TimetableSyncError, TimetableUnusable
from timetable_sync.reporting.times import Clock
from timetable_sync.service import standing
from timetable_sync.service.notify import Notifier
from timetable_sync.service.numbers import Numbers
from timetable_sync.service.order import Order
from timetable_sync.service.pending import pending
from timetable_sync.service.rounds import Bell, Rounds, Watched
from timetable_sync.service.worker import Ending, Worker
from timetable_sync.settings.load import Loaded

log = structlog.stdlib.get_logger(__name__)

#: A night that is killed, or crashes, is begun again; so often in all, then its start is given up.
TRIES = 3
#: Seconds until something is tried again: a database that was away, a night that crashed.
AGAIN = 30.0
#: Somebody else is at work: seconds until it is looked whether that is over, if the lease does not run out sooner.
STANDBY = 15.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


class Daemon:
    """``read`` reads the configuration; ``options`` go to every night's command line."""

    def __init__(self, read: Callable[[], Loaded], options: Sequence[str], environ: Mapping[str, str], notifier: Notifier) -> None:
        self._read = read
        self._options = tuple(options)
        self._environ = environ
        self._notifier = notifier
        self._numbers = Numbers(environ)
        self._bell = Bell()
        self._rounds = Rounds(self._bell, self._start_has_come, self._turn)
        self._loaded = read()
        self._starts = standing.schedule(self._loaded)
        self._began = datetime.now(UTC)
        self._worker: Worker | None = None
        self._ready = False
        self._stopping = False
        self._asked = False
        self._look_at = 0.0
        self._alive_at = 0.0
        self._tries: dict[datetime, int] = {}
        self._given_up: datetime | None = None
        self._waits_for = ""
        self._refused = ""
        self._last = ""

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises UsageError for a configuration that cannot be used at the start."""
        self._bell.answer(_SIGNALS)
        try:
            self._numbers.follow(self._loaded.settings)
            if self._stands():
                self._go_round()
        finally:
            self._numbers.close()

    def _go_round(self) -> None:
        self._follow()
        self._ready = True
        self._notifier.ready(self._status())
        log.info("ready", next_start=self._said(self._starts.next(datetime.now(UTC))), watchdog=str(self._notifier.watchdog or "none"))
        self._rounds.start()
        log.info("ended")

    def _stands(self) -> bool:
        """Waits for the databases. False when asked to end meanwhile."""
        said = ""
        while True:
            self._hear()
            if self._stopping:
                return False
            try:
                standing.databases(self._loaded, self._environ)
            except (StateUnusable, TimetableUnusable) as error:
                if said != error.message:
                    log.warning("not ready yet, tried again until it is", problem=error.message, advice=error.advice)
                said = error.message
                self._notifier.status(f"not ready yet: {error.message}")
                self._bell.wait(AGAIN / 3)
            else:
                return True

    def _follow(self) -> None:
        self._rounds.follow(self._starts, self._loaded.settings.schedule.jitter.total_seconds())
        self._look_at = 0.0

    def _turn(self) -> list[Watched] | None:
        """One round. Gives what else to wait for, None when all is over."""
        self._hear()
        if self._worker is not None and (ending := self._worker.look()) is not None:
            worker, self._worker = self._worker, None
            self._ended(worker, ending)
        if self._worker is None:
            if self._stopping:
                return None
            if self._asked:
                self._asked = False
                self._begin(None, "somebody asked for it")
            elif time.monotonic() >= self._look_at:
                self._look()
        self._tell()
        return [self._worker] if self._worker is not None and not self._worker.closed else []

    def _hear(self) -> None:
        """What signals asked for."""
        rung, self._bell.rung = self._bell.rung, []
        for number in rung:
            if number == signal.SIGHUP:
                self._reload()
            elif number == signal.SIGUSR1:
                log.info("asked for a night now" if self._worker is None else "asked for a night now: after the one at work")
                self._asked = True
            else:
                self._stop()

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.ask_to_end()
        if not self._stopping:
            log.info("asked to end", night="none at work" if self._worker is None else "ends after what is in flight")
        self._stopping = True
        self._notifier.stopping("ending" if self._worker is None else "ending after what is in flight")

    def _reload(self) -> None:
        """A new configuration for the next night; the old one stays if the new is wrong."""
        # Who is not ready yet has nothing to reload, and must not say by the way that it is.
        if self._ready:
            self._notifier.reloading()
        try:
            loaded = self._read()
            starts = standing.schedule(loaded)
            self._numbers.follow(loaded.settings)
        except TimetableSyncError as error:
            self._refused = f"the new configuration is refused, the old one stays: {error.message}"
            log.error("the new configuration is refused, the old one stays", problem=error.message, advice=error.advice)
        else:
            self._loaded, self._starts, self._refused = loaded, starts, ""
            self._follow()
            log.info("new configuration, from the next night on", next_start=self._said(starts.next(datetime.now(UTC))))
        if self._ready:
            self._notifier.ready(self._status())

    def _start_has_come(self) -> None:
        """What the scheduler calls."""
        self._look_at = 0.0
        if self._worker is not None:
            come = self._said(self._starts.latest(self._began, datetime.now(UTC)))
            if self._worker.due is None:
                log.warning("a run is still at work: the night waits for its end", start=come)
            else:
                log.warning("the night is still at work and is left alone: this start is left out", start=come)

    def _look(self) -> None:
        """Is there a night to be run? What cannot be told now is asked again later."""
        self._look_at, waits_for = inf, ""
        now = datetime.now(UTC)
        try:
            found = pending(self._loaded, self._starts, self._began, now, self._environ)
        except StateUnusable as error:
            self._look_at, waits_for = time.monotonic() + AGAIN, error.message
        else:
            start, work = found.start, found.at_work
            if start is not None and start.at != self._given_up:
                if work is not None:
                    # When it runs out, if it is not renewed; sooner, as the night may end.
                    self._look_at = time.monotonic() + min(STANDBY, max((work.until - now).total_seconds(), 0.5))
                    waits_for = f"process {work.pid} on {work.host} is at work ({work.holder})"
                elif max(len(found.unfinished), self._tries.get(start.at, 0)) >= TRIES:
                    self._given_up = start.at
                    log.error("the night is given up: it was begun several times and never ended", start=self._said(start), tries=TRIES)
                else:
                    late = (now - start.at).total_seconds() > self._loaded.settings.schedule.jitter.total_seconds() + 60
                    why = "it was missed" if late else "the schedule says so"
                    if found.unfinished:
                        last = found.unfinished[-1]
                        why = f"run {last.run} began it on {last.host} and never ended"
                    self._begin(start, why)
        if waits_for and waits_for != self._waits_for:
            log.warning("a night waits", reason=waits_for)
        self._waits_for = waits_for

    def _begin(self, start: Start | None, why: str) -> None:
        due = None if start is None else start.at
        if due is not None:
            self._tries = {due: self._tries.get(due, 0) + 1}
        self._worker = Worker(Order(self._loaded, due), self._options, self._environ)
        log.info("the night begins", start="now" if start is None else self._said(start), why=why, pid=self._worker.pid)

    def _ended(self, worker: Worker, ending: Ending) -> None:
        said = ending.said or (f"killed by signal {-ending.exit_code}" if ending.exit_code < 0 else "it crashed")
        fine = ending.exit_code in (0, 6)
        (log.info if fine else log.error)("the night is over", how=said, exit_code=ending.exit_code, run=ending.run, pid=worker.pid)
        self._look_at = 0.0
        if ending.run is not None and ending.said:
            self._last = f"last run {ending.run}, {self._clock().moment(worker.began)}: {said}"
        elif ending.exit_code != 6 and not self._stopping:
            # It has no record that it came to an end, so that it is begun again: not at once, what ails it may pass.
            self._last = f"last: {said}"
            self._look_at = time.monotonic() + min(AGAIN, self._loaded.settings.state.lease.total_seconds())

    def _tell(self) -> None:
        """systemd: how we are, and that we live. Told here and nowhere else: by a loop that turns, and of a night that gets on."""
        if not self._stopping:
            self._notifier.status(self._status())
        if self._notifier.watchdog is None or time.monotonic() < self._alive_at:
            return
        if self._worker is None or self._worker.lively:
            self._notifier.alive()
            self._alive_at = time.monotonic() + self._notifier.watchdog.total_seconds() / 4

    def _status(self) -> str:
        if self._worker is not None:
            night = "the run asked for" if self._worker.due is None else f"night of {self._clock().moment(self._worker.due)}"
            said = [f"{night}: {self._worker.status}"]
        else:
            said = [f"next start {self._said(self._starts.next(datetime.now(UTC)))}", self._last]
            if self._waits_for:
                said.insert(0, f"a night waits: {self._waits_for}")
        return "; ".join(part for part in (*said, self._refused) if part)

    def _said(self, start: Start | None) -> str:
        return "never" if start is None else f"{self._clock().moment(start.at)}"

    def _clock(self) -> Clock:
        return Clock(self._starts.zone)
