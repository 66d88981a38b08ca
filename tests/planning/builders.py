"""Events, standing events and snapshots for tests, with as little said as a test needs to say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.key import EventKey, iso_week
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import Marker
from timetable_sync.model.plan import CalendarPlan, Unresolved
from timetable_sync.model.snapshot import ItemRef, RemoteEvent, Snapshot
from timetable_sync.model.window import Window
from timetable_sync.planning.bodies import settle_bodies
from timetable_sync.planning.compare import Rules, compare
from timetable_sync.planning.ownership import marker_of

COMP101 = Calendar("comp101@groups.example.ac.uk", "COMP101")
MATH200 = Calendar("math200@groups.example.ac.uk", "MATH200")

#: A Monday, 09:00 in London as in UTC.
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=28))
RULES = Rules("timetable", "mapaaa", zone="Europe/London")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: What people did stays; it is named besides.
KEEP = replace(RULES, edited="keep", deleted="keep")
REPORT = replace(RULES, edited="report", deleted="report")
#: What somebody may change of an event, each in itself.
EDITS: list[dict[str, object]] = [
    {"start": MONDAY + HOUR},
    {"end": MONDAY + 2 * HOUR},
    {"all_day": True},
    {"subject": "Party"},
    {"location": "Pub"},
    {"categories": ("Fun",)},
    {"busy": Busy.FREE},
    {"reminder": 5},
    {"sensitivity": Sensitivity.PRIVATE},
]


def key(activity: str = "LEC1", start: datetime = MONDAY, nth: int = 1, *, source: str = "timetable", period: str = "2026/27") -> str:
    """The text of the key of the ``nth`` meeting of ``activity`` in the week of ``start``."""
    return EventKey(source, period, activity, iso_week(start.date()), nth).text()


def event(activity: str = "LEC1", start: datetime = MONDAY, nth: int = 1, **fields: Any) -> Event:
    """A lecture of one hour. ``fields`` are those of :class:`Event`; ``week_of`` is another moment to take the key's week from."""
    week_of = fields.pop("week_of", start)
    chosen = {
        "key": key(activity, week_of, nth),
        "end": start + HOUR,
        "zone": "Europe/London",
        "subject": "Algorithms",
        "location": "Aula 1",
    }
    return Event(start=start, **{**chosen, **fields})


def standing(of: Event, item: str = "item-1", *, mapping: str = "mapaaa", version: str = "v1", **fields: Any) -> RemoteEvent:
    """``of`` as it stands after we wrote it; ``fields`` are what is different about it."""
    written = RemoteEvent(
        ItemRef(item, version),
        Marker(mapping, of.fingerprint(), of.key),
        of.start,
        of.end,
        of.subject,
        of.location or "",
        of.categories or (),
        of.busy,
        of.reminder,
        of.sensitivity,
        created=MONDAY - DAY,
    )
    return written._replace(**fields)


def entry(of: RemoteEvent, *, mapping: str | None = None) -> LedgerEntry:
    """What the ledger has after ``of`` was written."""
    return LedgerEntry(of.marker.key, of.item, of.marker.fingerprint, mapping or of.marker.mapping, of.start, of.end)


def only_seen(of: RemoteEvent) -> LedgerEntry:
    """What the ledger has of an event that it found standing, and nobody compared or found right."""
    return entry(of)._replace(item=ItemRef(of.item.id, ""))


def ledger(*items: RemoteEvent) -> dict[str, LedgerEntry]:
    """A ledger that knows just these."""
    return {item.marker.key: entry(item) for item in items}


def snapshot(*ours: RemoteEvent, foreign: int = 0, window: Window = WINDOW, calendar: Calendar = COMP101) -> Snapshot:
    """A complete reading."""
    return Snapshot(calendar, window, ours, foreign)


def plan(
    events: Sequence[Event] = (),
    ours: Iterable[RemoteEvent] = (),
    known: Mapping[str, LedgerEntry] | None = None,
    rules: Rules = RULES,
    unsettled: Iterable[Unresolved] = (),
    foreign: int = 0,
) -> CalendarPlan:
    """The plan for COMP101; the ledger knows what stands, unless said otherwise."""
    ours = tuple(ours)
    return compare(events, snapshot(*ours, foreign=foreign), ledger(*ours) if known is None else known, rules, unsettled)


def settled(drafted: CalendarPlan, bodies: Mapping[str, str] | None = None, rules: Rules = RULES) -> CalendarPlan:
    """``drafted`` once bodies were read: ``bodies`` by item id, and of all other items the one that is wanted."""
    read = {one.standing.item.id: "" if one.event is None else one.event.body or "" for one in drafted.bodies}
    return settle_bodies(drafted, {**read, **(bodies or {})}, rules)


def sealed(of: Event, item: str = "item-1", **fields: Any) -> RemoteEvent:
    """As :func:`standing`, with a mark that tells whether the event was edited since, as marks of earlier versions do not."""
    return standing(of, item, marker=Marker.parse(marker_of(of, "mapaaa")), **fields)
