"""Time that passes only where somebody waits, and calendars in memory that were written before the test begins."""

import threading
from collections.abc import Callable, Sequence

from tests.planning.builders import COMP101, WINDOW
from timetable_sync import host_clock
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import Retrier, RetryPolicy
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend, MemoryItem
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.marker import Marker
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.state.intents import Entered, Sending


class VirtualTime:
    """A clock in seconds that only ``sleep`` moves on. ``at`` calls back once the clock has reached a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: list[tuple[float, Callable[[], object]]] = []
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            due = [callback for moment, callback in self._due if moment <= self.now]
            self._due = [(moment, callback) for moment, callback in self._due if moment > self.now]
        for callback in due:
            callback()

    def at(self, moment: float, callback: Callable[[], object]) -> None:
        self._due.append((moment, callback))


class Watcher(Silent):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.steps = 0

    def waiting(self, seconds: float, why: str) -> None:
        self.waits.append(seconds)

    def step(self, count: int = 1) -> None:
        self.steps += count


class Book:
    """A record that notes what it is told: ``entries`` are batches with what became of them, ``sent`` what was said to be sent next.

    ``told`` is called with each batch.
    """

    def __init__(self, told: Callable[[Calendar, Sequence[ChangeResult]], object] | None = None) -> None:
        self.entries: list[tuple[Calendar, tuple[ChangeResult, ...]]] = []
        self.sent: list[Sending] = []
        self.intents: dict[int, Sending] = {}
        self._told = told
        self._lock = threading.Lock()

    def written(self, calendar: Calendar, outcomes: Sequence[ChangeResult], intent: int | None, sending: Sending | None) -> Entered | None:
        if self._told is not None:
            self._told(calendar, outcomes)
        with self._lock:
            self.entries.append((calendar, tuple(outcomes)))
            if intent is not None:
                del self.intents[intent]
        return None if sending is None else self.about_to_send(sending)

    def about_to_send(self, sending: Sending) -> Entered | None:
        with self._lock:
            self.sent.append(sending)
            if not sending.keys:
                return None
            number = sending.renews or len(self.sent)
            self.intents[number] = sending
        return Entered(number, host_clock.seconds())


class Run:
    """A run's patience in virtual time, with all that a test may want to look at or pull."""

    def __init__(
        self,
        *,
        deadline: float = 10_800.0,
        lanes: ConcurrencyLimiter | None = None,
        pace: RetryPolicy | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.time = VirtualTime()
        self.stop = threading.Event()
        self.progress = Watcher()
        self.patience = Retrier(
            self.stop, deadline, self.progress, lanes=lanes, pace=pace, clock=self.time.clock, sleep=self.time.sleep, check=check
        )


def marker(event: Event, mapping: str = "mapaaa") -> str:
    return Marker(mapping, event.fingerprint(), event.key).text()


def create(event: Event) -> Create:
    return Create(event, marker(event), Reason.TIMETABLE)


def update(before: RemoteEvent, after: Event, reason: Reason = Reason.TIMETABLE) -> Update:
    return Update(before, after, marker(after), reason)


def delete(before: RemoteEvent, reason: Reason = Reason.LEFT) -> Delete:
    return Delete(before, reason)


def written(backend: MemoryBackend, events: Sequence[Event], calendar: Calendar = COMP101) -> list[RemoteEvent]:
    """``events`` as they stand once we wrote them, in their order."""
    for at in range(0, len(events), backend.batch):
        outcomes = backend.apply(calendar, [create(event) for event in events[at : at + backend.batch]])
        assert all(outcome.error is None for outcome in outcomes)
    by_key = {item.marker.key: item for item in backend.snapshot(calendar, WINDOW).ours}
    backend.requests.clear()
    return [by_key[event.key] for event in events]


def subjects(backend: MemoryBackend, calendar: Calendar = COMP101) -> list[str]:
    """What a person sees in the calendar."""
    return [item.subject for item in backend.people.see(calendar.address)]


def bears(key: str) -> Callable[[MemoryItem], bool]:
    """Whether an item bears the marker of ``key``."""
    return lambda item: item.marker is not None and Marker.parse(item.marker).key == key
