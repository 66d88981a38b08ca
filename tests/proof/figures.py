"""What a part of the proof is asked for, and what it has to show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Say = Callable[[str], None]
"""Tells the person who waits how far it is: one short line."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is asked for.

    ``share`` is 1.0 for all that is promised, and less for a part of it. ``seed`` is what all chance of the part comes from, so that what
    was found can be had again.
    """

    share: float
    seed: int

    def of(self, whole: int, least: int = 1) -> int:
        """So many of ``whole``, but ``least`` of them."""
        return max(least, round(whole * self.share))


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was looked at: ``what`` in words, the ``figure`` that was obtained, and whether it is as promised."""

    what: str
    figure: str
    good: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the proof. ``prove`` obtains its figures; it raises for nothing that it was made to find, but shows a figure not good."""

    name: str
    about: str
    prove: Callable[[Amount, Say], Iterable[Figure]]
