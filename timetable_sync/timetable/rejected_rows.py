"""Rows that were rejected: counted by reason, the first of them kept as examples, and what they leave open; and notes on a reading.

Few of them are held in memory. Notes are sentences with numbers, for the report, on what is worth knowing though nothing is wrong.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from timetable_sync.model.plan import Unresolved

_EXAMPLES = 100

#: More different things left open than this, and nothing at all is taken for settled: memory must not grow with the mistakes either.
_MOST_LEFT_OPEN = 20_000
_EVERYTHING = Unresolved(None, None, None, None)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """``row`` counts from 1 in the query's result (of a lesson, its first row). ``column`` is the query's, or a key of the configuration.

    ``about`` is what identifies the row to a person.
    """

    row: int
    column: str
    reason: str
    about: str = ""


@dataclass(slots=True)
class RejectedRows:
    """All of a reading: rows by themselves, and lessons that could not be made of rows that looked well, one each.

    ``by_reason`` has the kinds of reason, without the values of single rows, each to be read after a number: "2 end before start".
    """

    count: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    _examples: list[RejectedRow] = field(default_factory=list)
    _unsettled: set[Unresolved] = field(default_factory=set)

    @property
    def examples(self) -> tuple[RejectedRow, ...]:
        """The first hundred that were found, by row."""
        return tuple(sorted(self._examples, key=lambda bad: bad.row))

    @property
    def unsettled(self) -> tuple[Unresolved, ...]:
        """What they leave open, each thing once, in an order that does not depend on that of the rows."""
        return tuple(sorted(self._unsettled, key=_order))

    def add(self, bad: RejectedRow, kind: str, unsettled: Iterable[Unresolved]) -> None:
        """One more. ``kind`` is its reason in general."""
        self.count += 1
        self.by_reason[kind] += 1
        self.leave_open(unsettled)
        if len(self._examples) < _EXAMPLES:
            self._examples.append(bad)

    def leave_open(self, unsettled: Iterable[Unresolved]) -> None:
        """What a row that is counted already leaves open besides."""
        if _EVERYTHING not in self._unsettled:
            self._unsettled.update(unsettled)
            if len(self._unsettled) > _MOST_LEFT_OPEN:
                self._unsettled = {_EVERYTHING}


def _order(unsettled: Unresolved) -> tuple[tuple[bool, str], ...]:
    parts = (unsettled.calendar, unsettled.period, unsettled.activity, unsettled.week, unsettled.lesson)
    return tuple((part is not None, part or "") for part in parts)


_SHOWN = 5


def notes_of(
    differing: Counter[str],
    shortened: Counter[str],
    names: Mapping[str, Iterable[str]],
    source: str,
    without_mailbox: Mapping[str, int] | None = None,
) -> tuple[str, ...]:
    """The sentences. ``differing`` counts lessons by field, ``shortened`` events by field; ``names`` are calendars' names by address.

    ``source`` is the source's own note, or empty; ``without_mailbox`` counts lessons by the calendar's name.
    """
    return tuple(_sentences(differing, shortened, names, source, without_mailbox or {}))


def _sentences(
    differing: Counter[str],
    shortened: Counter[str],
    names: Mapping[str, Iterable[str]],
    source: str,
    without_mailbox: Mapping[str, int],
) -> Iterator[str]:
    if source:
        yield source
    for name, count in sorted(differing.items()):
        rows = "the rows of one lesson differ" if count == 1 else f"in {count} lessons the rows differ"
        yield f"{rows} in {name}; the first by the alphabet was taken (many = true would collect them, for {{{{ {name} | join(', ') }}}})"
    for name, count in sorted(shortened.items()):
        yield f"{count} {'event' if count == 1 else 'events'} with a {name} that is too long: it was cut"
    if without_mailbox:
        lessons = sum(without_mailbox.values())
        whose = f"{len(without_mailbox)} calendars have" if len(without_mailbox) > 1 else "one calendar has"
        yield f"{whose} no mailbox, for {lessons} {'lesson' if lessons == 1 else 'lessons'}: {_list(sorted(without_mailbox))}"
    shared = {address: sorted(some) for address, some in sorted(names.items())}
    shared = {address: some for address, some in shared.items() if len(some) > 1}
    for address, some in list(shared.items())[:_SHOWN]:
        yield f"{address} is the calendar of {_list(some)}: they are one calendar"
    if len(shared) > _SHOWN:
        yield f"{len(shared) - _SHOWN} more addresses are the calendar of several names"


def _list(names: list[str]) -> str:
    shown = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]
