"""The reference backend keeps the contract."""

from datetime import datetime
from typing import Any

import pytest

from tests.calendars.contract import BackendContract, Seen
from timetable_sync.calendars.contract import Backend
from timetable_sync.calendars.memory import MemoryBackend, MemoryItem
from timetable_sync.errors import OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar


class MemoryWorld:
    """Calendars in memory."""

    calendar = Calendar("comp1511@example.ac.uk", "COMP1511")
    other = Calendar("math1131@example.ac.uk", "MATH1131")
    nobody = Calendar("nobody@example.ac.uk", "NOBODY")

    def __init__(self) -> None:
        self._memory = MemoryBackend([self.calendar, self.other.address], batch=25)
        self.backend: Backend = self._memory

    def seen(self, calendar: Calendar) -> list[Seen]:
        return [_seen(item) for item in self._memory.people.see(calendar.address)]

    def deleted(self, calendar: Calendar) -> list[Seen]:
        return [_seen(item) for item in self._memory.people.see_deleted(calendar.address)]

    def add_appointment(self, calendar: Calendar, start: datetime, end: datetime, subject: str) -> str:
        return self._memory.people.add_appointment(calendar.address, start, end, subject).id

    def edit(self, calendar: Calendar, item: str, **fields: Any) -> None:
        if "missing" in fields:
            fields["missing"] = frozenset(fields["missing"])
        self._memory.people.edit(calendar.address, item, **fields)

    def delete(self, calendar: Calendar, item: str) -> None:
        self._memory.people.delete(calendar.address, item)

    def copy(self, calendar: Calendar, item: str) -> str:
        return self._memory.people.copy(calendar.address, item).id

    def also_as(self, calendar: Calendar) -> Calendar:
        self._memory.store.add_address(f"also-{calendar.address}", calendar.address)
        return Calendar(f"also-{calendar.address}", calendar.name)

    def make_anew(self, calendar: Calendar) -> None:
        self._memory.store.close_calendar(calendar.address)
        self._memory.store.open_calendar(calendar.address)

    def unclear_next_write(self, *, done: bool) -> None:
        self._memory.faults.fail("apply", OutcomeUnknown("the connection broke off"), done=done)

    def busy_next_request(self, seconds: float) -> None:
        self._memory.faults.clear()
        for operation in ("apply", "snapshot"):
            self._memory.faults.fail(operation, TransientError("busy", wait=seconds, busy=True))

    def let_time_pass(self) -> None:
        """Every change is a stamp of its own here."""

    def same_zone(self, seen: str, zone: str) -> bool:
        return seen == zone


def _seen(item: MemoryItem) -> Seen:
    fields = ("id", "start", "end", "subject", "location", "body", "categories", "busy", "reminder", "sensitivity", "marker", "zone")
    return Seen(**{name: getattr(item, name) for name in fields})


class TestMemory(BackendContract):
    """See the contract."""

    @pytest.fixture
    def world(self) -> MemoryWorld:
        return MemoryWorld()
