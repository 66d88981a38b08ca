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

from timetable_sync.timetable.columns import JOINT, At, Field, MeetingRow


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


def fold(
    rows: Iterable[MeetingRow], fields: Sequence[Field], *, own_ids: bool, differing: Counter[str]
) -> Iterator[Lesson | Contradiction]:
    """``rows`` sorted by period, activity, week, start and end, as lessons.

    ``fields`` say which texts of a row can be several; ``differing`` counts, by field, the lessons whose rows differ in one that cannot.
    """
    together = int(At.WEEK if own_ids else At.NUMBER)
    counted_together = int(At.START)
    several = tuple(field.several for field in fields)
    names = tuple(field.name for field in fields)
    head: MeetingRow | None = None
    group: MeetingRow | None = None
    nth = 0
    pile: MeetingRow | _Pile = ()

    def finished() -> Lesson | Contradiction:
        one = pile.result() if isinstance(pile, _Pile) else pile
        if isinstance(one, Contradiction):
            return one
        period, activity, week, start, end, number, cancelled, calendars, *texts = one
        return Lesson(
            period,
            activity,
            week,
            nth,
            number,
            start,
            end,
            cancelled == 1,
            tuple(calendars.split(JOINT)) if calendars else (),
            tuple([(tuple(text.split(JOINT)) if text else ()) if many else text for text, many in zip(texts, several, strict=True)]),
        )

    for row in rows:
        if row[:together] == head:
            if not isinstance(pile, _Pile):
                pile = _Pile(pile, several, names, differing)
            pile.add(row)
            continue
        if head is not None:
            yield finished()
        head, pile = row[:together], row
        if row[:counted_together] == group:
            nth += 1
        else:
            group, nth = row[:counted_together], 1
    if head is not None:
        yield finished()


class _Pile:
    """Several rows of one lesson. Keeps what differs between them, not the rows: a lesson can have thousands."""

    def __init__(self, first: MeetingRow, several: tuple[bool, ...], names: tuple[str, ...], differing: Counter[str]) -> None:
        self._first, self._several, self._names, self._differing = first, several, names, differing
        self._number = first[At.NUMBER]
        self._columns: list[set[str]] = []
        self._times: set[tuple[int, int]] = set()
        self._cancelled = True
        self.add(first)

    def add(self, row: MeetingRow) -> None:
        self._number = min(self._number, row[At.NUMBER])
        if row[At.CANCELLED] and not self._cancelled:
            return
        if not self._columns or (self._cancelled and not row[At.CANCELLED]):
            # The first row, or the first that takes place: what cancelled rows said does not count.
            self._cancelled = bool(row[At.CANCELLED])
            self._columns = [set() for _ in row[At.CALENDARS :]]
            self._times = set()
        if len(self._times) < 2:
            self._times.add((row[At.START], row[At.END]))
        for seen, text in zip(self._columns, row[At.CALENDARS :], strict=True):
            seen.add(text)

    def result(self) -> MeetingRow | Contradiction:
        """The rows as one."""
        period, activity, week = self._first[: At.START]
        if len(self._times) > 1:
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
        return (period, activity, week, start, end, self._number, int(self._cancelled), *texts)
