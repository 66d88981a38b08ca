"""What is shown and found, as JSON for programs. ``schema`` only grows: keys are added, never renamed or given another meaning.

Lists are written item by item, so that a whole university's events take no second copy in memory.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TextIO

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.preview.check import Checked
from timetable_sync.preview.data_issues import TITLES
from timetable_sync.preview.event_view import OneEvent
from timetable_sync.preview.sql import Statement
from timetable_sync.preview.timetable_view import CalendarLine, DayLine, TimetableView
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.sanitize import encodable
from timetable_sync.timetable.columns import JOINT
from timetable_sync.timetable.values import written

#: Raised whenever keys are added.
SCHEMA: Final = 1

Json = Mapping[str, object]


def write_list(out: TextIO, outlook: TimetableView, name: str, items: Iterable[Json], limit: int = 0) -> None:
    """The head of the document, and ``items`` under ``name``, one a line; with a limit, the first of them, and how many were left out."""
    out.write(_dumped(_head(outlook)).removesuffix("}") + f', "{name}": [')
    left = iter(items)
    for at, item in enumerate(islice(left, limit) if limit else left):
        out.write((",\n  " if at else "\n  ") + _dumped(item))
    out.write(f'\n], "left_out": {sum(1 for _ in left)}}}\n')


def write_event(out: TextIO, outlook: TimetableView, found: OneEvent) -> None:
    """One event in full."""
    clock = TimeFormat(outlook.time_zone)
    lesson = found.lesson
    document = dict(_head(outlook)) | {
        "key": found.key,
        "events": [event_item(calendar, event, clock) for calendar, event in found.standing],
        "lesson": None
        if lesson is None
        else {
            "activity": lesson.activity,
            "period": lesson.period,
            "week": lesson.week,
            "nth": lesson.nth,
            "cancelled": lesson.cancelled,
            "calendars": list(lesson.calendars),
            "columns": {name: list(value) if isinstance(value, tuple) else value for name, value in found.values.items()},
        },
        "rows": [
            {"query": row.query, "row": row.number, "cells": {name: _plain(cell) for name, cell in row.cells.items()}} for row in found.rows
        ],
        "child_rows": [
            {
                "query": row.query,
                "key": row.key.split(JOINT),
                "weeks": row.weeks,
                "values": [value.split(JOINT) for value in row.values],
                "counts": row.holds,
            }
            for row in found.kin
        ],
        "rows_left_out": found.too_many_rows,
    }
    out.write(_dumped(document) + "\n")


def write_findings(out: TextIO, checked: Checked) -> None:
    """What is wrong, kind by kind; kinds of which there is nothing have a count of 0."""
    clock = TimeFormat(checked.time_zone)
    document = {
        "schema": SCHEMA,
        "source": checked.source,
        "time_zone": checked.time_zone,
        "window": {"start": clock.iso(checked.window.start), "end": clock.iso(checked.window.end)},
        "rows": checked.rows,
        "lessons": checked.lessons,
        "events": checked.events,
        "calendars": checked.calendars,
        "findings": [
            {
                "kind": finding.kind.value,
                "title": TITLES[finding.kind][0],
                "count": finding.count,
                "by_reason": dict(finding.by_reason),
                "remark": finding.remark,
                "examples": [dict(example.facts) for example in finding.examples],
            }
            for finding in checked.findings
        ],
        "notes": list(checked.notes),
    }
    out.write(encodable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n")


def write_statements(out: TextIO, dialect: str, found: Sequence[Statement]) -> None:
    """The SQL that is sent."""
    document = {
        "schema": SCHEMA,
        "dialect": dialect,
        "statements": [{"key": statement.key, "origin": statement.origin, "sql": statement.sql} for statement in found],
    }
    out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def calendar_items(lines: Iterable[CalendarLine], clock: TimeFormat) -> Iterator[Json]:
    """One an item."""
    for line in lines:
        yield {
            "calendar": line.calendar.name,
            "address": line.calendar.address,
            "events": line.events,
            "first": _moment(line.first, clock),
            "last": _moment(line.last, clock),
            "written": line.written.value,
        }


def day_items(lines: Iterable[DayLine], clock: TimeFormat) -> Iterator[Json]:
    """One an item."""
    for line in lines:
        yield {
            "day": line.day.isoformat(),
            "events": line.events,
            "calendars": line.calendars,
            "begins": _moment(line.begins, clock),
            "ends": _moment(line.ends, clock),
        }


def event_items(events: Iterable[tuple[Calendar, Event]], clock: TimeFormat) -> Iterator[Json]:
    """One an item."""
    return (event_item(calendar, event, clock) for calendar, event in events)


def event_item(calendar: Calendar, event: Event, clock: TimeFormat) -> Json:
    """Times in the timetable's zone, with the offset; fields that are not ours are null."""
    return {
        "calendar": calendar.name,
        "address": calendar.address,
        "key": event.key,
        "start": clock.iso(event.start),
        "end": clock.iso(event.end),
        "subject": event.subject,
        "location": event.location,
        "body": event.body,
        "categories": None if event.categories is None else list(event.categories),
        "busy": event.busy.value,
        "reminder": event.reminder,
        "sensitivity": event.sensitivity.value,
        "fingerprint": event.fingerprint(),
    }


def _head(outlook: TimetableView) -> Json:
    reading, clock = outlook.reading, TimeFormat(outlook.time_zone)
    return {
        "schema": SCHEMA,
        "source": outlook.source,
        "time_zone": outlook.time_zone,
        "window": {"start": clock.iso(outlook.window.start), "end": clock.iso(outlook.window.end)},
        "rows": reading.rows,
        "lessons": reading.lessons,
        "events_in_window": reading.events_in_window,
        "set_aside": reading.bad_rows.count,
        "notes": list(reading.notes),
    }


def _moment(moment: datetime | None, clock: TimeFormat) -> str | None:
    return None if moment is None else clock.iso(moment)


def _plain(cell: object) -> object:
    """As JSON can say it: numbers and truths stay, all else is text as the timetable reads it."""
    return cell if cell is None or isinstance(cell, (bool, int, float)) else written(cell)


def _dumped(value: Json) -> str:
    return encodable(json.dumps(value, ensure_ascii=False))
