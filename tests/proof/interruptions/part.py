"""The part of the proof: each kind of interruption many times by chance, with the state in SQLite and in PostgreSQL."""

import queue
import random
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.databases import POSTGRESQL, database_of_our_own
from tests.proof.figures import Amount, Figure, Finding, Part, Say, Tried, Wrong, harm_figures
from tests.proof.interruptions.cases import KINDS
from tests.proof.interruptions.meeting import Meeting, meeting

#: So many cases of each kind in each database.
MANY = 30

DATABASES = ("SQLite", "PostgreSQL")

_NAME = re.compile(r"(.*) on (\w+), seed (\d+)")

#: How what is wrong begins in words, and what it is.
_WRONG = {
    "duplicate": Wrong.DUPLICATE,
    "lost": Wrong.WRONG_DELETE,
    "deleted:": Wrong.WRONG_DELETE,
    "foreign": Wrong.FOREIGN_CHANGED,
    "made anew": Wrong.MADE_ANEW,
    "mail": Wrong.MAIL,
    "too much": Wrong.NOT_CONVERGED,
    "the next plan": Wrong.NOT_CONVERGED,
    "the quiet night": Wrong.NOT_CONVERGED,
    "fence": Wrong.TWO_AT_ONCE,
    "lease": Wrong.TWO_AT_ONCE,
    "ledger": Wrong.RECORD,
    "the lease": Wrong.RECORD,
    "status": Wrong.RECORD,
}

LOOKED_FOR = tuple(dict.fromkeys(_WRONG.values()))

_DOUBLED = "doubled until the quiet night"


class Grounds:
    """One thread's grounds, each made when it is first needed; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._made: dict[str, Meeting] = {}

    def __enter__(self) -> "Grounds":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def case(self, name: str) -> Tried:
        """The case of this name. Raises ValueError where there is none."""
        found = _NAME.fullmatch(name)
        if found is None or found[1] not in KINDS or found[2] not in DATABASES:
            raise ValueError(f"no case is called {name!r}")
        try:
            met = self._ground(found[2])
            came = KINDS[found[1]](met, random.Random(name))  # noqa: S311 - chance for tests, no secret
        except (RuntimeError, LookupError, OSError, pytest.skip.Exception) as error:
            return Tried(name, "broke off", (Finding(Wrong.NOT_TRIED, f"{type(error).__name__}: {error}"),))
        findings = tuple(Finding(_kind(one), one) for one in came.wrong)
        ended = "; ".join([*came.done, *([f"{len(came.doubled)} {_DOUBLED}"] if came.doubled else [])])
        return Tried(name, ended, findings)

    def _ground(self, on: str) -> Meeting:
        if on not in self._made:
            folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="interruptions-")))
            server = self._stack.enter_context(database_of_our_own(POSTGRESQL)) if on == "PostgreSQL" else ""
            self._made[on] = self._stack.enter_context(meeting(folder, server=server))
        return self._made[on]


def prove(amount: Amount, say: Say) -> Iterator[Figure | Tried]:
    """All cases, and what came of them, by kind."""
    chance = random.Random(amount.seed)  # noqa: S311 - chance for tests, no secret
    names = [f"{kind} on {on}, seed {chance.randrange(2**32)}" for _ in range(amount.of(MANY)) for kind in KINDS for on in DATABASES]
    tried: list[Tried] = []
    for one in _side_by_side(names, amount.jobs):
        tried.append(one)
        yield one
        if len(tried) % 25 == 0:
            say(f"{len(tried)} of {len(names)}, {sum(bool(case.found) for case in tried)} not as they have to be")
    yield from figures(tried, len(names))


def figures(tried: Sequence[Tried], many: int) -> Iterator[Figure]:
    """What was found, in words."""
    yield Figure("runs interrupted", f"{len(tried)}", len(tried) == many)
    for kind in KINDS:
        those = [one for one in tried if one.name.startswith(f"{kind} on ")]
        yield from harm_figures(kind, those, LOOKED_FOR)
        doubled = sum(_DOUBLED in one.ended for one in those)
        yield Figure(f"{kind}: {_DOUBLED}, as EWS has no fence", f"in {doubled} cases", good=True)


def again(name: str, _: Say) -> Tried:
    """One case, once more. Raises ValueError where there is none of this name."""
    with Grounds() as grounds:
        return grounds.case(name)


def _side_by_side(names: Sequence[str], jobs: int) -> Iterator[Tried]:
    """In so many threads, each with processes of its own."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    done: queue.SimpleQueue[Tried | None] = queue.SimpleQueue()
    for name in names:
        todo.put(name)

    def work() -> None:
        try:
            with Grounds() as grounds:
                while not todo.empty():
                    try:
                        name = todo.get_nowait()
                    except queue.Empty:
                        return
                    done.put(grounds.case(name))
        finally:
            done.put(None)

    working = max(1, min(jobs, len(names)))
    for _ in range(working):
        threading.Thread(target=work).start()
    while working:
        if (one := done.get()) is None:
            working -= 1
        else:
            yield one


def _kind(wrong: str) -> Wrong:
    return next((kind for begin, kind in _WRONG.items() if wrong.startswith(begin)), Wrong.SAID)


PART = Part(
    "interruptions",
    "runs and the service paused, runs killed with answers missing, clocks set, leases lost; another run at once, then a quiet night",
    prove,
    again,
)
