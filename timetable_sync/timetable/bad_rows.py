"""Rows that were set aside: counted by reason, the first of them kept as examples, and what they leave open. Holds few of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from timetable_sync.model.unsettled import Unsettled

_EXAMPLES = 100

#: More different things left open than this, and nothing at all is taken for settled: memory must not grow with the mistakes either.
_MOST_LEFT_OPEN = 20_000
_EVERYTHING = Unsettled(None, None, None, None)


@dataclass(frozen=True, slots=True)
class BadRow:
    """``row`` counts from 1 in the query's result (of a lesson, its first row). ``column`` is the query's, or a key of the configuration.

    ``about`` is what identifies the row to a person.
    """

    row: int
    column: str
    reason: str
    about: str = ""


@dataclass(slots=True)
class BadRows:
    """All of a reading: rows by themselves, and lessons that could not be made of rows that looked well, one each.

    ``by_reason`` has the kinds of reason, without the values of single rows, each to be read after a number: "2 end before start".
    """

    count: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    _examples: list[BadRow] = field(default_factory=list)
    _unsettled: set[Unsettled] = field(default_factory=set)

    @property
    def examples(self) -> tuple[BadRow, ...]:
        """The first hundred that were found, by row."""
        return tuple(sorted(self._examples, key=lambda bad: bad.row))

    @property
    def unsettled(self) -> tuple[Unsettled, ...]:
        """What they leave open, each thing once, in an order that does not depend on that of the rows."""
        return tuple(sorted(self._unsettled, key=_order))

    def add(self, bad: BadRow, kind: str, unsettled: Iterable[Unsettled]) -> None:
        """One more. ``kind`` is its reason in general."""
        self.count += 1
        self.by_reason[kind] += 1
        self.leave_open(unsettled)
        if len(self._examples) < _EXAMPLES:
            self._examples.append(bad)

    def leave_open(self, unsettled: Iterable[Unsettled]) -> None:
        """What a row that is counted already leaves open besides."""
        if _EVERYTHING not in self._unsettled:
            self._unsettled.update(unsettled)
            if len(self._unsettled) > _MOST_LEFT_OPEN:
                self._unsettled = {_EVERYTHING}


def _order(unsettled: Unsettled) -> tuple[tuple[bool, str], ...]:
    parts = (unsettled.calendar, unsettled.period, unsettled.activity, unsettled.week, unsettled.lesson)
    return tuple((part is not None, part or "") for part in parts)
