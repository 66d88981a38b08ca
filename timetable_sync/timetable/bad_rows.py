"""Rows that were set aside: counted by reason, the first of them kept as examples, and what they leave open."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from timetable_sync.model.unsettled import Unsettled

_EXAMPLES = 100


@dataclass(frozen=True, slots=True)
class BadRow:
    """``row`` counts from 1 in the query's result; ``about`` is what identifies the row to a person."""

    row: int
    column: str
    reason: str
    about: str = ""


@dataclass(slots=True)
class BadRows:
    """All of a reading. ``by_reason`` has the kinds of reason, without the values of single rows."""

    count: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    _examples: list[BadRow] = field(default_factory=list)
    _unsettled: dict[Unsettled, None] = field(default_factory=dict)

    @property
    def examples(self) -> tuple[BadRow, ...]:
        """The first ones."""
        return tuple(self._examples)

    @property
    def unsettled(self) -> tuple[Unsettled, ...]:
        """What they leave open, each thing once."""
        return tuple(self._unsettled)

    def add(self, bad: BadRow, kind: str, unsettled: Iterable[Unsettled]) -> None:
        """One more. ``kind`` is its reason in general: "ends before it starts"."""
        self.count += 1
        self.by_reason[kind] += 1
        self._unsettled.update(dict.fromkeys(unsettled))
        if len(self._examples) < _EXAMPLES:
            self._examples.append(bad)
