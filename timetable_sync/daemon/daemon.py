"""The daemon: wakes by the schedule, starts each night in a process of its own, and tells systemd how it is. One thread, no database
connection and no secret held over the day.

Whether a night is due is asked of the state database each time (:mod:`~timetable_sync.daemon.pending`): at the start, when the schedule
says so, when a night has ended, when the clock was set, and again and again while another host is at it, so that a standby takes over
from one that died.

It ends when it is asked to, or for what is wrong at its start. Whatever goes wrong later is said and tried again
(:mod:`~timetable_sync.daemon.problems`).
"""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf

import structlog

from timetable_sync.config.load import Loaded
from timetable_sync.daemon import pending as standing
from timetable_sync.daemon.job import Job
from timetable_sync.daemon.loop import Rounds, WakeupPipe, Watched
from timetable_sync.daemon.metrics_server import MetricsServer
from timetable_sync.daemon.pending import Tries, pending
from timetable_sync.daemon.problems import Problems, telling
from timetable_sync.daemon.sd_notify import Notifier
from timetable_sync.daemon.worker import Ending, Worker
from timetable_sync.errors import AnotherRunAtWork, TimetableSyncError, Unreadable, UsageError
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.schedule import ScheduledStart

log = structlog.stdlib.get_logger(__name__)

#: Seconds until something is tried again: a database that was away, a night that crashed.
AGAIN = 30.0
#: Somebody else is at work: seconds until it is looked whether that is over, if the lease does not run out sooner.
STANDBY = 15.0
#: Seconds by which the clock has to leap to be taken for set: what it is kept right by goes far slower.
LEAP = 60.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


