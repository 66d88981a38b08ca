"""The one summary of a run that every report is rendered from. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.plan import Held, Skipped
from timetable_sync.model.window import Window


class Status(StrEnum):
    """How a calendar came out of the night."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    PLANNED = "planned"
    REPORT_ONLY = "report only"
    HELD = "held"
    FAILED = "failed"
    CUT_SHORT = "cut short"


class Outcome(StrEnum):
    """What became of one change."""

    PLANNED = "planned"
    DONE = "done"
    HELD = "held"
    FAILED = "failed"
    UNCLEAR = "unclear"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a person should know: what and where, and what to do next (may be empty)."""

    message: str
    advice: str = ""


def unforeseen(error: BaseException) -> Trouble:
    """What is said of an exception that nobody foresaw. Its words may be anybody's, so only its kind is told."""
    return Trouble(f"unexpected {type(error).__name__}", "This is a mistake in timetable-sync: please report it, with the log of run -vv.")


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """One change and what became of it."""

    change: Change
    fate: Outcome
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """One calendar's night."""

    calendar: Calendar
    status: Status
    standing: int = 0
    expected: int = 0
    foreign: int = 0
    unchanged: int = 0
    changes: tuple[ChangeReport, ...] = ()
    left_alone: tuple[Skipped, ...] = ()
    held: tuple[Held, ...] = ()
    trouble: Trouble | None = None

    def _count(self, kind: type[Create] | type[Update] | type[Delete]) -> int:
        """Changes of a kind that were done, or, where nothing was to be written, planned."""
        fates = (Outcome.DONE, Outcome.PLANNED)
        return sum(isinstance(report.change, kind) and report.fate in fates for report in self.changes)

    @property
    def created(self) -> int:
        """Events created, or to be created in a dry run."""
        return self._count(Create)

    @property
    def updated(self) -> int:
        """Events updated, or to be updated in a dry run."""
        return self._count(Update)

    @property
    def deleted(self) -> int:
        """Events deleted, or to be deleted in a dry run."""
        return self._count(Delete)


@dataclass(frozen=True, slots=True)
class BadRowReport:
    """A row that was set aside: its number in the query's result (from 1), the column, the reason, what identifies it."""

    row: int
    column: str
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The whole night. Times are aware, in UTC; ``time_zone`` is the zone people read them in.

    ``nowhere`` are lessons in the window that are in no calendar, where that is no mistake. ``bad_rows`` counts all rows set aside, by
    reason; ``bad_row_examples`` holds the first of them. ``needs_you`` and ``worth_knowing`` hold what is not said by calendars, guards
    and rows. ``cut_short`` says why the run ended early, or is empty. ``failure`` is what ended the whole run. ``phases`` says how long
    each part took, in seconds; ``retries`` how often a request was put off, ``waited`` for how many seconds in all, and ``reasons`` the
    most frequent sentences of why, with how often.
    ``certificate_ends`` and ``token_ends`` are None where that is not known. ``purge``: it was no night, but took out what nights had
    written. ``forgotten`` are calendars whose mailboxes are gone for good: nothing is on record of them any more (in a dry run: would be).
    """

    run: int | None
    source: str
    started: datetime
    finished: datetime
    window: Window
    time_zone: str
    dry_run: bool
    rows: int = 0
    lessons: int = 0
    events: int = 0
    nowhere: int = 0
    calendars: tuple[CalendarReport, ...] = ()
    bad_rows: dict[str, int] | None = None
    bad_row_examples: tuple[BadRowReport, ...] = ()
    held: tuple[Held, ...] = ()
    needs_you: tuple[Trouble, ...] = ()
    worth_knowing: tuple[Trouble, ...] = ()
    cut_short: str = ""
    failure: Trouble | None = None
    exit_code: int = 0
    requests: dict[str, int] | None = None
    phases: dict[str, float] | None = None
    retries: int = 0
    waited: float = 0.0
    reasons: tuple[tuple[str, int], ...] = ()
    certificate_ends: datetime | None = None
    token_ends: datetime | None = None
    purge: bool = False
    forgotten: tuple[Calendar, ...] = ()
