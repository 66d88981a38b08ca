"""Fold the rows of one lesson, and give lessons their place in the week. Pure: rows in, lessons out, one at a time.

Rows of one key are one lesson: with an id of the source's own, all rows of that id; else all rows of one activity that start
and end together. Calendars, rooms, staff, groups and whatever else can be several are collected into sorted sets, where an empty
cell means "nothing more of this kind". Of anything else the first by the alphabet is taken, so that the order of rows, which
changes from night to night, changes nothing.

A lesson is cancelled when all its rows are; cancelled rows of one that takes place add nothing to it.

Its number is its place among all lessons of its activity in that week, by start and end: cancelled ones and those outside of
the window count, so that the others keep their numbers, and calendars play no part, so that a lesson has one number in all of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from timetable_sync.timetable.columns import JOINT, Field, StoredRow, cancelled_in, counted_with, rest_of, texts_in


@dataclass(slots=True)
class Lesson:
    """One teaching event at one time.

    ``row`` is the number of its first row; ``start`` and ``end`` as in ``times``; ``values`` are those of the fields in their order:
    a text, "" for none, or a tuple of texts, sorted.
    """

    period: str
    activity: str
    week: str
    nth: int
    row: int
    start: int
    end: int
    cancelled: bool
    calendars: tuple[str, ...]
    values: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows of one own id that do not agree on the time: none of them can be believed."""

    row: int
    period: str
    activity: str


def fold(rows: Iterable[StoredRow], fields: Sequence[Field], *, own_ids: bool, differing: Counter[str]) -> Iterator[Lesson | Contradiction]:
    """``rows`` sorted by period, activity, week, start and end, as lessons.

    ``fields`` say which texts of a row can be several; ``differing`` counts, by field, the lessons whose rows differ in one that cannot.
    """
    several = tuple(field.several for field in fields)
    names = tuple(field.name for field in fields)
    group: str | None = None
    period = activity = week = ""
    begin = finish = nth = 0
    pile: StoredRow | _Pile = ("", 0, 0, 0, "")
    said: str | None = None
    calendars: tuple[str, ...] = ()
    values: tuple[str | tuple[str, ...], ...] = ()

    def finished() -> Lesson | Contradiction:
        nonlocal said, calendars, values
        one = pile.result() if isinstance(pile, _Pile) else pile
        if isinstance(one, Contradiction):
            return one
        _, start, end, number, rest = one
        # Most meetings of an activity say the same: then these are the very objects of the lesson before.
        if rest != said:
            first, *texts = texts_in(rest)
            calendars = _set_of(first)
            values = tuple([_set_of(text) if many else text for text, many in zip(texts, several, strict=True)])
            said = rest
        return Lesson(period, activity, week, nth, number, start, end, cancelled_in(rest), calendars, values)

    for row in rows:
        head, start, end, _, _ = row
        if head == group:
            if own_ids or (start == begin and end == finish):
                if not isinstance(pile, _Pile):
                    pile = _Pile(pile, several, names, differing)
                pile.add(row)
                continue
            yield finished()
            nth += 1
        else:
            if group is not None:
                yield finished()
            group, nth = head, 1
            period, activity, week = counted_with(head)
        begin, finish, pile = start, end, row
    if group is not None:
        yield finished()


def _set_of(text: str) -> tuple[str, ...]:
    return tuple(text.split(JOINT)) if text else ()


class _Pile:
    """Several rows of one lesson. Keeps what differs between them, not the rows: a lesson can have thousands."""

    def __init__(self, first: StoredRow, several: tuple[bool, ...], names: tuple[str, ...], differing: Counter[str]) -> None:
        self._head, _, _, self._number, _ = first
        self._several, self._names, self._differing = several, names, differing
        self._columns: list[set[str]] = []
        self._times: set[tuple[int, int]] = set()
        self._cancelled = True
        self.add(first)

    def add(self, row: StoredRow) -> None:
        _, start, end, number, rest = row
        self._number = min(self._number, number)
        cancelled = cancelled_in(rest)
        if cancelled and not self._cancelled:
            return
        texts = texts_in(rest)
        if not self._columns or (self._cancelled and not cancelled):
            # The first row, or the first that takes place: what cancelled rows said does not count.
            self._cancelled = cancelled
            self._columns = [set() for _ in texts]
            self._times = set()
        if len(self._times) < 2:
            self._times.add((start, end))
        for seen, text in zip(self._columns, texts, strict=True):
            seen.add(text)

    def result(self) -> StoredRow | Contradiction:
        """The rows as one."""
        if len(self._times) > 1:
            period, activity, _ = counted_with(self._head)
            return Contradiction(self._number, period, activity)
        (start, end), *_ = self._times
        texts = []
        for seen, many, name in zip(self._columns, (True, *self._several), ("", *self._names), strict=True):
            seen.discard("")
            if many:
                texts.append(JOINT.join(sorted({part for text in seen for part in text.split(JOINT)})))
                continue
            texts.append(min(seen, default=""))
            if len(seen) > 1:
                self._differing[name] += 1
        return (self._head, start, end, self._number, rest_of(cancelled=self._cancelled, texts=texts))
