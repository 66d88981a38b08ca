"""One night killed, once or more often, what stands at that moment, then a night that is left in peace, and what stands then."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.proof.figures import Finding, Wrong
from tests.proof.kills.forked import PATIENCE, Ended, Running
from tests.proof.kills.ground import FAR, Ground
from tests.proof.kills.relay import Moment, Order

Kill = Callable[[Ground], "str"]
"""A night that is killed; says where it was struck, and nothing where it came to its end before."""


@dataclass
class Suffered:
    """What came of it: where it was ``struck`` (more than one place, if more than once), and all that was ``wrong`` then and in the end."""

    struck: list[str] = field(default_factory=list)
    wrong: list[Finding] = field(default_factory=list)
    waited: float = 0.0


def at_request(nth: int, moment: Moment) -> Kill:
    """At the ``nth`` request."""

    def kill(ground: Ground) -> str:
        begun: list[Running] = []

        def strike() -> None:
            while not begun:
                time.sleep(0.001)
            begun[0].kill()

        order = Order(nth, moment, strike)
        ground.relay.arm(order)
        running = ground.launcher.begin(["run"])
        begun.append(running)
        ended = ground.launcher.wait(running)
        return f"request {nth} ({order.hit}) {moment}" if _killed(ended) else ""

    return kill


def at_commit(nth: int, moment: str) -> Kill:
    """At the ``nth`` commit of something that was written to the state database, ``before`` or ``after`` it."""

    def kill(ground: Ground) -> str:
        ground.relay.arm(Order(0, Moment.AFTER, lambda: None))
        running = ground.launcher.begin(["run"], commit=nth, moment=moment, counted=str(ground.folder / "counted"))
        return f"{moment} commit {nth}" if _killed(ground.launcher.wait(running)) else ""

    return kill


def at_random(seconds: float) -> Kill:
    """So many seconds after it began."""

    def kill(ground: Ground) -> str:
        ground.relay.arm(Order(0, Moment.AFTER, lambda: None))
        running = ground.launcher.begin(["run"])
        ended = ground.launcher.wait(running, seconds)
        if ended is None:
            running.kill()
            ended = ground.launcher.wait(running)
        return f"{seconds * 1000:.0f} ms" if _killed(ended) else ""

    return kill


def at_request_of_the_program(nth: int, moment: Moment) -> Kill:
    """The console script as it is typed, at the ``nth`` request."""

    def kill(ground: Ground) -> str:
        order = Order(nth, moment, lambda: _kill_now(process))
        ground.relay.arm(order)
        with (ground.folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("timetable-sync"), "run"],
                cwd=ground.folder,
                env=ground.launcher.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            process.wait(PATIENCE)
        return f"timetable-sync run, request {nth} ({order.hit}) {moment}" if process.returncode == -signal.SIGKILL else ""

    return kill


def suffer(ground: Ground, kills: Sequence[Kill], *, first: bool = False) -> Suffered:
    """All of ``kills``, one after the other, each beginning where the one before ended; then a night in peace."""
    ground.begin_again(first=first)
    found = Suffered()
    for kill in kills:
        if struck := kill(ground):
            found.struck.append(struck)
        ground.relay.quiet()
        found.wrong += [Finding(one.wrong, f"at once, {one.what}") for one in ground.wrong_at_any_time()]
    ground.relay.arm(Order(0, Moment.AFTER, lambda: None))
    began = time.monotonic()
    night = ground.launcher.run("run")
    found.waited = time.monotonic() - began
    found.wrong += _clean(night, "the night after")
    ground.relay.lets_all_be_done()
    found.wrong += in_the_end(ground)
    return found


def in_the_end(ground: Ground) -> list[Finding]:
    """Everything that has to be so once a night was left in peace."""
    wrong = ground.wrong_in_the_end()
    run = ground.launcher.run
    # Not by stamps: every calendar is read and compared once more.
    again = run("run", "--dry-run", "--exit-code", environment={"TIMETABLE_SYNC_RUN__FULL_READING": "0 days"})
    wrong += _clean(again, "the next plan is not empty:", Wrong.NOT_CONVERGED)
    wrong += _clean(run("explain", "COMP101-0"), "explain")
    status, history = run("status", "--format", "json"), run("history")
    wrong += [*_clean(status, "status"), *_clean(history, "history")]
    if status.code == 0:
        wrong += [Finding(Wrong.RECORD, one) for one in _record(ground, json.loads(status.said))]
    for report in (ground.folder / "reports").glob("*.json"):
        json.loads(report.read_text("utf-8"))
    return wrong


def _record(ground: Ground, status: dict[str, list[dict[str, object]]]) -> list[str]:
    """The record says of every run how it came out; none is at work, and the last is done."""
    outcomes = {run["run"]: run["outcome"] for run in status["runs"]}
    rows = ground.record.ask("SELECT id, finished FROM run ORDER BY id DESC LIMIT 5")
    wrong = [
        f"status: run {run} is {outcomes.get(run)}, and finished {finished}"
        for run, finished in rows
        if (outcomes.get(run) == "killed") != (finished is None)
    ]
    if outcomes.get(rows[0][0]) != "done":
        wrong.append(f"status: the last run is {outcomes.get(rows[0][0])}, not done")
    if lease := ground.record.ask("SELECT holder, pid FROM lease"):
        wrong.append(f"the lease is still held: {lease}")
    return wrong


class Daemon:
    """``timetable-sync daemon`` on this ground; a context manager that kills it at the end. What crashed is begun again at once."""

    _PROGRAM = (
        "import timetable_sync.daemon.daemon as daemon\ndaemon.AGAIN = daemon.STANDBY = 0.5\n"
        "from timetable_sync.cli.app import main\nmain()\n"
    )

    def __init__(self, ground: Ground) -> None:
        self._log = ground.folder / "daemon.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", self._PROGRAM, "daemon"],
                cwd=ground.folder,
                env=ground.launcher.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def wait_for(self, words: str, times: int = 1) -> None:
        """Until it has said these so many times."""
        end = time.monotonic() + PATIENCE
        while self.said().count(words) < times:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the daemon never said {words!r}, but:\n{self.said()}")
            time.sleep(0.02)

    def night(self) -> int:
        """The process of the night at work. By each process's parent: a list of children may leave some out while they change."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[1]) == self.process.pid:
                    return int(stat.parent.name)
        raise RuntimeError(f"the daemon has no night at work:\n{self.said()}")

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def suffer_by_daemon(ground: Ground, nth: int, moment: Moment, *, whole: bool) -> Suffered:
    """A night of the daemon's is killed at its ``nth`` request, the daemon with it if ``whole``; it has to be done all the same."""
    ground.begin_again(first=False)
    ground.configure()
    found = Suffered()

    def kill() -> None:
        night = daemon.night()
        if whole:
            _kill_now(daemon.process)
        else:
            os.kill(night, signal.SIGKILL)
        while _lives(night):
            time.sleep(0.005)

    order = Order(nth, moment, kill)
    with _scheduled(ground), Daemon(ground) as daemon:
        daemon.wait_for("ready")
        once = datetime.now(UTC) + timedelta(seconds=2)
        ground.configure(cron=f"{once:%S %M %H} * * *")
        ground.relay.arm(order)
        daemon.process.send_signal(signal.SIGHUP)
        if whole:
            daemon.process.wait(PATIENCE)
        else:
            daemon.wait_for("the night is over")
        # Whether the daemon or a new one goes on: nothing is to be wrong at any time.
        if order.hit:
            found.struck.append(f"the {'daemon' if whole else 'night of the daemon'} at request {nth} ({order.hit}) {moment}")
        ground.relay.quiet()
        found.wrong += [Finding(one.wrong, f"at once, {one.what}") for one in ground.wrong_at_any_time()]
        began = time.monotonic()
        with Daemon(ground) if whole else daemon as living:
            living.wait_for("the night is over", 1 if whole else 2 if found.struck else 1)
            found.waited = time.monotonic() - began
            if "exit_code=0" not in living.said().replace("exit_code=-", ""):
                found.wrong.append(Finding(Wrong.SAID, f"the daemon did not make up for it:\n{living.said()}"))
            living.process.terminate()
            living.process.wait(PATIENCE)
    found.wrong += in_the_end(ground)
    return found


