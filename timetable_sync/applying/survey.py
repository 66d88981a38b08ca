"""Read and compare every calendar before anything is written: several at once, one calendar's failure stopping no other."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from timetable_sync.applying.patience import CutShort, Patience
from timetable_sync.applying.progress import Progress
from timetable_sync.calendars.contract import Backend
from timetable_sync.errors import BackendError, RunFailed
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.ledger import LedgerEntry
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.unsettled import Unsettled
from timetable_sync.model.window import Window
from timetable_sync.planning.compare import Rules, compare, settle_bodies


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the two sides of the comparison come from. Both are called from several threads."""

    events: Callable[[Calendar], Sequence[Event]]
    ledger: Callable[[Calendar], Mapping[str, LedgerEntry]]
    unsettled: Sequence[Unsettled]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Survey:
    """The plans, and the calendars that could not be read, with the reason, by address."""

    plans: tuple[CalendarPlan, ...]
    failed: Mapping[str, BackendError]


def survey(
    backend: Backend, calendars: Sequence[Calendar], window: Window, sides: Sides, *, patience: Patience, at_once: int, progress: Progress
) -> Survey:
    """A plan for each of ``calendars``. Raises CutShort, and what ends the whole run (RunFailed, StateUnusable, …)."""

    def visit(calendar: Calendar) -> CalendarPlan | BackendError:
        try:
            snapshot = patience.call(lambda: backend.snapshot(calendar, window))
            plan = compare(sides.events(calendar), snapshot, sides.ledger(calendar), sides.rules, sides.unsettled)
            if plan.bodies:
                items = [check.standing.item for check in plan.bodies]
                plan = settle_bodies(plan, patience.call(lambda: backend.read_bodies(calendar, items)), sides.rules)
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
        return plan

    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="calendar") as pool:
        futures = [(calendar, pool.submit(visit, calendar)) for calendar in calendars]
    broken = [error for _, future in futures if (error := future.exception()) is not None]
    if broken:
        # The others were cut short by it.
        raise next((error for error in broken if not isinstance(error, CutShort)), broken[0])
    found = [(calendar, future.result()) for calendar, future in futures]
    return Survey(
        tuple(plan for _, plan in found if not isinstance(plan, BackendError)),
        {calendar.address: error for calendar, error in found if isinstance(error, BackendError)},
    )
