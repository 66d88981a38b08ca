"""What the state database tells of runs: plain values, as written and as read. No query here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.plan import Held
from timetable_sync.model.window import Window

#: What JSON can carry.
Json = Any

#: What a run can be.
NIGHT: Final = "night"
PURGE: Final = "purge"


@dataclass(frozen=True, slots=True)
class RunBeginning:
    """What is known when a run begins.

    ``started`` is aware; ``calendars`` are the globs of ``--calendar``, ``forced`` the guards of ``--force-guard``. ``kind`` says
    what it is: a night, or a purge. ``due`` (aware) is the start of the schedule that it is for, None where somebody asked for it.
    """

    source: str
    started: datetime
    window: Window
    calendars: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    kind: str = NIGHT
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it stands in the state database. ``finished`` and ``exit_code`` are None while it works, and for ever if it was killed.

    ``counts`` are numbers by name, ``summary`` whatever small the run wished to keep, ``failure`` what ended the whole run (or empty).
    ``due`` is the start of the schedule that it was for, None where somebody asked for it.
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
    kind: str = NIGHT
    due: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Holding:
    """What a run has to say of what is held.

    ``verdicts`` are those that were not released. ``unmade`` has the changes that were not made of each calendar that was looked at: of the
    others the run says nothing. ``within`` are the addresses of all calendars that may be written, in this run or another one; None where
    no guard was judged. ``whole``: it looked at all of them. ``shrunken``: the timetable is smaller than it may be, or nobody looked.
    ``released`` are the guards of the run that were let through.
    """

    verdicts: Sequence[Held] = ()
    unmade: Mapping[Calendar, Sequence[Change]] = field(default_factory=dict)
    within: frozenset[str] | None = None
    whole: bool = False
    shrunken: bool = True
    released: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldVerdict:
    """A guard that holds something now: ``calendar`` is None for the whole run. ``run_id`` judged it last, ``since_run`` first.

    ``scope`` are the patterns of ``--calendar`` that name just what is held.
    """

    guard: str
    calendar: Calendar | None
    sentence: str
    count: int
    of: int
    limit: int
    run_id: int
    since: datetime
    since_run: int
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldCalendar:
    """How many changes are held in one calendar."""

    calendar: Calendar
    created: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class HeldChange:
    """One change that is held; fields as in :class:`HistoryEntry`."""

    key: str
    action: str
    reason: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that people are told once.

    A matter is the same from night to night by ``kind``, ``address`` (empty for the whole run) and ``detail`` (a guard, an exit code).
    ``since`` is when it was first seen, ``seen`` when last, ``gone`` when it was first seen to be over. ``told`` says by channel when it
    was told of last, and by "channel/gone" when its end was told.
    """

    kind: str
    address: str
    detail: str
    name: str
    sentence: str
    advice: str
    since: datetime
    seen: datetime
    gone: datetime | None = None
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same matter."""
        return (self.kind, self.address, self.detail)


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """Who holds the lease. Times are aware, in UTC."""

    holder: str
    host: str
    pid: int
    since: datetime
    until: datetime
