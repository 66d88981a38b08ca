"""Read and compare every calendar before anything is written: several at once, one calendar's failure stopping no other."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from timetable_sync.applying.patience import CutShort, Patience
from timetable_sync.applying.progress import Progress
from timetable_sync.applying.visit import Sides, visit
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import BackendError, RunFailed
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.sighting import Sighting
from timetable_sync.model.window import Window


@dataclass(frozen=True, slots=True)
class Survey:
    """The plans; the calendars that could not be read, with the reason, by address; what is to be remembered for the next night."""

    plans: tuple[CalendarPlan, ...]
    failed: Mapping[str, BackendError]
    sightings: tuple[Sighting, ...] = ()


def survey(
    backend: Backend, calendars: Sequence[Calendar], window: Window, sides: Sides, *, patience: Patience, at_once: int, progress: Progress
) -> Survey:
    """A plan for each of ``calendars``. Raises CutShort, and what ends the whole run (RunFailed, StateUnusable, …)."""

    def visited(calendar: Calendar) -> tuple[CalendarPlan, Sighting | None] | BackendError:
        try:
            return visit(backend, calendar, window, sides, patience)
        except CutShort as end:
            patience.end(str(end))
            raise
        except BackendError as error:
            if isinstance(error, RunFailed):
                patience.end("the run failed")
                raise
            return error
        except BaseException:
            patience.end("the run failed")
            raise
        finally:
            progress.step()

    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="calendar") as pool:
        futures = [(calendar, pool.submit(visited, calendar)) for calendar in calendars]
    broken = [error for _, future in futures if (error := future.exception()) is not None]
    if broken:
        # The others were cut short by it.
        raise next((error for error in broken if not isinstance(error, CutShort)), broken[0])
    found = [(calendar, future.result()) for calendar, future in futures]
    done = [result for _, result in found if not isinstance(result, BackendError)]
    return Survey(
        tuple(plan for plan, _ in done),
        {calendar.address: result for calendar, result in found if isinstance(result, BackendError)},
        tuple(sighting for _, sighting in done if sighting is not None),
    )
