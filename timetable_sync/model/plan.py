"""The plan holds all changes of a run by calendar, and what of the calendars is skipped, held or left open.

It is a value: it can be shown, saved, compared and refused. What rejected rows leave open (:class:`Unresolved`) are events that must stay
as they are, since nobody knows what they should be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.snapshot import RemoteEvent


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One bad row's reach, as far as it is known; None means unknown, and so *any*.

    ``calendar`` is an address, ``period`` and ``activity`` as in :class:`~timetable_sync.model.key.EventKey`,
    ``week`` an ISO week or ``own``. Where all of a lesson is known but in which calendar it stands, ``lesson`` is its key: a calendar that
    it stands in by another name has nothing open.
    """

    calendar: str | None
    period: str | None
    activity: str | None
    week: str | None
    lesson: str | None = None


class SkipReason(StrEnum):
    """Why an event that differs is left as it is."""

    EDITED_KEPT = "edited by someone, kept"
    EDITED_REPORTED = "edited by someone, reported"
    DELETED_KEPT = "deleted by someone, kept so"
    DELETED_REPORTED = "deleted by someone, reported"
    UNSETTLED = "a row of it was set aside"
    NOT_MOVED = "the calendar that it belongs in now cannot be had"
    SERIES = "someone made it a series"
    UNREADABLE = "it bears our mark and cannot be read"
    NOT_KEPT = "the calendar service keeps it otherwise than it was written"
    COPY = "a copy that someone made of an event of ours"
    UNRECORDED = "it is not as it was written, and no record says whether it is our event or a copy"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that differs from the timetable and is nevertheless not touched, with the reason."""

    key: str
    why: SkipReason
    before: RemoteEvent | None
    after: Event | None


@dataclass(frozen=True, slots=True)
class BodyToCheck:
    """An event whose listed fields are right, and whose body may have been edited: it is not the version, or not the item, that we wrote,
    or the ledger, which was lost, does not tell.

    ``known`` is what the ledger has of its key. With ``delete``, the event is to be deleted for this reason if it is as we wrote it, or
    would write it (``event``, None where the timetable has it no more); if not, somebody made it of one of ours.
    """

    standing: RemoteEvent
    event: Event | None
    marker: str
    known: LedgerEntry | None = None
    delete: Reason | None = None


@dataclass(frozen=True, slots=True)
class Doubled:
    """The ``keys`` of events that are to be made and stand there already, as those of another ``source``."""

    source: str = ""
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """One calendar's part. ``changes`` are ordered soonest first.

    ``standing`` counts the keys of which something of ours stands (of several items with one key, one counts), ``expected`` those that the
    timetable has in the window or that rows set aside leave there, ``foreign`` the others' events. ``record`` and ``forget`` are what the
    ledger has to learn before anything is written to the calendar, and if nothing is (it was lost, or lagged behind; the plan is held).
    ``bodies`` is empty once bodies were looked at; ``overwritten`` has the digest of what was read, by key, where a body alone is to be put
    back. ``strangers`` are keys of events that another installation seems to have made. ``copies`` are the ids of all items that people
    made by copying events of ours, None where nobody looked; those of them that were not named before are among ``left_alone``.
    """

    calendar: Calendar
    standing: int
    expected: int
    unchanged: int
    foreign: int
    changes: tuple[Change, ...] = ()
    left_alone: tuple[Skipped, ...] = ()
    bodies: tuple[BodyToCheck, ...] = ()
    record: tuple[LedgerEntry, ...] = ()
    forget: tuple[str, ...] = ()
    doubled: Doubled = Doubled()
    strangers: frozenset[str] = frozenset()
    overwritten: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    copies: frozenset[str] | None = None

    @property
    def creates(self) -> int:
        """Events to be made."""
        return sum(isinstance(change, Create) for change in self.changes)

    @property
    def updates(self) -> int:
        """Events to be changed."""
        return sum(isinstance(change, Update) for change in self.changes)

    @property
    def deletes(self) -> int:
        """Events to be moved to Deleted Items."""
        return sum(isinstance(change, Delete) for change in self.changes)

    @property
    def losses(self) -> frozenset[str]:
        """The keys of which something of ours stands now, and nothing will: a duplicate's removal is no loss, nor is a lesson made anew."""
        gone = {change.key for change in self.changes if isinstance(change, Delete) and change.reason is not Reason.DUPLICATE}
        if not gone:
            return frozenset()
        gone.difference_update(change.key for change in self.changes if not isinstance(change, Delete))
        return frozenset(gone.difference(left.key for left in self.left_alone if left.why in (SkipReason.SERIES, SkipReason.UNREADABLE)))


#: Keys by the address of their calendar.
Keys = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Held:
    """A guard's verdict: what is not done, with the numbers.

    ``guard`` is the guard's name in the configuration, ``calendar`` None where it holds the whole run. ``sentence`` reads
    after a name: "41 of 90 events would be deleted, the limit is 30 %". ``forced`` is true where ``--force-guard`` released it.
    ``scope`` are the patterns of ``--calendar`` that name just what was judged, none for all calendars. ``keys`` are what it is about,
    ``fresh`` those of them that a release was asked for and does not cover, as nobody was shown them.
    """

    guard: str
    calendar: Calendar | None
    sentence: str
    count: int
    of: int
    limit: int
    forced: bool = False
    scope: tuple[str, ...] = ()
    keys: Keys = field(default_factory=dict, compare=False, repr=False)
    fresh: Keys = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on record as held, and so was shown: a release covers it and no more.

    ``counts`` has what each guard counted, by address (empty for the run) and guard; ``keys`` those that they are about.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    keys: Keys = field(default_factory=dict)
