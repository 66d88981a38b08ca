"""The world with calendars in memory."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.proof.years.nights import Ending, Killed, Nights
from tests.proof.years.seen import Content, Effect, Seen
from tests.proof.years.worlds import Asked, Ill, Night
from timetable_sync.calendars.memory.backend import MemoryBackend
from timetable_sync.calendars.memory.faults import Fault, Operation
from timetable_sync.calendars.memory.store import MemoryItem, Store
from timetable_sync.errors import BackendError, CalendarError, EventRejected, OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.last_full_read import CTag

#: Longer than a run may last.
_FOR_HOURS = 5 * 3600.0

_ERRORS: dict[Ill, Callable[[], BackendError]] = {
    "busy": lambda: TransientError("busy"),
    "unclear done": lambda: OutcomeUnknown("503 Service Unavailable"),
    "unclear undone": lambda: OutcomeUnknown("503 Service Unavailable"),
    "refused": lambda: EventRejected("this event is refused"),
    "listing": lambda: OutcomeUnknown("the listing broke off"),
    "gone": lambda: CalendarError("the mailbox is being moved"),
    "deadline": lambda: TransientError("busy for hours", wait=_FOR_HOURS, scope="service"),
}
_OF_READING: frozenset[Ill] = frozenset({"listing", "gone"})
_OF_WRITING: frozenset[Ill] = frozenset({"unclear done", "unclear undone", "refused"})


class WatchedStore(Store):
    """A store that notes what is done to it, by whom, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.effects: list[Effect] | None = None
        self.now = datetime.fromtimestamp(0, UTC)
        self.committed: dict[str, datetime] = {}
        self.gone: dict[str, int] = {}

    def add(self, address: str, item: MemoryItem) -> MemoryItem:
        made = super().add(address, item)
        self._note(address, None, made)
        return made

    def put(self, address: str, item: MemoryItem, *, expected: int | None = None) -> MemoryItem | None:
        before = self.get(address, item.id)
        made = super().put(address, item, expected=expected)
        if made is not None:
            self._note(address, before, made)
        return made

    def move_to_deleted(self, address: str, item_id: str, *, expected: int | None = None) -> bool:
        before = self.get(address, item_id)
        done = super().move_to_deleted(address, item_id, expected=expected)
        if done:
            self.gone[address] = self.gone.get(address, 0) + 1
            self._note(address, before, None)
        return done

    def _note(self, address: str, before: MemoryItem | None, after: MemoryItem | None) -> None:
        self.committed[address] = self.now
        if self.effects is not None:
            self.effects.append(Effect(address, None if before is None else seen(before), None if after is None else seen(after)))


class WatchedBackend(MemoryBackend):
    """Calendars in memory that meet the night's mishap, whose stamps are as coarse as Exchange's: whole seconds of the last change."""

    def __init__(self, store: WatchedStore) -> None:
        super().__init__(store=store, batch=4)
        self.dated = store
        self.asked: Asked | None = None
        self.ending = Ending()
        self._numbers: dict[str, int] = {}

    def begin_night(self, asked: Asked) -> None:
        """From now on requests are counted, and meet what ``asked`` says."""
        self.asked, self.ending, self._numbers = asked, Ending(), {}

    def stamp(self, calendar: Calendar) -> CTag | None:
        super().stamp(calendar)
        address = calendar.address
        when = self.dated.committed.get(address, datetime.fromtimestamp(0, UTC)).replace(microsecond=0)
        sign = f"{when.isoformat()}|{self.dated.gone.get(address, 0)}|{len(self.dated.items(address))}"
        return CTag(sign, self.dated.now - when, self.dated.folder(address))

    def _next(self, operation: Operation, calendar: Calendar, changes: tuple[Change, ...] = ()) -> Fault | None:
        fault = super()._next(operation, calendar, changes)
        if self.asked is None:
            return fault
        self._people_act(self.asked)
        return self._mishap(self.asked, operation, changes) or fault

    def _people_act(self, asked: Asked) -> None:
        if asked.meanwhile is not None and self._counted("people") == asked.then:
            effects, self.dated.effects = self.dated.effects, None
            asked.meanwhile()
            self.dated.effects = effects

    def _mishap(self, asked: Asked, operation: Operation, changes: tuple[Change, ...]) -> Fault | None:
        ill = asked.mishap.ill
        if (ill in _OF_READING and operation != "snapshot") or (ill in _OF_WRITING and operation != "apply"):
            return None
        if ill == "none" or self._counted("mishap") != asked.mishap.nth:
            return None
        if ill == "stop":
            self.ending.stop.set()
        elif ill == "lease":
            self.ending.lease_lost = True
        elif ill == "killed":
            raise Killed
        elif ill in _ERRORS:
            first = changes[0].key if changes else ""
            matches = (lambda change: change.key == first) if ill == "refused" else None
            return Fault(operation, _ERRORS[ill](), None, matches, ill == "unclear done", 0, 1)
        return None

    def _counted(self, what: str) -> int:
        number = self._numbers.get(what, 0)
        self._numbers[what] = number + 1
        return number


class MemoryWorld:
    """One process's world: ``folder`` is its own. ``made_by`` makes the backend, so that a test can plant a bug in it."""

    def __init__(self, folder: Path, made_by: Callable[[WatchedStore], WatchedBackend] = WatchedBackend) -> None:
        self._made_by = made_by
        self._nights = Nights(folder)

    def begin(self, addresses: Iterable[str], now: datetime) -> None:
        self._store = WatchedStore()
        for address in addresses:
            self._store.open_calendar(address)
        self._store.now = now
        self._backend = self._made_by(self._store)
        self._nights.ledgers.begin()

    def set_clock(self, now: datetime) -> None:
        self._store.now = now

    def see(self, address: str) -> list[Seen]:
        return [seen(item) for item in self._store.items(address)]

    def add(self, address: str, start: datetime, end: datetime, subject: str, marker: str | None = None) -> None:
        self._backend.people.add_appointment(address, start, end, subject, marker=marker)

    def edit(self, address: str, item: str, **fields: Any) -> None:
        self._backend.people.edit(address, item, **fields)

    def delete(self, address: str, item: str) -> None:
        self._backend.people.delete(address, item)

    def bring_back(self, address: str, number: int) -> None:
        deleted = self._store.deleted(address)
        if deleted:
            self._store.add(address, deleted[number % len(deleted)])

    def copy(self, address: str, item: str, to: str, **fields: Any) -> None:
        there = self._store.get(address, item)
        if there is not None:
            self._store.add(to, replace(there, created=None, **fields))

    def night(self, asked: Asked) -> Night:
        self._backend.begin_night(asked)
        effects = self._store.effects = []
        try:
            return self._nights.run(asked, lambda: self._backend, self._backend.ending, lambda: tuple(effects))
        finally:
            self._store.effects = None

    def lose_ledger(self) -> None:
        self._nights.ledgers.lose()

    def keep_ledger(self) -> None:
        self._nights.ledgers.keep()

    def restore_ledger(self) -> None:
        self._nights.ledgers.restore()

    def change_host(self) -> None:
        self._nights.ledgers.change_host()

    def mails(self) -> int:
        """The contract of calendars in memory knows no mail."""
        return 0


def seen(item: MemoryItem) -> Seen:
    """An item as a person sees it."""
    content = Content(
        item.start,
        item.end,
        item.subject,
        item.location,
        item.body,
        item.categories,
        item.busy.value,
        item.reminder,
        item.sensitivity.value,
    )
    return Seen(item.id, content, item.all_day, item.marker, item)
