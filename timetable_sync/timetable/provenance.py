"""The rows that an event comes from now: the queries' own cells, beside what they are taken for. Reads the timetable once."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from timetable_sync.config.schema import Settings
from timetable_sync.model.key import EventKey
from timetable_sync.model.window import Window
from timetable_sync.timetable.columns import JOINT, At, MeetingRow, RowRefused, stored, stored_fields_of
from timetable_sync.timetable.lessons import Lesson, fold
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import read_timetable
from timetable_sync.timetable.times import moment_of

#: No event need be made to find its rows.
_NEVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class OriginRow:
    """One row of the query: its number (from 1), its cells in their order, and why it was set aside, or nothing."""

    number: int
    cells: tuple[Any, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A row of a child query that belongs to the lesson, cleaned: the query's name, what the row gives, in which weeks ("" for all).

    ``counts`` says whether its weeks are the lesson's.
    """

    query: str
    values: tuple[str, ...]
    weeks: str
    counts: bool


@dataclass(slots=True)
class Origin:
    """Where an event comes from now. ``start`` and ``end`` (aware, in UTC) are None where no usable row speaks of it any more."""

    start: datetime | None = None
    end: datetime | None = None
    cancelled: bool = False
    rows: list[OriginRow] = field(default_factory=list)
    child_rows: list[ChildRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origins:
    """``names`` are those of the columns of timetable.query; ``by_key`` has an entry for each event that was asked for."""

    names: tuple[str, ...]
    by_key: Mapping[str, Origin]


def find_origins(
    settings: Settings,
    keys: Collection[str],
    *,
    base: Path | None = None,
    environ: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> Origins:
    """The rows of the events with these ``keys``. Raises as :func:`~timetable_sync.timetable.reader.read_timetable` does."""
    seen = _Seen(settings, keys)
    with read_timetable(settings, _NEVER, base=base, environ=environ, progress=progress, stop=stop, witness=seen):
        pass
    found = {key: Origin(child_rows=seen.kin_of.get(key, [])) for key in keys}
    _fill(settings, found, seen.kept)
    for key, origin in found.items():
        origin.rows += [row for refused, row in seen.aside if _may_concern(settings, refused.known, {_meetings(key)})]
        numbered = {row.number: row for row in origin.rows}
        origin.rows = [numbered[number] for number in sorted(numbered)]
    return Origins(seen.names, found)


class _Seen(ReadObserver):
    """What was seen of the events with these ``keys``, and of others of their activities and weeks, among which they have their numbers."""

    def __init__(self, settings: Settings, keys: Collection[str]) -> None:
        self._settings, self._keys = settings, frozenset(keys)
        self._wanted = {_meetings(key) for key in keys}
        self.names: tuple[str, ...] = ()
        self.kept: list[tuple[MeetingRow, OriginRow]] = []
        self.aside: list[tuple[RowRefused, OriginRow]] = []
        self.kin_of: dict[str, list[ChildRow]] = {}

    def anew(self) -> None:
        self.kept.clear()
        self.aside.clear()

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        self.names = tuple(names)
        for meeting in meetings:
            if _head(self._settings, meeting[At.PERIOD], meeting[At.ACTIVITY], meeting[At.WEEK]) in self._wanted:
                self.kept.append((meeting, OriginRow(number, tuple(row))))

    def refused(self, number: int, row: Sequence[Any], refused: RowRefused) -> None:
        if _may_concern(self._settings, refused.known, self._wanted):
            self.aside.append((refused, OriginRow(number, tuple(row), refused.reason)))

    def wants_kin(self, lesson: Lesson) -> bool:
        return _key_of(self._settings, lesson) in self._keys

    def kin(self, lesson: Lesson, child: str, key: str, weeks: str, values: Sequence[str], *, holds: bool) -> None:
        shown = tuple(", ".join(filter(None, value.split(JOINT))) for value in values)
        self.kin_of.setdefault(_key_of(self._settings, lesson), []).append(ChildRow(child, shown, weeks, holds))


def _fill(settings: Settings, found: Mapping[str, Origin], kept: Sequence[tuple[MeetingRow, OriginRow]]) -> None:
    """Number the meetings of each activity and week as a night does: all of them are in ``kept``, so the numbers are the same."""
    own = "key" in settings.timetable.columns
    order = sorted((meeting for meeting, _ in kept), key=lambda row: row[: At.NUMBER])
    for lesson in fold(map(stored, order), stored_fields_of(settings.timetable), own_ids=own, differing=Counter()):
        if not isinstance(lesson, Lesson):
            continue
        origin = found.get(_key_of(settings, lesson))
        if origin is None:
            continue
        origin.start, origin.end, origin.cancelled = moment_of(lesson.start), moment_of(lesson.end), lesson.cancelled
        same = (lesson.period, lesson.activity, lesson.week, lesson.start, lesson.end)
        depth = int(At.WEEK) if own else int(At.NUMBER)
        origin.rows += [row for meeting, row in kept if meeting[:depth] == same[:depth]]
    if own:
        # Rows of one id that contradict each other make no lesson; they are still its rows.
        for meeting, row in kept:
            head = _head(settings, meeting[At.PERIOD], meeting[At.ACTIVITY], meeting[At.WEEK])
            for key, origin in found.items():
                if _meetings(key) == head and row not in origin.rows:
                    origin.rows.append(row)


def _may_concern(settings: Settings, known: MeetingRow, wanted: Collection[str]) -> bool:
    activity, week = known[At.ACTIVITY], known[At.WEEK]
    if activity is None:
        return False
    head = _head(settings, known[At.PERIOD], activity, week or "")
    return head in wanted or (week is None and any(one.startswith(head) for one in wanted))


def _key_of(settings: Settings, lesson: Lesson) -> str:
    return EventKey(settings.timetable.source, lesson.period, lesson.activity, lesson.week, lesson.nth).text()


def _head(settings: Settings, period: str, activity: str, week: str) -> str:
    return _meetings(EventKey(settings.timetable.source, period, activity, week, 1).text())


def _meetings(key: str) -> str:
    """A key without the number of the meeting."""
    return key.rpartition("/")[0]
