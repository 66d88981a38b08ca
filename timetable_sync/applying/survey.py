"""Read and compare every calendar before anything is written: several at once, one calendar's failure stopping no other."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

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
    backend: Backend, calendars: Sequence[Calendar], window: Window, sides: Sides, *, patience: Patience, at_once: int, progress: Progress
) -> Survey:
    """A plan for each of ``calendars``. Raises CutShort, and what ends the whole run (RunFailed, StateUnusable, …).

    Those whose stamp has come already are judged by this thread, while others ask for the rest; that too ends at the deadline, and when it
    is asked to stop.
    """

    def visited(calendar: Calendar, seen: Prospect | None = None) -> _Visited:
        try:
            with _ending(patience):
                return visit(backend, calendar, window, sides, patience, seen)
        except BackendError as error:
            if isinstance(error, RunFailed):
                raise
            return error
        finally:
            progress.step()

    early, found, broken = sides.memory.early, dict[str, _Visited](), list[BaseException]()
    futures: dict[str, Future[_Visited]] = {}
    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="calendar") as pool:
        try:
            with _ending(patience):
                futures |= {calendar.address: pool.submit(visited, calendar) for calendar in calendars if calendar.address not in early}
                for calendar in calendars:
                    if calendar.address not in early:
                        continue
                    patience.may_begin()
                    seen = prospect(calendar, window, sides)
                    enough = unread(calendar, seen, early[calendar.address], sides.memory)
                    if enough is None:
                        futures[calendar.address] = pool.submit(visited, calendar, seen)
                    else:
                        found[calendar.address] = enough
                        progress.step()
        except BaseException as reason:
            broken.append(reason)  # raised below, unless it only followed from another
    broken += [error for future in futures.values() if (error := future.exception()) is not None]
    if broken:
        # The others were cut short by it.
        raise next((error for error in broken if not isinstance(error, CutShort)), broken[0])
    found |= {address: future.result() for address, future in futures.items()}
    results = [(calendar.address, found[calendar.address]) for calendar in calendars]
    done = {address: result for address, result in results if not isinstance(result, BackendError)}
    return Survey(
        tuple(result.plan for result in done.values() if result.plan is not None),
        {address: result for address, result in results if isinstance(result, BackendError)},
        tuple(result.sighting for result in done.values() if result.sighting is not None),
        {address: result.look for address, result in done.items()},
        {address: result.stamp for address, result in done.items() if result.plan is None},
    )


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
