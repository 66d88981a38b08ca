"""The calendars, each as a run would visit it: reached, read, our marker and the folder's signs looked for. Writes nothing."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from timetable_sync.apply.read_calendars import ReadContext, read_calendar
from timetable_sync.apply.retry import Retrier, RunInterrupted
from timetable_sync.calendars.contract import Backend
from timetable_sync.config.sections.safety import Guards
from timetable_sync.doctor.results import CheckResult, Part, failed, passed, warned
from timetable_sync.errors import BackendError, CalendarError, ServiceError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import FolderSeen
from timetable_sync.model.folder import KnownFolder as Remembered
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.window import Window
from timetable_sync.planning.decide import decide
from timetable_sync.planning.folders import FoldersFound, resolve
from timetable_sync.planning.guards import Extent, Release
from timetable_sync.planning.selection import pattern_for
from timetable_sync.reports.formatting import counted
from timetable_sync.reports.quoting import command

#: More than so many of one kind are counted, not named; JSON names all.
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Visited:
    """One calendar. ``plan`` is None where it could not be read; then ``error`` says why. ``signs`` says that its folder tells of changes.

    ``known`` is how many events of ours the ledger has there, ``folder`` the folder's own id.
    """

    calendar: Calendar
    plan: CalendarPlan | None
    signs: bool
    known: int = 0
    error: BackendError | None = None
    folder: str = ""


def visit_all(
    backend: Backend,
    calendars: Sequence[Calendar],
    window: Window,
    sides: ReadContext,
    *,
    patience: Retrier,
    at_once: int,
    step: Callable[[], None],
) -> list[Visited]:
    """Every calendar, several at once. Raises ServiceError for what concerns all of them, and RunInterrupted."""
    lock, ended = threading.Lock(), list[BaseException]()

    def one(calendar: Calendar) -> Visited | None:
        try:
            return _visited(backend, calendar, window, sides, patience)
        except (ServiceError, RunInterrupted) as error:
            with lock:
                ended.append(error)
            patience.end(str(error))
            return None
        finally:
            step()

    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="calendar") as pool:
        found = list(pool.map(one, calendars))
    if ended:
        raise next((error for error in ended if isinstance(error, ServiceError)), ended[0])
    return [visited for visited in found if visited is not None]


def _visited(backend: Backend, calendar: Calendar, window: Window, sides: ReadContext, patience: Retrier) -> Visited:
    known = len(sides.ledger(calendar))
    try:
        plan = read_calendar(backend, calendar, window, sides, patience).plan
    except ServiceError:
        raise
    except BackendError as error:
        return Visited(calendar, None, signs=False, known=known, error=error)
    try:
        stamp = patience.call(lambda: backend.stamp(calendar))
    except ServiceError:
        raise
    except BackendError:
        stamp = None  # what refuses it lets the calendar be read: a run reads it every night
    return Visited(
        calendar, plan, signs=stamp is not None and stamp.sign is not None, known=known, folder="" if stamp is None else stamp.folder
    )


def told_apart(found: Sequence[Visited], before: Mapping[str, Remembered], wanted: Collection[str]) -> list[Visited]:
    """The calendars that a run would find there are: an old name of one is none, and two names of one mailbox are in trouble."""
    looks = {one.calendar.address: FolderSeen(one.folder) for one in found if one.error is None}
    gone = [one.calendar.address for one in found if isinstance(one.error, CalendarError) and one.error.gone]
    resolution = resolve(before, FoldersFound(looks, gone, wanted, [one.calendar.address for one in found]))
    left = [one for one in found if one.calendar.address not in resolution.dropped]
    failed = resolution.failed
    return [replace(one, plan=None, error=failed[one.calendar.address]) if one.calendar.address in failed else one for one in left]


def calendars_visited(found: Sequence[Visited], homonyms: Collection[str]) -> Iterator[CheckResult]:
    """What is to be said of them: those in trouble by name, of the others how many. ``homonyms`` as in a Selection."""
    well = [(visited, visited.plan) for visited in found if visited.plan is not None]
    bad = [(visited, visited.error) for visited in found if visited.error is not None]
    marked = sum(plan.standing > 0 for _, plan in well)
    signs = sum(visited.signs for visited, _ in well)
    facts = {"calendars": [_facts(visited) for visited in found]}
    for visited, error in bad[:_NAMED]:
        yield failed(Part.CALENDARS, _said(visited.calendar, error), error.advice, 1, calendar=visited.calendar.address)
    if len(bad) > _NAMED:
        kinds = Counter(error.message.partition(": ")[2] or error.message for _, error in bad[_NAMED:])
        said = ", ".join(f"{count} more: {kind}" for kind, count in kinds.most_common(3))
        yield failed(Part.CALENDARS, said, "All of them: timetable-sync doctor --format json", 1)
    for visited, plan in well:
        if visited.known and not plan.standing:
            yield warned(
                Part.CALENDARS,
                f"{visited.calendar.name}: {counted(visited.known, 'event')} of ours should stand there, and no marker comes back",
                "Somebody may have emptied it; else try: "
                + command("doctor", "--write", "--calendar", pattern_for(visited.calendar, homonyms)),
                calendar=visited.calendar.address,
            )
    if not well:
        return
    lines = [
        f"our marker comes back in {marked} of them" + ("" if marked else "; nothing of ours stands there yet (--write tries it)"),
        f"0x670A and 0x670B, signs of change, come back in {signs}" + ("" if signs == len(well) else "; the others are read every night"),
    ]
    yield passed(Part.CALENDARS, f"{counted(len(well), 'calendar')} reached and read", details=lines, **facts)


def guards_judged(found: Sequence[Visited], extent: Extent, guards: Guards) -> Iterator[CheckResult]:
    """What guards would hold in a run now."""
    plans = [visited.plan for visited in found if visited.plan is not None]
    look = f"See what would be done: {command('run', '--dry-run')}"
    verdicts = decide(plans, extent, guards, Release()).held
    for held in verdicts[:_NAMED]:
        said = (
            f"the whole run would be held: {held.sentence}"
            if held.calendar is None
            else f"{held.calendar.name} would be held: {held.sentence}"
        )
        yield failed(Part.GUARDS, said, look, 5, guard=held.guard, calendar=None if held.calendar is None else held.calendar.address)
    if len(verdicts) > _NAMED:
        yield failed(Part.GUARDS, f"{counted(len(verdicts) - _NAMED, 'more calendar')} would be held", look, 5)


def _said(calendar: Calendar, error: BackendError) -> str:
    said = error.message if calendar.address in error.message else f"{calendar.address}: {error.message}"
    if isinstance(error, CalendarError) and "ErrorAccessDenied" in said:
        said += ". EWS refuses this mailbox; where it is a group's, some tenants let no application into those by EWS"
    return said


def _facts(visited: Visited) -> Mapping[str, object]:
    plan = visited.plan
    return {
        "calendar": visited.calendar.name,
        "address": visited.calendar.address,
        "readable": plan is not None,
        "ours": None if plan is None else plan.standing,
        "foreign": None if plan is None else plan.foreign,
        "marker": None if plan is None else plan.standing > 0,
        "signs_of_change": visited.signs,
        "error": None if visited.error is None else visited.error.message,
    }
