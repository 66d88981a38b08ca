"""Calendars in which something may still appear that an earlier run asked for: they are read last, once its time is over. No other waits.

A request to make events that was sent, and of whose end there is no record, may be carried out for as long as the service takes over one
(``Backend.longest_request``). Whoever reads before that, and makes what is not there, makes it twice. The state knows these requests.
Where the state was lost, what stands in the calendar tells: events that bear our source's marker, of which the ledger knows nothing, and
of which the newest is younger than that by the service's own clock, were made by a run that may have sent more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from timetable_sync.apply.retry import Retrier
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.key import source_prefix
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.state.intents import Unanswered

NONE = timedelta(0)

_WHY = "a create of an earlier run was not answered"


@dataclass(frozen=True, slots=True)
class Wait:
    """A calendar was read at ``until`` (aware) at the earliest, or in a dry run would have been. ``known``: the state knew why."""

    calendar: Calendar
    until: datetime
    known: bool = True


class UnansweredCreates:
    """One for a run. ``requests`` are those of earlier runs that the state knows; a run that does not ``wait`` only says what it would."""

    def __init__(self, requests: Sequence[Unanswered], backend: Backend, patience: Retrier, *, wait: bool) -> None:
        self.wait = wait
        self.waits: list[Wait] = []
        self._patience = patience
        self._until: dict[str, float] = {}
        self._requests = [(request.calendar, request) for request in requests]
        for request in requests:
            self._add(request.calendar, backend.longest_request - request.ago)

    @property
    def calendars(self) -> list[Calendar]:
        """Those with requests, also where their time is over: what was made may stand there, and nothing else may know of it."""
        return [calendar for calendar, _ in self._requests]

    def holds(self, calendar: Calendar) -> bool:
        """Whether it has a request: then no sign tells that nothing changed there."""
        return any(one.address == calendar.address for one, _ in self._requests)

    def at_work(self, calendar: Calendar, left: timedelta) -> None:
        """For so long a run of which the state knows nothing may be at work there. Said once it was waited for, that is over."""
        if left > NONE and all(wait.calendar.address != calendar.address for wait in self.waits):
            self._add(calendar, left)

    def readdress(self, moved: Mapping[str, Calendar]) -> None:
        """What is known under the addresses ``moved`` is that calendar's."""
        for old, calendar in moved.items():
            if (until := self._until.get(old)) is not None:
                self._until[calendar.address] = max(until, self._until.get(calendar.address, until))
        self._requests = [(moved.get(calendar.address, calendar), request) for calendar, request in self._requests]

    def is_not_over(self, calendar: Calendar) -> bool:
        """Whether something may still appear in it."""
        return self._left(calendar) > 0

    def wait_for(self, calendars: Iterable[Calendar]) -> dict[str, CalendarError]:
        """Returns once nothing appears in them any more; gives the error of each for which there is no time, by address.

        Raises RunInterrupted when the run is to end meanwhile. A run that does not wait writes down what it would have waited for.
        """
        failed: dict[str, CalendarError] = {}
        waits: list[Wait] = []
        for calendar in calendars:
            if (left := self._left(calendar)) <= 0 or calendar in (wait.calendar for wait in self.waits):
                continue
            wait = Wait(calendar, datetime.now(UTC) + timedelta(seconds=left), known=self.holds(calendar))
            if self._patience.in_time(left) or not self.wait:
                waits.append(wait)
            else:
                said = f"{calendar.address} waits until {wait.until:%H:%M:%S} UTC, past the deadline, as {_WHY}"
                failed[calendar.address] = CalendarError(said, self._patience.later, passing=True)
        self.waits += waits
        if waits and self.wait:
            last = max(waits, key=lambda wait: wait.until)
            others = f" (and {len(waits) - 1} more)" if len(waits) > 1 else ""
            why = f"{last.calendar.name}{others} waits until {last.until:%H:%M:%S} UTC, as {_WHY}"
            self._patience.pause(self._left(last.calendar), why)
        return failed

    def settled(self, plans: Iterable[CalendarPlan]) -> list[Unanswered]:
        """The requests about which ``plans``, which were made of what was read, tell all there is to know."""
        read = {plan.calendar.address for plan in plans}
        return [request for calendar, request in self._requests if calendar.address in read]

    def _add(self, calendar: Calendar, left: timedelta) -> None:
        until = self._patience.now() + left.total_seconds()
        self._until[calendar.address] = max(until, self._until.get(calendar.address, until))

    def _left(self, calendar: Calendar) -> float:
        now = self._patience.now()
        return self._until.get(calendar.address, now) - now


def unexplained(plan: CalendarPlan, snapshot: Snapshot, ledger: Mapping[str, LedgerEntry], source: str, longest: timedelta) -> timedelta:
    """For how much longer a run of which the state knows nothing may be at work there; :data:`NONE` where nothing tells of one.

    Where the plan makes nothing, nothing can be doubled. What a person made by copying an event of ours no run made.
    """
    if not plan.creates or not longest:
        return NONE
    known, ours = {entry.item.id for entry in ledger.values()} | (plan.copies or frozenset()), source_prefix(source)
    unknown = [item.created for item in snapshot.ours if item.item.id not in known and item.marker.key.startswith(ours)]
    if not unknown:
        return NONE
    if snapshot.at is None or None in unknown:
        return longest
    return longest - min(snapshot.at - created for created in unknown if created is not None)
