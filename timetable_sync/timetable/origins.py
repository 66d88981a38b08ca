"""The rows that an event comes from now: the query's own cells, beside what they are taken for. Reads the timetable once."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from timetable_sync.model.key import EventKey
from timetable_sync.settings.schema import Settings
from timetable_sync.timetable.columns import At, Columns, MeetingRow, RowRefused, fields_of
from timetable_sync.timetable.lessons import Lesson, fold
from timetable_sync.timetable.source import open_rows
from timetable_sync.timetable.times import Clock, moment_of


@dataclass(frozen=True, slots=True)
class OriginRow:
    """One row of the query: its number (from 1), its cells in their order, and why it was set aside, or nothing."""

    number: int
    cells: tuple[Any, ...]
    refused: str = ""


@dataclass(slots=True)
class Origin:
    """Where an event comes from now. ``start`` and ``end`` (aware, in UTC) are None where no usable row speaks of it any more."""

    start: datetime | None = None
    end: datetime | None = None
    cancelled: bool = False
    rows: list[OriginRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origins:
    """``names`` are those of the query's columns; ``by_key`` has an entry for each event that was asked for."""

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
    """The rows of the events with these ``keys``. Raises as :func:`~timetable_sync.timetable.reading.read_timetable` does."""
    clock = Clock(settings.timetable.time_zone)
    wanted = {_meetings(key) for key in keys}
    kept: list[tuple[MeetingRow, OriginRow]] = []
    aside: list[tuple[RowRefused, OriginRow]] = []
    with open_rows(settings.timetable, base, environ, stop) as rows:
        columns = Columns(settings.timetable, rows.names, clock, calendar_may_lack=settings.calendars.lessons_without == "skip")
        number = 0
        for batch in rows.batches():
            for cells in batch:
                number += 1
                try:
                    meeting = columns.read(number, cells)
                except RowRefused as refused:
                    if _may_concern(settings, refused.known, wanted):
                        aside.append((refused, OriginRow(number, tuple(cells), refused.reason)))
                    continue
                if _head(settings, meeting[At.PERIOD], meeting[At.ACTIVITY], meeting[At.WEEK]) in wanted:
                    kept.append((meeting, OriginRow(number, tuple(cells))))
            if progress is not None:
                progress(len(batch))
        names = rows.names
    found = {key: Origin() for key in keys}
    _fill(settings, found, kept)
    for key, origin in found.items():
        origin.rows += [row for refused, row in aside if _may_concern(settings, refused.known, {_meetings(key)})]
        origin.rows.sort(key=lambda row: row.number)
    return Origins(tuple(names), found)


def _fill(settings: Settings, found: Mapping[str, Origin], kept: Sequence[tuple[MeetingRow, OriginRow]]) -> None:
    """Number the meetings of each activity and week as a night does: all of them are in ``kept``, so the numbers are the same."""
    own = "key" in settings.timetable.columns
    order = sorted((meeting for meeting, _ in kept), key=lambda row: row[: At.NUMBER])
    for lesson in fold(order, fields_of(settings.timetable), own_ids=own, differing=Counter()):
        if not isinstance(lesson, Lesson):
            continue
        origin = found.get(EventKey(settings.timetable.source, lesson.period, lesson.activity, lesson.week, lesson.nth).text())
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


def _head(settings: Settings, period: str, activity: str, week: str) -> str:
    return _meetings(EventKey(settings.timetable.source, period, activity, week, 1).text())


def _meetings(key: str) -> str:
    """A key without the number of the meeting."""
    return key.rpartition("/")[0]
