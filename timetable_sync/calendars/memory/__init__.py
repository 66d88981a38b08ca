"""The reference backend: calendars in memory, for tests and for saying exactly what a backend promises."""

from timetable_sync.calendars.memory.backend import MemoryBackend
from timetable_sync.calendars.memory.faults import Faults
from timetable_sync.calendars.memory.people import People
from timetable_sync.calendars.memory.store import MemoryItem, Store

__all__ = ["Faults", "MemoryBackend", "MemoryItem", "People", "Store"]
