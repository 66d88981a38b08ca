"""Where two runs of one state meet: each is a process with a relay of its own, so that it is known which of them asked for what."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.figures import Wrong
from tests.proof.kills.forked import PATIENCE, Ended, Launcher, Running
from tests.proof.kills.ground import Ground, ground
from tests.proof.kills.killing import in_the_end
from tests.proof.kills.relay import PAUSES, WRITES, Moment, Order, Relay

#: Threads of a run that may each have a request under way.
AT_ONCE = 2


@dataclass
class Found:
    """What came of a case: what was done, what was ``wrong``, and what stood ``doubled`` until the next night, as is promised."""

    done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


@dataclass
class Meeting:
    """``first`` is begun on the ground's own relay; the second has ``relay`` and ``launcher``."""

    ground: Ground
    launcher: Launcher
    relay: Relay
    found: Found = field(default_factory=Found)
    order: Order = field(default_factory=lambda: Order(0, Moment.AFTER, lambda: None))
    #: How many requests of the first run had passed when the second one's first came; None where none did.
    mark: int | None = None
    _first: Running | None = None
    #: What a case that broke off has left.
    _at_work: list[tuple[Launcher, Running]] = field(default_factory=list)
    _begun: threading.Event = field(default_factory=threading.Event)

    @property
    def wall(self) -> Path:
        """The file that says how far the wall clock is off."""
        return self.ground.folder / "wall"

    @property
    def elsewhere(self) -> bool:
        """Whether runs may be on several hosts."""
        return not self.ground.record.url.startswith("sqlite")

    def begin_again(self, *, first: bool, lease: str) -> None:
        """Everything as in the evening."""
        self.found, self.mark = Found(), None
        for launcher, run in self._at_work:
            run.kill()
            launcher.wait(run)
        self._at_work.clear()
        self.relay.quiet()
        self.relay.forgets()
        self.relay.pausing = self.ground.relay.lets_pass
        self.ground.configure(lease=lease)
        self.ground.begin_again(first=first)
        self.wall.write_text("0", "utf-8")

    def first(self, order: Order, **more: Any) -> Running:
        """The first run begins; ``order`` is what is done to it at one of its requests."""
        self.order = order
        self._begun.clear()
        self.ground.relay.arm(order)
        self._first = self.ground.launcher.begin(["run"], **more)
        self._at_work.append((self.ground.launcher, self._first))
        self._begun.set()
        return self._first

    @property
    def running(self) -> Running:
        """The first run, for who strikes it."""
        self._begun.wait()
        if self._first is None:
            raise RuntimeError("no run was begun")
        return self._first

    def second(self, *, at: int = 0, then: Callable[[], None] = lambda: None, **more: Any) -> Running:
        """The second run begins; at its request number ``at``, ``then`` is called."""
        follow = Order(at - 1, Moment.BEFORE, then, lives=True)

        def came() -> None:
            self.mark = len(self.order.passed)
            if at == 1:
                then()
            self.relay.arm(follow)

        self.relay.arm(Order(1, Moment.BEFORE, came, lives=True))
        run = self.launcher.begin(["run"], environment=self._environment(), **more)
        self._at_work.append((self.launcher, run))
        return run

    def second_until(self, *refused: int, seconds: float = 60.0, **more: Any) -> Ended:
        """Begun at once, again and again while it ends with one of these codes, for so long."""
        end = time.monotonic() + seconds
        while True:
            ended = self.ended(self.launcher, self.second(**more))
            if ended.code not in refused or time.monotonic() >= end:
                return ended
            time.sleep(0.1)

    def ended(self, launcher: Launcher, running: Running, *codes: int) -> Ended:
        """How it ended; with other codes than these, if any are given, or with a traceback, that is wrong."""
        ended = launcher.wait(running, PATIENCE)
        if ended is None:
            raise RuntimeError("a run neither ends nor dies")
        self._at_work.remove((launcher, running))
        if "Traceback" in ended.said or (codes and ended.code not in codes):
            self.found.wrong.append(f"a run ended with {ended.code}: {ended.said}")
        return ended

    def fenced(self) -> None:
        """After the second run had begun, the first one sent no more than each of its threads had made ready."""
        if self.mark is None:
            return
        late = [one for one in self.order.passed[self.mark :] if one in WRITES]
        if len(late) > AT_ONCE:
            self.found.wrong.append(f"fence: the first run sent {', '.join(late)} beside the second")

    def at_once(self, *, doubles: bool) -> None:
        """What stands now. Where ``doubles`` are allowed until the next night, they are counted apart."""
        self.ground.relay.quiet()
        self.relay.quiet()
        for one in self.ground.wrong_at_any_time():
            (self.found.doubled if doubles and one.wrong is Wrong.DUPLICATE else self.found.wrong).append(one.what)

    def judged(self, *, doubles: bool) -> Found:
        """After all that the service was sent, and one more quiet night."""
        self.at_once(doubles=doubles)
        self.ground.relay.lets_all_be_done()
        self.relay.lets_all_be_done()
        self.at_once(doubles=doubles)
        self.wall.write_text("0", "utf-8")
        self.ground.relay.arm(Order(0, Moment.AFTER, lambda: None))
        night = self.ground.launcher.run("run")
        if night.code or "Traceback" in night.said:
            self.found.wrong.append(f"the quiet night ended with {night.code}: {night.said}")
        self.found.wrong += [one.what for one in in_the_end(self.ground)]
        self.found.doubled = sorted(set(self.found.doubled))
        return self.found

    def _environment(self) -> Mapping[str, str]:
        url = self.relay.url
        return {
            PAUSES: url,
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{url}/EWS/Exchange.asmx",
        }


@contextmanager
def meeting(folder: Path, *, server: str = "") -> Iterator[Meeting]:
    """``server`` is the URL of a PostgreSQL database for the state; without it, that is SQLite's."""
    with ground(folder, server=server) as made, Launcher(folder, said="said-too.txt") as launcher:
        relay = Relay(int(made.sandbox.url.rpartition(":")[2]))
        try:
            yield Meeting(made, launcher, relay)
        finally:
            relay.close()
