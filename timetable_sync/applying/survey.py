"""Read and compare every calendar before anything is written: several at once, one calendar's failure stopping no other."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from timetable_sync.applying.late import Late
from timetable_sync.applying.patience import CutShort, Patience
from timetable_sync.applying.progress import Progress
from timetable_sync.applying.visit import Prospect, Sides, Visit, prospect, unread, visit
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import BackendError, RunFailed
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.sighting import Sighting, Stamp
from timetable_sync.model.visited import Look
from timetable_sync.model.window import Window


@dataclass(frozen=True, slots=True)
class Survey:
    """The plans; the calendars that could not be read, with the reason, by address; what is to be remembered for the next night.

    ``looks`` say by address where each calendar that was seen leads, and when it was read. ``elsewhere`` are the stamps of those that have
    no plan, as their address does not lead where it was expected to lead.
    """

    plans: tuple[CalendarPlan, ...]
    failed: Mapping[str, BackendError]
    sightings: tuple[Sighting, ...] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    elsewhere: Mapping[str, Stamp | None] = field(default_factory=dict)


_Visited = Visit | BackendError


def survey(
    backend: Backend,
    calendars: Sequence[Calendar],
    window: Window,
    sides: Sides,
    *,
    patience: Patience,
    at_once: int,
    progress: Progress,
    late: Late | None = None,
) -> Survey:
    """A plan for each of ``calendars``. Raises CutShort, and what ends the whole run (RunFailed, StateUnusable, …).

    Those in which something may still appear that an earlier run asked for are read ``late``, after all others.
    """
    late = late or Late((), backend, patience, wait=True)
    work = _Work(backend, window, sides, patience, max(1, at_once), progress, late)
    found = work.read([calendar for calendar in calendars if not (late.wait and late.is_not_over(calendar))])
    for calendar in calendars:
        if isinstance(seen := found.get(calendar.address), Visit):
            late.at_work(calendar, seen.at_work)
    last = [calendar for calendar in calendars if late.is_not_over(calendar) or calendar.address not in found]
    found |= late.wait_for([calendar for calendar in last if not isinstance(found.get(calendar.address), BackendError)])
    if late.wait:
        found |= work.read([calendar for calendar in last if not isinstance(found.get(calendar.address), BackendError)])
    results = [(calendar.address, found[calendar.address]) for calendar in calendars]
    done = {address: result for address, result in results if not isinstance(result, BackendError)}
    return Survey(
        tuple(result.plan for result in done.values() if result.plan is not None),
        {address: result for address, result in results if isinstance(result, BackendError)},
        tuple(result.sighting for result in done.values() if result.sighting is not None),
        {address: result.look for address, result in done.items()},
        {address: result.stamp for address, result in done.items() if result.plan is None},
    )


@dataclass(frozen=True, slots=True)
class _Work:
    backend: Backend
    window: Window
    sides: Sides
    patience: Patience
    at_once: int
    progress: Progress
    late: Late
    counted: set[str] = field(default_factory=set)

    def read(self, calendars: Sequence[Calendar]) -> dict[str, _Visited]:
        """What each visit gives, by address.

        Those whose stamp has come already are judged by this thread, while others ask for the rest; that too ends at the deadline, and when
        it is asked to stop.
        """
        early, found, broken = self.sides.memory.early, dict[str, _Visited](), list[BaseException]()
        futures: dict[str, Future[_Visited]] = {}
        with ThreadPoolExecutor(max_workers=self.at_once, thread_name_prefix="calendar") as pool:
            try:
                with _ending(self.patience):
                    futures |= {one.address: pool.submit(self._visited, one) for one in calendars if one.address not in early}
                    for calendar in calendars:
                        if calendar.address not in early:
                            continue
                        self.patience.may_begin()
                        seen = self._prospect(calendar)
                        enough = unread(calendar, seen, early[calendar.address], self.sides.memory)
                        if enough is None:
                            futures[calendar.address] = pool.submit(self._visited, calendar, seen)
                        else:
                            found[calendar.address] = enough
                            self._step(calendar)
            except BaseException as reason:
                broken.append(reason)  # raised below, unless it only followed from another
        broken += [error for future in futures.values() if (error := future.exception()) is not None]
        if broken:
            # The others were cut short by it.
            raise next((error for error in broken if not isinstance(error, CutShort)), broken[0])
        return found | {address: future.result() for address, future in futures.items()}

    def _prospect(self, calendar: Calendar) -> Prospect:
        return prospect(calendar, self.window, self.sides, believed=not self.late.holds(calendar))

    def _visited(self, calendar: Calendar, seen: Prospect | None = None) -> _Visited:
        try:
            with _ending(self.patience):
                seen = seen or self._prospect(calendar)
                return visit(self.backend, calendar, self.window, self.sides, self.patience, seen)
        except BackendError as error:
            if isinstance(error, RunFailed):
                raise
            return error
        finally:
            self._step(calendar)

    def _step(self, calendar: Calendar) -> None:
        """A calendar that is read twice is one step."""
        if calendar.address not in self.counted:
            self.counted.add(calendar.address)
            self.progress.step()


@contextmanager
def _ending(patience: Patience) -> Iterator[None]:
    """What is no matter of one calendar ends the whole run, and all its threads."""
    try:
        yield
    except CutShort as end:
        patience.end(str(end))
        raise
    except BackendError as error:
        if isinstance(error, RunFailed):
            patience.end("the run failed")
        raise
    except BaseException:
        patience.end("the run failed")
        raise
