"""The part of the proof: many histories, on all processors."""

import multiprocessing
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from tests.proof.figures import Amount, Figure, Finding, Part, Say, Tried, Wrong
from tests.proof.years.ews_world import EwsWorld
from tests.proof.years.memory_world import MemoryWorld
from tests.proof.years.planted import BUGS
from tests.proof.years.running import Found, histories, together
from tests.proof.years.worlds import World
from tests.sandbox_process import SandboxProcess

IN_MEMORY = 10_000
OVER_HTTP = 300

#: So many at a time, that it can be said how far it is, and that a counter-example does not wait for all others.
_AT_A_TIME = 25


#: Nothing in these folders is to outlive the process: where the system has one in memory, no disk is waited for.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of this process's own is made in it

#: Where, how many histories, and the seed.
Task = tuple[str, int, int]

_here: dict[str, World] = {}
"""A process's own worlds, by where they are: each is for all that the process is given."""


def prove(amount: Amount, say: Say) -> Iterable[Figure | Tried]:
    """Its figures."""
    chance = random.Random(amount.seed)  # noqa: S311 - chooses histories, guards nothing
    with ExitStack() as opened:
        folder = opened.enter_context(TemporaryDirectory(prefix="years-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
        context, processes = multiprocessing.get_context("spawn"), amount.jobs
        urls: SimpleQueue[str] = context.SimpleQueue()
        for _ in range(processes):
            urls.put(opened.enter_context(SandboxProcess()).url)
        pool = opened.enter_context(context.Pool(processes, _begin, (folder, urls)))
        for where, whole in (("in memory", IN_MEMORY), ("over HTTP", OVER_HTTP)):
            count, found = amount.of(whole), Found()
            tasks = [(where, min(_AT_A_TIME, count - begun), chance.randrange(2**32)) for begun in range(0, count, _AT_A_TIME)]
            for task, one in pool.imap_unordered(_work, tasks):
                found = together((found, one))
                yield _tried(task, one)
                say(f"{where}: {found.tally['histories']:,} histories, {found.tally['nights']:,} nights{one.counter_example}")
            yield from _figures(where, found)
        yield from _planted(Path(folder))


def _begin(folder: str, urls: "SimpleQueue[str]") -> None:
    own = Path(mkdtemp(dir=folder))
    for name in ("memory", "http"):
        (own / name).mkdir()
    _here["in memory"] = MemoryWorld(own / "memory")
    _here["over HTTP"] = EwsWorld(own / "http", urls.get())


def _work(task: Task) -> tuple[Task, Found]:
    where, count, seed = task
    return task, histories(_here[where], count, seed)


def _tried(task: Task, found: Found) -> Tried:
    """The judge of these has seen what stands, and says in its own words which rule was broken."""
    where, count, seed = task
    wrong = (Finding(Wrong.HISTORY, found.counter_example.splitlines()[-1]),) if found.counter_example else ()
    return Tried(f"{where}, {count} histories, seed {seed}", f"{found.tally['nights']} nights", wrong, found.counter_example)


def again(name: str, _: Say) -> Tried:
    """Some histories, by their seed. Raises ValueError for what is no such name."""
    named = re.fullmatch(r"(in memory|over HTTP), (\d+) histories, seed (\d+)", name)
    if named is None:
        raise ValueError(f"no case is called {name!r}")
    task = named[1], int(named[2]), int(named[3])
    with TemporaryDirectory(prefix="years-") as folder, SandboxProcess() as sandbox:
        world = MemoryWorld(Path(folder)) if named[1] == "in memory" else EwsWorld(Path(folder), sandbox.url)
        return _tried(task, histories(world, *task[1:]))


def _planted(folder: Path) -> Iterator[Figure]:
    for bug in BUGS:
        with bug.plant():
            found = histories(MemoryWorld(folder, bug.backend), 200, of=1, rules=bug.rules, shrink=False)
        good = bug.says in found.counter_example.splitlines()[-1] if found.counter_example else False
        yield Figure(f"planted: {bug.name}", f"found in history {found.tally['histories']}" if good else "not found", good)


def _figures(where: str, found: Found) -> Iterator[Figure]:
    yield Figure(f"histories {where}", f"{found.tally['histories']:,}", found.tally["histories"] > 0)
    yield Figure(f"nights {where}", f"{found.tally['nights']:,}", found.tally["nights"] > 0)
    yield Figure(
        f"changes made by people {where}", f"{found.tally['people']:,}", found.tally["people"] > 0 or found.tally["histories"] < 10
    )
    yield Figure(f"changes made by nights {where}", f"{found.tally['written']:,}", found.tally["written"] > 0)
    yield Figure(f"counter-examples {where}", f"{found.counter_examples}", found.counter_examples == 0)


PART = Part("years", "years of nights, with people, clocks, ledgers and mishaps", prove, again)
