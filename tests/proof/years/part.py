"""The part of the proof: many histories, on all processors."""

import multiprocessing
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from tests.proof.figures import Amount, Figure, Part, Say
from tests.proof.years.memory_world import MemoryWorld
from tests.proof.years.running import Found, histories, together

IN_MEMORY = 10_000

#: So many at a time, that it can be said how far it is, and that a counter-example does not wait for all others.
_AT_A_TIME = 50


def prove(amount: Amount, say: Say) -> Iterable[Figure]:
    """Its figures."""
    chance = random.Random(amount.seed)  # noqa: S311 - chooses histories, guards nothing
    yield from _figures("in memory", _run(_in_memory, amount.of(IN_MEMORY), chance, say, "in memory"))


def _run(work: Callable[[tuple[int, int]], Found], count: int, chance: random.Random, say: Say, where: str) -> Found:
    tasks = [(min(_AT_A_TIME, count - begun), chance.randrange(2**32)) for begun in range(0, count, _AT_A_TIME)]
    found, done = Found(), 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for one in pool.imap_unordered(work, tasks):
            found, done = together((found, one)), done + 1
            if done % 10 == 0 or done == len(tasks) or one.counter_example:
                say(f"{where}: {found.tally['histories']} histories, {found.tally['nights']} nights{one.counter_example}")
            if one.counter_example:
                break
    return found


def _in_memory(task: tuple[int, int]) -> Found:
    count, seed = task
    return histories(_memory_world(), count, seed)


@lru_cache(1)
def _memory_world() -> MemoryWorld:
    """One for all that this process is given."""
    return MemoryWorld(folder())


def folder() -> Path:
    """One of this process's own, in memory where the system has that: nothing in it is to outlive the process."""
    shared = Path("/dev/shm")  # noqa: S108 - the folder in it is of this process alone
    return Path(tempfile.mkdtemp(prefix="years-", dir=shared if shared.is_dir() else None))


def _figures(where: str, found: Found) -> Iterator[Figure]:
    yield Figure(f"histories {where}", f"{found.tally['histories']:,}", found.tally["histories"] > 0)
    yield Figure(f"nights {where}", f"{found.tally['nights']:,}", found.tally["nights"] > 0)
    yield Figure(f"changes made by people {where}", f"{found.tally['people']:,}", found.tally["people"] > 0)
    yield Figure(f"changes made by nights {where}", f"{found.tally['written']:,}", found.tally["written"] > 0)
    yield Figure(f"counter-examples {where}", "1" if found.counter_example else "0", not found.counter_example)


PART = Part("years", "years of nights, with people, clocks, ledgers and mishaps", prove)
