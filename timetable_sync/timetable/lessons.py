"""Merge the rows of one lesson, and give lessons their place in the week. Pure: rows in, lessons out.

Rows of one key are one lesson: with an id of the source's own, all rows of that id; else all rows of one activity that start
and end together. What differs between them is collected where it is a set; elsewhere the first by the alphabet is taken,
so that the order of rows, which changes from night to night, changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from timetable_sync.model.key import OWN, EventKey, iso_week
from timetable_sync.timetable.columns import MeetingRow
from timetable_sync.timetable.times import Clock


@dataclass(frozen=True, slots=True)
class Lesson:
    """One teaching event at one time. ``row`` is the number of its first row; ``start`` and ``end`` are in UTC."""

    key: EventKey
    row: int
    start: datetime
    end: datetime
    cancelled: bool
    calendars: tuple[str, ...]
    texts: dict[str, str]
    sets: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows of one own id that do not agree on the time: none of them can be believed."""

    row: int
    period: str
    activity: str


Numbered = tuple[int, MeetingRow]


def merge(
    rows: Iterable[Numbered], source: str, clock: Clock, *, own_ids: bool, differing: Counter[str]
) -> Iterator[Lesson | Contradiction]:
    """``rows`` sorted by period, activity, start and end, as lessons. ``differing`` counts the lessons whose rows differ, by field."""
    for (period, activity), group in groupby(rows, key=lambda row: (row[1].period, row[1].activity)):
        if own_ids:
            whole = list(group)
            if len({(row.start, row.end) for _, row in whole}) > 1:
                yield Contradiction(min(number for number, _ in whole), period, activity)
            else:
                yield _lesson(whole, EventKey(source, period, activity, OWN, 1), differing)
            continue
        counts: Counter[str] = Counter()
        for (start, _), together in groupby(group, key=lambda row: (row[1].start, row[1].end)):
            week = iso_week(clock.local(start).date())
            counts[week] += 1
            yield _lesson(list(together), EventKey(source, period, activity, week, counts[week]), differing)


def _lesson(rows: list[Numbered], key: EventKey, differing: Counter[str]) -> Lesson:
    alive = [row for _, row in rows if not row.cancelled]
    # Cancelled rows of a lesson that takes place add nothing; a lesson is cancelled when all its rows are.
    counted = alive or [row for _, row in rows]
    texts: dict[str, str] = {}
    for name in sorted({name for row in counted for name in row.texts}):
        values = {row.texts[name] for row in counted if name in row.texts}
        texts[name] = min(values)
        if len(values) > 1:
            differing[name] += 1
    first = counted[0]
    return Lesson(
        key=key,
        row=min(number for number, _ in rows),
        start=first.start,
        end=first.end,
        cancelled=not alive,
        calendars=tuple(sorted({name for row in counted for name in row.calendars})),
        texts=texts,
        sets={name: tuple(sorted({value for row in counted for value in row.sets[name]})) for name in first.sets},
    )
