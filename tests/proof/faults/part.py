"""The part of the proof: the whole product of requests and faults, pairs, and both databases; a clean night after each case."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.proof.faults import by_proxy, cases, databases, table
from tests.proof.faults.scene import Scene
from tests.proof.figures import Amount, Figure, Part, Say
from tests.sandbox_process import SandboxProcess

#: So many nights with two faults.
PAIRS = 300

#: Whatever is wrong is said in full so often; then only counted.
_SHOWN = 20

_DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"


def prove(amount: Amount, say: Say) -> Iterator[Figure]:
    """Every request with every fault, once and for ever; two at random; every fault of a database at every statement."""
    dice = random.Random(amount.seed)  # noqa: S311 - chance for tests
    wrong = Wrong(say)
    with TemporaryDirectory(prefix="faults-") as folder, SandboxProcess() as sandbox:
        scene = Scene(Path(folder), sandbox)
        requests = cases.requests_of(scene)
        everything = cases.product(requests)
        chosen = everything if amount.share >= 1 else dice.sample(everything, amount.of(len(everything)))
        yield from _counted("requests x faults, once and for ever", chosen, lambda case: cases.tried(scene, case), wrong, say)
        pairs = cases.pairs(requests, dice)
        two = [next(pairs) for _ in range(amount.of(PAIRS))]
        yield from _counted("two faults in one night, at random", two, lambda case: cases.tried(scene, case), wrong, say)
    with TemporaryDirectory(prefix="faults-") as folder, SandboxProcess() as sandbox, by_proxy.scene_by_proxy(Path(folder), sandbox) as way:
        for name, those in by_proxy.chosen(way, amount, dice, PAIRS):
            yield from _counted(name, those, lambda case: cases.tried(way, case), wrong, say)
    for row in databases.EXPECTED:
        yield _database(row, amount, dice, wrong)
    agree = _DOCUMENT.exists() and table.block(_DOCUMENT.read_text("utf-8")) == table.markdown(table.expected(), databases.EXPECTED)
    yield Figure("docs/reliability.md has the table of what was proved", "the same" if agree else "another one", agree)


class Wrong:
    """Says what was not as it has to be, the first of it in full."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._count = 0

    def __call__(self, what: object, wrong: Iterable[str]) -> bool:
        """Whether there was anything."""
        found = list(wrong)
        if found and self._count < _SHOWN:
            self._say(f"NOT GOOD  {what}: " + "; ".join(found))
        self._count += bool(found)
        return bool(found)


def _counted(name: str, chosen: list[cases.Case], try_it: Callable[[cases.Case], cases.Result], wrong: Wrong, say: Say) -> Iterator[Figure]:
    codes: Counter[int] = Counter()
    bad = doubled = touched = lost = apart = 0
    began, used = time.monotonic(), time.process_time()
    for number, case in enumerate(chosen, 1):
        result = try_it(case)
        codes[result.code] += 1
        bad += wrong(case, result.wrong)
        doubled += any(" was made " in line or "of timetable/" in line for line in result.wrong)
        touched += any("not ours" in line for line in result.wrong)
        lost += any("deleted" in line for line in result.wrong)
        apart += any("clean night" in line or "next plan" in line for line in result.wrong)
        if number % 100 == 0:
            say(f"{name}: {number} of {len(chosen)}, {bad} not as they have to be, {time.monotonic() - began:.0f} s")
    ends = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    cost = (time.process_time() - used) / max(1, len(chosen))
    yield Figure(name, f"{len(chosen)} nights; they ended: {ends}; {cost:.2f} s of CPU time each", not bad)
    found = (
        f"{bad} otherwise than expected; {doubled} with a duplicate, {touched} with foreign events touched, {lost} with a wrong delete, "
    )
    yield Figure(f"{name}: what came", f"{found}{apart} not converged by one clean night", not bad)


def _database(row: databases.Row, amount: Amount, dice: random.Random, wrong: Wrong) -> Figure:
    name = f"{row.database}, {row.fault}"
    try:
        with (
            TemporaryDirectory(prefix="faults-") as folder,
            SandboxProcess() as sandbox,
            databases.scene_with(Path(folder), sandbox, row) as scene,
        ):
            moments = databases.moments(scene, row)
            chosen = sorted(dice.sample(moments, amount.of(len(moments))))
            found = [databases.tried(scene, row, moment) for moment in chosen]
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        return Figure(name, f"not proved: {missing}", False)
    bad = sum(wrong(f"{name}, statement {one.moment}", one.wrong) for one in found)
    where = "at start" if found[0].moment == 0 else f"at {len(found)} of {len(moments)} statements"
    struck = sum(one.code == row.code for one in found)
    return Figure(name, f"{where}: {struck} nights ended with {row.code}, {bad} not as they have to be", not bad and struck > 0)


PART = Part(
    "faults", "every request x every fault, pairs of them, all that by a proxy, and databases that fail; a clean night after each", prove
)