class Daemon:
    """``read`` reads the configuration; ``options`` go to every night's command line."""

    def __init__(self, read: Callable[[], Loaded], options: Sequence[str], environ: Mapping[str, str], notifier: Notifier) -> None:
        self._read = read
        self._options = tuple(options)
        self._environ = environ
        self._notifier = notifier
        self._numbers = MetricsServer(environ)
        self._tell_people = telling(lambda: self._loaded, environ)
        self._troubles = Problems(self._tell_people)
        self._bell = WakeupPipe()
        self._rounds = Rounds(self._bell, self._start_has_come, self._turn)
        self._loaded = read()
        self._starts = standing.schedule(self._loaded)
        self._began = datetime.now(UTC)
        self._ahead = _ahead()
        self._worker: Worker | None = None
        self._ready = False
        self._stopping = False
        self._asked = False
        self._look_at = self._alive_at = 0.0
        self._read_at = inf
        self._tries = Tries()
        self._given_up: datetime | None = None
        self._waits_for = ""
        self._refused = ""
        self._last = ""

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises UsageError for a configuration that cannot be used at the start."""
        self._bell.answer(_SIGNALS)
        self._numbers.begin(self._loaded.settings)
        try:
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
        """Waits for the databases, and for a password that cannot be read yet. False when asked to end meanwhile."""
        while True:
            self._hear()
            if self._stopping:
                return False
            try:
                standing.databases(self._loaded, self._environ)
            except Exception as error:
                if isinstance(error, UsageError) and not isinstance(error, Unreadable):
                    raise
                self._troubles.met(error)
                self._notifier.status(f"not ready yet: {self._troubles.said}")
                self._bell.wait(AGAIN / 3)
            else:
                self._troubles.over()
                return True

    def _follow(self) -> None:
        self._rounds.follow(self._starts, self._loaded.settings.schedule.jitter.total_seconds())
        self._look_at = 0.0

    def _turn(self) -> list[Watched] | None:
        """One round. Gives what else to wait for, None when all is over."""
        try:
            return self._round()
        except Exception as error:  # a mistake of ours included: who is not there begins no night
            self._troubles.met(error)
            self._look_at = min(self._look_at, time.monotonic() + AGAIN)
            return self._watched()

    def _round(self) -> list[Watched] | None:
        self._hear()
        if self._worker is not None and (ending := self._worker.look()) is not None:
            worker, self._worker = self._worker, None
            self._ended(worker, ending)
        if self._worker is None and self._stopping:
            return None
        self._look_at_the_clock()
        if time.monotonic() >= self._read_at:
            self._take()
        if self._worker is None and time.monotonic() >= self._look_at:
            self._look()
        self._numbers.tend()
        self._tell()
        return self._watched()

    def _watched(self) -> list[Watched]:
        return [self._worker] if self._worker is not None and not self._worker.closed else []

    def _look_at_the_clock(self) -> None:
        """One that was set makes the scheduler's next start, and what lies before our beginning, another one."""
        leap = _ahead() - self._ahead
        if abs(leap) < LEAP:
            return
        self._ahead += leap
        self._began += timedelta(seconds=leap)
        log.warning("the clock was set, or this machine slept", by=f"{leap:+.0f} s")
        self._follow()

    def _hear(self) -> None:
        """What signals asked for."""
        while self._bell.rung:
            number = self._bell.rung.pop(0)
            if number == signal.SIGHUP:
                self._reload()
            elif number == signal.SIGUSR1:
                log.info("asked for a night now" if self._worker is None else "asked for a night now: after the one at work")
                self._asked, self._look_at = True, 0.0
            else:
                self._stop()

    def _stop(self) -> None:
        first, self._stopping = not self._stopping, True
        if self._worker is not None:
            self._worker.ask_to_end()
        if first:
            log.info("asked to end", night="none at work" if self._worker is None else "ends after what is in flight")
        self._notifier.stopping("ending" if self._worker is None else "ending after what is in flight")

    def _reload(self) -> None:
        """A new configuration for the next night; the old one stays if the new is wrong."""
        # Who is not ready yet has nothing to reload, and must not say by the way that it is.
        if self._ready:
            self._notifier.reloading()
        self._refused = ""
        self._take()
        if self._ready:
            self._notifier.ready(self._status())

    def _take(self) -> None:
        """The configuration as it stands in its file. One that cannot be read now is asked for again, a wrong one is not."""
        self._read_at = inf
        try:
            loaded = self._read()
            starts = standing.schedule(loaded)
            self._numbers.follow(loaded.settings)
        except Exception as error:
            if not isinstance(error, UsageError) or isinstance(error, Unreadable):
                self._read_at = time.monotonic() + AGAIN
            problem, advice = (error.message, error.advice) if isinstance(error, TimetableSyncError) else (type(error).__name__, "")
            refused = f"the new configuration is refused, the old one stays: {problem}"
            if refused != self._refused:
                log.error("the new configuration is refused, the old one stays", problem=problem, advice=advice)
            self._refused = refused
        else:
            self._loaded, self._starts, self._refused = loaded, starts, ""
            self._follow()
            log.info("new configuration, from the next night on", next_start=self._said(starts.next(datetime.now(UTC))))

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
        """Is there a night to be run? What cannot be told or begun now is tried again later."""
        self._look_at = inf
        try:
            waits_for = self._begin_what_is_due()
        except Exception as error:
            self._troubles.met(error)
            self._look_at, self._waits_for = time.monotonic() + AGAIN, self._troubles.said
            return
        self._troubles.over()
        if waits_for and waits_for != self._waits_for:
            log.warning("a night waits", reason=waits_for)
        self._waits_for = waits_for

    def _begin_what_is_due(self) -> str:
        """Gives what it waits for, or nothing."""
        if self._asked:
            self._begin(None, "somebody asked for it")
            self._asked = False
            return ""
        now = datetime.now(UTC)
        found = pending(self._loaded, self._starts, self._began, now, self._environ)
        start, work = found.start, found.at_work
        if start is None or start.at == self._given_up:
            return ""
        if work is not None:
            # When it runs out, if it is not renewed; sooner, as the night may end.
            self._look_at = time.monotonic() + min(STANDBY, max((work.until - now).total_seconds(), 0.5))
            return f"process {work.pid} on {work.host} is at work ({work.holder})"
        if start.at != self._tries.due:
            self._tries = Tries(start.at)
        if self._tries.enough(found.unfinished):
            self._given_up = start.at
            given_up = f"the night of {self._said(start)} is given up: it was begun several times and never ended"
            log.error("the night is given up: it was begun several times and never ended", start=self._said(start))
            self._tell_people(TimetableSyncError(given_up, "The next one begins as ever. See: timetable-sync history"))
            return ""
        if (pause := self._tries.not_before - time.monotonic()) > 0:
            self._look_at = time.monotonic() + pause
            return ""
        late = (now - start.at).total_seconds() > self._loaded.settings.schedule.jitter.total_seconds() + 60
        why = "it was missed" if late else "the schedule says so"
        if found.unfinished:
            last = found.unfinished[-1]
            why = f"run {last.run} began it on {last.host} and never ended"
        elif self._tries.said:
            why = "it could not be done before"
        self._begin(start, why)
        return ""

    def _begin(self, start: ScheduledStart | None, why: str) -> None:
        due, told = (None, "") if start is None else (start.at, self._tries.said)
        self._worker = Worker(Job(self._loaded, due, told), self._options, self._environ)
        log.info("the night begins", start="now" if start is None else self._said(start), why=why, pid=self._worker.pid)

    def _ended(self, worker: Worker, ending: Ending) -> None:
        said = ending.said or (f"killed by signal {-ending.exit_code}" if ending.exit_code < 0 else "it crashed")
        fine = ending.exit_code in (0, AnotherRunAtWork.exit_code)
        (log.info if fine else log.error)("the night is over", how=said, exit_code=ending.exit_code, run=ending.run, pid=worker.pid)
        self._look_at = 0.0
        if ending.run is not None and ending.said:
            self._last = f"last run {ending.run}, {self._clock().moment(worker.began)}: {said}"
        elif ending.exit_code != AnotherRunAtWork.exit_code and not self._stopping:
            self._last = f"last: {said}"
        if worker.due is None or worker.due != self._tries.due or ending.exit_code == AnotherRunAtWork.exit_code:
            return
        if ending.said and not worker.hung:
            self._tries.ended(ending.run, said, AGAIN)
        else:
            # Not at once: what ails it may pass.
            self._tries.crashed(min(AGAIN, self._loaded.settings.state.lease.total_seconds()))

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

    def _said(self, start: ScheduledStart | None) -> str:
        return "never" if start is None else f"{self._clock().moment(start.at)}"

    def _clock(self) -> TimeFormat:
        return TimeFormat(self._starts.zone)


def _ahead() -> float:
    """By how many seconds the wall's clock is ahead of the one that nobody sets."""
    return time.time() - time.monotonic()
