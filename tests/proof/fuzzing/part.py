"""Fuzzing in full: an hour of it, guided by coverage, over all readers; each in processes of their own."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.figures import Amount, Figure, Finding, Part, Say, Tried, Wrong
from tests.proof.fuzzing.targets import TARGETS, Target
from tests.proof.fuzzing.watching import wrong

#: Of the whole, in seconds.
HOUR = 3_600.0

_EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)")
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Searched:
    """What came of one target: how often it was run, for how long, and what it did wrong, each with its input in hexadecimal digits."""

    executions: int
    seconds: float
    found: list[tuple[str, str]] = field(default_factory=list)


def prove(amount: Amount, say: Say) -> Iterator[Figure | Tried]:
    """A figure a target, and the sum."""
    given = HOUR * amount.share if amount.minutes is None else 60 * amount.minutes
    if importlib.util.find_spec("atheris") is None:
        yield Figure("the fuzzer that is guided by coverage", "not installed: make .venv/.fuzz", good=False)
        return
    weights = sum(target.weight for target in TARGETS.values())
    whole: list[Searched] = []
    # As many at a time as the machine has processors to spare: a fuzzer takes all of one.
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2)) as pool, tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        searches = {
            name: pool.submit(_search, target, given * target.weight / weights, amount.seed, Path(folder) / name)
            for name, target in TARGETS.items()
        }
        for name, search in searches.items():
            searched = search.result()
            whole.append(searched)
            for finding, data in searched.found:
                say(f"{name}: {finding}: bytes.fromhex({data!r})")
                yield Tried(f"{name}; {data}", "a finding", (Finding(Wrong.SAID, finding),))
            yield Tried(f"{name}; seed {amount.seed}", _in_words(searched))
            yield Figure(f"{name}: {TARGETS[name].about}", _in_words(searched), not searched.found and searched.executions > 0)
    total = Searched(sum(one.executions for one in whole), sum(one.seconds for one in whole), [each for one in whole for each in one.found])
    yield Figure("in all", _in_words(total), not total.found and total.seconds >= given)


def _in_words(searched: Searched) -> str:
    return f"{searched.executions:,} runs in {searched.seconds:,.0f} s, {len(searched.found) or 'nothing'} found"


def _search(target: Target, seconds: float, seed: int, folder: Path) -> Searched:
    """Until its time is over; what takes too long or too much memory ends the process, and the search begins anew beside it."""
    folder.mkdir()
    executions, began, found, turn = 0, time.monotonic(), list[tuple[str, str]](), 0
    while (left := seconds - (time.monotonic() - began)) > 1 or turn == 0:
        turn += 1
        # libFuzzer takes 0 for "whatever you like".
        arguments = [target.name, str(max(1, round(left))), str((seed + turn) % 2**31 or 1), str(folder)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.proof.fuzzing.guided", *arguments],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        executions += sum(map(int, _EXECUTIONS.findall(done.stderr)))
        ends = [path for kind in ("timeout", "oom", "crash", "leak") for path in sorted(folder.glob(f"{kind}-*"))]
        for path in ends:
            found.append((path.name.partition("-")[0], path.read_bytes().hex()))
            path.unlink()
        if done.returncode and not ends:
            found.append((f"the fuzzer itself ended with {done.returncode}: {done.stderr[-300:]}", ""))
        if done.returncode and len(found) > 5:
            break
    for path in sorted(folder.glob("found-*.json")):
        said = json.loads(path.read_text("utf-8"))
        found.append((said["finding"], said["input"]))
    return Searched(executions, time.monotonic() - began, found)


def again(name: str, _: Say) -> Tried:
    """One input, once more: the target, and its bytes in hexadecimal digits. Raises ValueError where there is no such target."""
    called, _separator, data = name.partition("; ")
    if called not in TARGETS or not re.fullmatch(r"(?:[0-9a-f]{2})*", data):
        raise ValueError(f"no input is called {name!r}")
    finding = wrong(TARGETS[called], bytes.fromhex(data))
    return Tried(name, "a finding" if finding else "nothing found", (Finding(Wrong.SAID, finding),) if finding else ())


PART = Part("fuzzing", "whatever bytes come in, a value or a clear error comes out", prove, again, timed=True)
