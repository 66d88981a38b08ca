"""The part of the proof: the whole product of requests and faults, pairs, and both databases; a clean night after each case."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proof.faults import by_proxy, cases, databases, table
from tests.proof.faults.scene import LOOKED_FOR
from tests.proof.faults.workers import DIRECT, PROXY, Scenes, Workers, workers
from tests.proof.figures import Amount, Figure, Part, Say, Tried, harm_figures

#: So many nights with two faults.
PAIRS = 300

_DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"


def prove(amount: Amount, say: Say) -> Iterator[Figure | Tried]:
    """Every request with every fault, once and for ever; two at random; every fault of a database at every statement."""
    dice = random.Random(amount.seed)  # noqa: S311 - chance for tests
    with workers(amount.jobs) as processes:
        groups = [(DIRECT, *group) for group in cases.chosen(processes.requests(DIRECT), amount, dice, PAIRS)]
        groups += [(PROXY, *group) for group in by_proxy.chosen(processes.requests(PROXY), amount, dice, PAIRS)]
        for way, name, chosen in groups:
            yield from _counted(name, [f"{way}; {case}" for case in chosen], processes, say)
        yield from _databases(processes, amount)
    agree = _DOCUMENT.exists() and table.block(_DOCUMENT.read_text("utf-8")) == table.markdown(table.expected(), databases.EXPECTED)
    yield Figure("docs/reliability.md has the table of what was proved", "the same" if agree else "another one", agree)


def again(name: str, _: Say) -> Tried:
    """One case, once more. Raises ValueError where there is none of this name."""
    with TemporaryDirectory(prefix="faults-") as folder:
        scenes = Scenes(Path(folder))
        try:
            return scenes.case(name)
        finally:
            scenes.close()


def _counted(name: str, chosen: Sequence[str], processes: Workers, say: Say) -> Iterator[Figure | Tried]:
    began, found = time.monotonic(), list[Tried]()
    for tried in processes.try_all(chosen):
        found.append(tried)
        yield tried
        if len(found) % 100 == 0:
            wrong = sum(bool(one.found) for one in found)
            say(f"{name}: {len(found)} of {len(chosen)}, {wrong} not as they have to be, {time.monotonic() - began:.0f} s")
    codes = Counter(tried.ended for tried in found)
    ends = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    yield Figure(name, f"{len(found)} nights; they ended: {ends}", len(found) == len(chosen))
    yield from harm_figures(name, found, LOOKED_FOR)


def _databases(processes: Workers, amount: Amount) -> Iterator[Figure | Tried]:
    figures: dict[databases.Row, Figure] = {}
    every: list[Tried] = []
    for row, moments, found, missing in processes.try_rows(databases.EXPECTED, amount.seed, amount.share):
        yield from found
        every += found
        bad, struck = sum(bool(one.found) for one in found), sum(one.ended == str(row.code) for one in found)
        where = "at start" if moments == 1 else f"at {len(found)} of {moments} statements"
        said = f"not proved: {missing}" if missing else f"{where}: {struck} nights ended with {row.code}, {bad} not as they have to be"
        figures[row] = Figure(str(row), said, not missing and not bad and (struck > 0 or amount.share < 1))
    yield from (figures[row] for row in databases.EXPECTED)
    yield from harm_figures("databases that fail", every, LOOKED_FOR)


PART = Part(
    "faults",
    "every request x every fault, pairs of them, all that by a proxy, and databases that fail; a clean night after each",
    prove,
    again,
)
