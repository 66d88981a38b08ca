"""One case by its seed: a run is interrupted, another begins at once, and a quiet night follows. Each gives what was found.

What Exchange can be kept from is strict: no duplicate ever stands. What it cannot (README, promises 2 and 11) may stand double until the
quiet night, and is counted apart.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

from tests.proof.interruptions.meeting import Found, Meeting
from tests.proof.kills.forked import PATIENCE, Running
from tests.proof.kills.relay import LONGEST, Moment, Order

#: A lease that runs out while a process is paused for a little longer.
_SHORT, _LONGER = "2 seconds", 2.5

#: A night has about twenty requests, of which the first few only read.
_REQUESTS = (3, 19)
_COMMITS = (3, 14)

_LIVES = (Moment.BEFORE, Moment.AFTER, Moment.DURING, Moment.ANSWERED, Moment.LATE, Moment.LOST)


def paused_client(met: Meeting, chance: random.Random) -> Found:
    """A run stands still for longer than its lease; another takes over; then the first one goes on, during that or after it."""
    met.begin_again(first=chance.random() < 0.3, lease=_SHORT)
    how = chance.choice(("request", "request", "commit", "commit", "moment"))
    if how == "commit":
        # Not before a commit: then it holds the database's lock, and nobody else begins.
        nth = chance.randint(*_COMMITS)
        stop = {"commit": nth, "moment": "after", "counted": str(met.ground.folder / "counted"), "signal": int(signal.SIGSTOP)}
        first = met.first(_nothing(), **stop)
        met.found.done.append(f"the client paused after commit {nth}")
    elif how == "request":
        nth, moment = chance.randint(*_REQUESTS), chance.choice(_LIVES)
        first = met.first(Order(nth, moment, lambda: met.running.signal(signal.SIGSTOP), lives=True))
        met.found.done.append(f"the client paused at request {nth}, {moment}")
    else:
        seconds = chance.uniform(0.1, 1.5)
        first = met.first(_nothing())
        time.sleep(seconds)
        first.signal(signal.SIGSTOP)
        met.found.done.append(f"the client paused after {seconds:.2f} s")
    while not first.stopped and not met.ground.launcher.has_ended(first, 0.01):
        pass
    if not first.stopped:
        met.ended(met.ground.launcher, first, 0)
        return met.judged(doubles=False)

    def go_on() -> None:
        first.signal(signal.SIGCONT)

    at = chance.choice((0, 0, chance.randint(1, 14)))
    more = {"elsewhere": chance.uniform(1, 1e6)} if met.elsewhere and chance.random() < 0.5 else {}
    # Paused while it held the database's lock, it lets nobody begin.
    at_last = threading.Timer(3 * _LONGER, go_on)
    at_last.start()
    second = met.second_until(6, at=at, then=go_on, **more)
    at_last.cancel()
    go_on()
    met.ended(met.ground.launcher, first)
    met.found.done.append(f"the second ended with {second.code}")
    met.fenced()
    return met.judged(doubles=True)


def paused_service(met: Meeting, chance: random.Random) -> Found:
    """The service stands still for longer than the lease. The run that waits for it keeps its lease; one that is killed is followed."""
    met.begin_again(first=chance.random() < 0.3, lease=_SHORT)
    service, nth, dies = met.ground.sandbox.pid, chance.randint(*_REQUESTS), chance.random() < 0.5
    struck = threading.Event()

    def go_on() -> None:
        os.kill(service, signal.SIGCONT)
        met.ground.relay.quiet()

    def strike() -> None:
        os.kill(service, signal.SIGSTOP)
        if dies:
            # It reaches the service, which stands still, before the run is dead.
            threading.Timer(0.1, met.running.kill).start()
        struck.set()

    met.found.done.append(f"the service paused at request {nth}{', the client killed' if dies else ''}")
    try:
        first = met.first(Order(nth, Moment.BEFORE, strike, lives=True))
        while not struck.wait(0.01) and not met.ground.launcher.has_ended(first, 0.0):
            pass
        if not struck.is_set():
            met.ended(met.ground.launcher, first, 0)
        elif dies:
            met.ended(met.ground.launcher, first, -signal.SIGKILL)

            def pausing(seconds: float) -> None:
                go_on()
                met.ground.relay.lets_pass(seconds)

            met.relay.pausing = pausing
            second = met.second()
            if not met.launcher.has_ended(second, 1.5):
                go_on()
            met.ended(met.launcher, second, 0)
        else:
            time.sleep(_LONGER)
            second = met.second()
            if not met.launcher.has_ended(second, 30):
                met.found.wrong.append("lease: a second run began beside one that waits for the service")
            os.kill(service, signal.SIGCONT)
            met.ended(met.launcher, second, 6)
            met.ended(met.ground.launcher, first, 0)
    finally:
        os.kill(service, signal.SIGCONT)
    return met.judged(doubles=False)


def killed(met: Meeting, chance: random.Random) -> Found:
    """One to three runs end by kill -9, SIGTERM or SIGTERM twice, answers missing before that; the next one begins at once."""
    met.begin_again(first=chance.random() < 0.3, lease="5 minutes")
    relay = met.ground.relay
    for _ in range(chance.choice((1, 1, 2, 3))):
        how = chance.choice(("kill", "kill", "term", "terms"))
        lost, nth, moment = chance.randint(*_REQUESTS), chance.randint(1, 8), chance.choice(tuple(Moment))
        # Whom it answers nothing, while the connection is at an end, the run waits a minute for.
        lateness = chance.uniform(0, 55)

        def strike(how: str = how) -> None:
            if how == "kill":
                met.running.kill()
                return
            for _ in range(1 if how == "term" else 2):
                met.running.signal(signal.SIGTERM)
                time.sleep(0.05)

        then = Order(nth, moment, strike, lives=how != "kill", lateness=lateness if how == "term" else LONGEST)
        running = met.first(Order(lost, Moment.LATE, partial(relay.arm, then), lives=True, lateness=lateness))
        ended = met.ended(met.ground.launcher, running)
        met.found.done.append(f"request {lost} without an answer, {how} {nth} later {moment}: {ended.code}")
        met.at_once(doubles=False)
    met.relay.pausing = relay.lets_pass
    met.ended(met.launcher, met.second(), 0)
    return met.judged(doubles=False)


def clock_stepped(met: Meeting, chance: random.Random) -> Found:
    """The wall clock steps in the middle of a night. The run goes on, and no other begins beside it; or it is killed, and is followed."""
    reboot, dies = chance.random() < 0.3, chance.random() < 0.5
    step = chance.choice((-200, 200, -200, 200, -3600, 3600, 7200, -86_400, 86_400, 4 * 86_400))
    met.begin_again(first=chance.random() < 0.3, lease=_SHORT if reboot else "1 minute")
    nth, moment = chance.randint(*_REQUESTS), Moment.LATE if reboot or dies else Moment.BEFORE
    beside: list[int] = []
    more = {"elsewhere": chance.uniform(1, 20)} if reboot else {}

    def strike() -> None:
        met.wall.write_text(str(step), "utf-8")
        if moment is Moment.LATE:
            met.running.kill()
        else:
            beside.append(met.ended(met.launcher, met.second(wall=str(met.wall))).code)

    met.found.done.append(
        f"the clock stepped by {step} s at request {nth}{', killed' if moment is Moment.LATE else ''}{', booted' if reboot else ''}"
    )
    first = met.first(Order(nth, moment, strike, lives=moment is not Moment.LATE), wall=str(met.wall))
    ended = met.ended(met.ground.launcher, first, 0, 1, 3, -signal.SIGKILL)
    # By a clock that is far off the first may have ended already, as nobody can sign in; the second then ends so too.
    if any(code != 6 and (code != 3 or abs(step) < 300) for code in beside):
        met.found.wrong.append(f"lease: a second run began beside one that lives: {beside}")
    if ended.code == -signal.SIGKILL:
        # It has been up for so long since the request was sent, and no less has passed.
        met.ground.relay.lets_pass(more.get("elsewhere", 0.0))
        # With a clock that is far off nobody can sign in, and nothing is written.
        second = met.second_until(6, wall=str(met.wall), **more)
        met.found.done.append(f"the second ended with {second.code}")
        if second.code not in ((0,) if abs(step) < 300 else (0, 3)):
            met.found.wrong.append(f"the second run ended with {second.code}: {second.said}")
    return met.judged(doubles=False)


def lease_lost(met: Meeting, chance: random.Random) -> Found:
    """The lease's row is gone, set back, another's, or the whole state is that of the evening; a second run begins at once."""
    met.begin_again(first=(very := chance.random() < 0.3), lease="5 minutes")
    record = met.ground.record
    how = chance.choice(("deleted", "set back", "another's", "restored"))
    lose: Callable[[], None] = {
        "deleted": lambda: record.change("DELETE FROM lease"),
        "set back": lambda: record.change("UPDATE lease SET until = '2020-01-01 00:00:00', runs_out = 0"),
        "another's": lambda: record.change("UPDATE lease SET token = 'another', until = '2020-01-01 00:00:00', runs_out = 0"),
        "restored": lambda: record.put_back(empty=very),
    }[how]
    nth, moment = chance.randint(*_REQUESTS), chance.choice((Moment.BEFORE, Moment.BEFORE, Moment.AFTER, Moment.ANSWERED, Moment.LATE))
    begun: list[Running] = []
    waits = threading.Event()

    def pausing(seconds: float) -> None:
        waits.set()
        met.ground.relay.quiet()
        met.ground.relay.lets_pass(seconds)

    met.relay.pausing = pausing

    def strike() -> None:
        lose()
        begun.append(met.second())
        end = time.monotonic() + PATIENCE
        while not waits.is_set() and not met.launcher.has_ended(begun[0], 0.01) and time.monotonic() < end:
            pass

    met.found.done.append(f"the lease {how} at request {nth}, {moment}")
    first = met.first(Order(nth, moment, strike, lives=True))
    met.ended(met.ground.launcher, first)
    met.ground.relay.quiet()
    if begun:
        second = met.ended(met.launcher, begun[0])
        met.found.done.append(f"the second ended with {second.code}")
        met.fenced()
    return met.judged(doubles=True)


def _nothing() -> Order:
    return Order(0, Moment.AFTER, lambda: None)


KINDS: dict[str, Callable[[Meeting, random.Random], Found]] = {
    "client paused": paused_client,
    "service paused": paused_service,
    "killed, answers missing": killed,
    "clock stepped": clock_stepped,
    "lease lost": lease_lost,
}
