"""The story of an event: every change ever made to it, from what to what, when and why, and the rows it comes from now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from timetable_sync.history.event_changes import FieldChange, all_of, changed, start_of, title
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.state.run_records import HistoryEntry
from timetable_sync.timetable.provenance import Origin, Origins

_DONE: Final = {"create": "created", "update": "changed", "delete": "moved to Deleted Items"}
_AGAIN: Final = {("update", Reason.EDITED.value): "put back", ("create", Reason.DELETED.value): "made anew"}
_TRIED: Final = {"create": "creating", "update": "changing", "delete": "deleting"}
_WHY: Final = {
    ("create", Reason.TIMETABLE.value): "it is in the timetable",
    ("delete", Reason.LEFT.value): "the timetable no longer has it here, or it was cancelled",
    ("delete", Reason.DUPLICATE.value): "it was a duplicate",
    ("delete", Reason.PURGED.value): "somebody had everything of ours taken out of this calendar (purge)",
    ("update", Reason.MAPPING.value): "the configuration makes events otherwise than before",
}


@dataclass(frozen=True, slots=True)
class EventChange:
    """One change that was tried: when (aware, UTC), in which run, what was done in words, why, and the fields that it changed."""

    at: datetime
    run: int
    what: str
    why: str
    done: bool
    trouble: str
    lines: tuple[FieldChange, ...]
    entry: HistoryEntry


@dataclass(frozen=True, slots=True)
class EventHistory:
    """One event of one calendar. ``stands`` says whether it is there, as far as we know; ``origin`` is None where nobody looked."""

    calendar: Calendar
    key: str
    title: str
    chapters: tuple[EventChange, ...]
    stands: bool
    origin: Origin | None = None
    columns: tuple[str, ...] = ()


def on_day(entries: Iterable[HistoryEntry], day: date, clock: TimeFormat) -> list[str]:
    """The keys of events that ever started on ``day`` (of the timetable's zone), by the time they had there."""
    found: dict[str, datetime] = {}
    for entry in entries:
        for portrait in (entry.after, entry.before):
            if portrait is not None and clock.local(start_of(portrait)).date() == day:
                found.setdefault(entry.key, start_of(portrait))
    return sorted(found, key=lambda key: (found[key], key))


def event_history(
    calendar: Calendar, key: str, entries: Iterable[HistoryEntry], clock: TimeFormat, *, stands: bool, origins: Origins | None
) -> EventHistory:
    """``entries`` are this event's in this calendar, oldest first. ``stands``: the ledger has it."""
    chapters = []
    last_body: str | None = None
    name = ""
    for entry in entries:
        chapters.append(_chapter(entry, clock, last_body))
        if entry.outcome == "done" and entry.after is not None and "body" in entry.after:
            last_body = str(entry.after["body"])
        portrait = entry.after or entry.before
        name = name if portrait is None else title(portrait, clock)
    origin = None if origins is None else origins.by_key.get(key, Origin())
    return EventHistory(calendar, key, name, tuple(chapters), stands, origin, () if origins is None else origins.names)


def _chapter(entry: HistoryEntry, clock: TimeFormat, last_body: str | None) -> EventChange:
    done = entry.outcome == "done"
    what = _AGAIN.get((entry.action, entry.reason), _DONE[entry.action]) if done else f"{_TRIED[entry.action]} it: {entry.outcome}"
    if entry.before is not None and entry.after is not None:
        lines = changed(entry.before, entry.after, clock, body_before=last_body)
    elif entry.after is not None:
        lines = all_of(entry.after, clock)
    else:
        lines = all_of(entry.before, clock, gone=True) if entry.before is not None else []
    why = _WHY.get((entry.action, entry.reason), entry.reason)
    return EventChange(entry.at, entry.run_id, what, why, done, entry.error, tuple(lines), entry)


def as_json(told: EventHistory, clock: TimeFormat) -> dict[str, Any]:
    """For programs. Times are ISO texts in the timetable's zone, but those of ``before`` and ``after``, which are as recorded, in UTC."""
    return {
        "key": told.key,
        "calendar": {"name": told.calendar.name, "address": told.calendar.address},
        "stands": told.stands,
        "changes": [
            {
                "at": clock.iso(chapter.at),
                "run": chapter.run,
                "action": chapter.entry.action,
                "reason": chapter.entry.reason,
                "outcome": chapter.entry.outcome,
                "error": chapter.trouble,
                "before": chapter.entry.before,
                "after": chapter.entry.after,
            }
            for chapter in told.chapters
        ],
        "timetable": None if told.origin is None else _origin(told.origin, told.columns, clock),
    }


def _origin(origin: Origin, names: tuple[str, ...], clock: TimeFormat) -> dict[str, Any]:
    return {
        "start": None if origin.start is None else clock.iso(origin.start),
        "end": None if origin.end is None else clock.iso(origin.end),
        "cancelled": origin.cancelled,
        "rows": [
            {"row": row.number, "set_aside": row.refused or None, "cells": dict(zip(names, map(_cell, row.cells), strict=True))}
            for row in origin.rows
        ],
        "child_rows": [
            {"query": row.query, "values": list(row.values), "weeks": row.weeks, "counts": row.counts} for row in origin.child_rows
        ],
    }


def _cell(value: object) -> object:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
