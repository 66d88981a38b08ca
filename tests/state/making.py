"""Events, changes and outcomes for the tests of this room."""

from datetime import UTC, datetime, timedelta

from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import Marker
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.model.window import Window

SOURCE = "timetable"
MAPPING = "abcdef"
CALENDAR = Calendar("comp101@groups.example.ac.uk", "COMP101")
OTHER = Calendar("math201@groups.example.ac.uk", "MATH201")
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=7))


def key(name: str) -> str:
    return f"timetable/2026/{name}/2026-W48/1"


def event(name: str = "a", hours: int = 0, subject: str = "Lecture") -> Event:
    start = MONDAY + timedelta(hours=hours)
    return Event(
        key(name), start, start + timedelta(hours=1), "Europe/London", subject, location="R1", body="Dr X", categories=("Timetable",)
    )


def standing(name: str = "a", hours: int = 0, item: str = "item-a", subject: str = "Lecture") -> RemoteEvent:
    start = MONDAY + timedelta(hours=hours)
    marker = Marker(MAPPING, event(name, hours, subject).fingerprint(), key(name))
    return RemoteEvent(
        ItemRef(item, "1"), marker, start, start + timedelta(hours=1), subject, "R1", ("Timetable",), Busy.BUSY, None, Sensitivity.NORMAL
    )


def entry(name: str = "a", hours: int = 0, item: str = "item-a") -> LedgerEntry:
    made = event(name, hours)
    return LedgerEntry(made.key, ItemRef(item, "1"), made.fingerprint(), MAPPING, made.start, made.end)


def created(name: str = "a", hours: int = 0, item: str = "item-a", error: BackendError | None = None) -> ChangeResult:
    change = Create(event(name, hours), "1 marker", Reason.TIMETABLE)
    return ChangeResult(change, None if error else ItemRef(item, "1"), error)


def updated(name: str = "a", hours: int = 1, item: str = "item-a", error: BackendError | None = None) -> ChangeResult:
    change = Update(standing(name, 0, item), event(name, hours, "Moved"), "1 marker", Reason.TIMETABLE)
    return ChangeResult(change, None if error else ItemRef(item, "2"), error)


def deleted(name: str = "a", item: str = "item-a", reason: Reason = Reason.LEFT, error: BackendError | None = None) -> ChangeResult:
    return ChangeResult(Delete(standing(name, 0, item), reason), None, error)