@contextmanager
def _scheduled(ground: Ground) -> Iterator[None]:
    try:
        yield
    finally:
        ground.configure(cron=FAR)


def suffer_elsewhere(ground: Ground, chance: random.Random) -> Suffered:
    """The night was killed on a host that is gone as well: nobody here can tell that it is dead, so its lease has to run out."""
    ground.configure(lease="4 seconds")
    ground.begin_again(first=False)
    found = Suffered()
    if struck := at_request(chance.randint(8, 14), Moment.AFTER)(ground):
        found.struck.append(f"on another host, {struck}")
    ground.relay.quiet()
    ground.record.change("UPDATE lease SET host = 'elsewhere', place = 'elsewhere'")
    ground.relay.arm(Order(0, Moment.AFTER, lambda: None))
    began, refused = time.monotonic(), 0
    while (night := ground.launcher.run("run")).code == 6 and time.monotonic() - began < 60:
        refused += 1
        if "process" not in night.said or "its lease lasts until" not in night.said:
            found.wrong.append(Finding(Wrong.SAID, f"the refusal does not say who is at work: {night.said}"))
        time.sleep(0.2)
    found.waited = time.monotonic() - began
    if not refused:
        found.wrong.append(Finding(Wrong.TWO_AT_ONCE, "a night began beside one that may have been alive"))
    found.wrong += [*_clean(night, "the night after"), *in_the_end(ground)]
    ground.configure()
    return found


def _kill_now(process: "subprocess.Popen[bytes]") -> None:
    """Returns when it is dead."""
    os.kill(process.pid, signal.SIGKILL)
    while _lives(process.pid):
        time.sleep(0.001)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _killed(ended: Ended | None) -> bool:
    if ended is None:
        raise RuntimeError("it neither ends nor dies")
    if ended.code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"it ended with {ended.code}:\n{ended.said}")
    return ended.code == -signal.SIGKILL


def _clean(ended: Ended, what: str, kind: Wrong = Wrong.SAID) -> list[Finding]:
    good = ended.code == 0 and "Traceback" not in ended.said
    return [] if good else [Finding(kind, f"{what} ended with {ended.code}: {ended.said}")]
