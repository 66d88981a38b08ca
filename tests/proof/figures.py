"""What a part of the proof is asked for, and what it has to show: figures, and each case that it tried with all that was wrong with it."""

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

Say = Callable[[str], None]
"""Tells the person who waits how far it is: one short line."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is asked for.

    ``share`` is 1.0 for all that is promised, and less for a part of it. ``seed`` is what all chance of the part comes from, so that what
    was found can be had again. ``jobs`` processes may try cases side by side. ``minutes`` is for a part that takes as long as it is given;
    None is its full time.
    """

    share: float
    seed: int
    jobs: int = os.cpu_count() or 1
    minutes: float | None = None

    def of(self, whole: int, least: int = 1) -> int:
        """So many of ``whole``, but ``least`` of them."""
        return max(least, round(whole * self.share))


class Wrong(StrEnum):
    """What can be wrong. The first ones are harm: what stands in calendars and in Deleted Items shows it, whatever was said."""

    DUPLICATE = "duplicate"
    WRONG_DELETE = "wrong delete"
    DELETED_FOR_GOOD = "deleted for good"
    FOREIGN_CHANGED = "foreign event changed"
    WRONG_CONTENT = "wrong content"
    MADE_ANEW = "made anew"
    MAIL = "mail sent"
    NOT_CONVERGED = "not converged by a clean night"
    HISTORY = "a history with a rule broken"
    TWO_AT_ONCE = "two runs at once"
    RECORD = "wrong record"
    SAID = "other exit code or sentence"
    NOT_TRIED = "could not be tried"


HARM = tuple(Wrong)[: list(Wrong).index(Wrong.NOT_CONVERGED)]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was wrong: its kind, and what it was in words."""

    wrong: Wrong
    what: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.what}"


@dataclass(frozen=True, slots=True)
class Tried:
    """One case. ``name`` is all that its part needs to try it again, with its seed where chance is in it; ``said`` is what was printed."""

    name: str
    ended: str
    found: tuple[Finding, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was looked at: ``what`` in words, the ``figure`` that was obtained, and whether it is as promised."""

    what: str
    figure: str
    good: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the proof.

    ``prove`` obtains its figures, and gives each case that it tried; it raises for nothing that it was made to find, but shows a figure not
    good. ``again`` tries one case by its name, and raises ValueError for a name that is none; a part without it is run again as a whole.
    ``timed`` is one that takes as long as it is given. ``touches`` are the paths of what the part proves something about: its figures are
    of another program once these have changed.
    """

    name: str
    about: str
    prove: Callable[[Amount, Say], Iterable[Figure | Tried]]
    again: Callable[[str, Say], Tried] | None = None
    timed: bool = False
    touches: tuple[str, ...] = ("timetable_sync", "migrations", "pyproject.toml", "requirements/runtime.txt")

    def command(self, tried: Tried, amount: Amount) -> str:
        """What is typed to try this case again."""
        if self.again is not None:
            return shlex.join(["python", "-m", "tests.proof", self.name, "--case", tried.name])
        return shlex.join(["python", "-m", "tests.proof", self.name, "--seed", str(amount.seed), "--share", f"{amount.share:g}"])


def harm_figures(name: str, tried: Iterable[Tried], looked_for: Sequence[Wrong]) -> Iterator[Figure]:
    """In how many cases which harm was done, and apart, in how many something else was wrong; of the kinds that were ``looked_for``."""
    cases = list(tried)
    counts = Counter(wrong for case in cases for wrong in {finding.wrong for finding in case.found})
    kinds = [wrong for wrong in Wrong if wrong in looked_for or counts[wrong]]
    for what, those in (("harm done", [one for one in kinds if one in HARM]), ("else wrong", [one for one in kinds if one not in HARM])):
        words = ", ".join(f"{counts[wrong]} {wrong}" for wrong in those)
        yield Figure(f"{name}: {what}", f"in {len(cases)} cases: {words}", not any(counts[wrong] for wrong in those))
