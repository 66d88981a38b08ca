"""What the state database tells of runs: plain values, as written and as read. No query here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.window import Window

#: What JSON can carry.
Json = Any


@dataclass(frozen=True, slots=True)
class RunBeginning:
    """What is known when a run begins.

    ``started`` is aware; ``calendars`` are the globs of ``--calendar``, ``forced`` the guards of ``--force-guard``.
    """

    source: str
    started: datetime
    window: Window
    calendars: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it stands in the state database. ``finished`` and ``exit_code`` are None while it works, and for ever if it was killed.

    ``counts`` are numbers by name, ``summary`` whatever small the run wished to keep, ``failure`` what ended the whole run (or empty).
    """

    id: int
    source: str
    started: datetime
    finished: datetime | None
    window: Window
    version: str
    host: str
    pid: int
    calendars: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    exit_code: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    summary: Mapping[str, Json] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class CalendarRecord:
    """How one calendar came out of a run, kept for those about which there is something to say.

    ``status`` is the word of the report ("held", "failed", "changed", ...); ``message`` and ``advice`` are empty where all is well.
    """

    calendar: Calendar
    status: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    message: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change that was tried. Times are aware, in UTC.

    ``action`` is ``create``, ``update`` or ``delete``, ``reason`` the text of a :class:`~timetable_sync.model.change.Reason`.
    ``before`` and ``after`` are the event's fields by name (times as ISO texts in UTC), None where there was no event before, or is
    none after.
    ``outcome`` is ``done``, ``unclear`` (it may have happened), or the word for the error; ``error`` its message.
    """

    run_id: int
    address: str
    key: str
    at: datetime
    action: str
    reason: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    outcome: str
    error: str
