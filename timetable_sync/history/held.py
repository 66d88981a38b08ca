"""What guards hold, as people and programs read it. Pure."""

from dataclasses import dataclass
from typing import Any

from timetable_sync.history.event_changes import FieldChange, all_of, changed, title
from timetable_sync.model.calendar import Calendar
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.reports.commands import release
from timetable_sync.reports.formatting import TimeFormat, number
from timetable_sync.state.run_records import HeldCalendar, HeldChange, HeldVerdict


@dataclass(frozen=True, slots=True)
class HeldItem:
    """A guard that holds the run (``calendar`` None) or a calendar; ``calendars`` are those whose changes wait because of it.

    ``guards`` are all that hold the same.
    """

    verdict: HeldVerdict
    calendars: tuple[HeldCalendar, ...]
    guards: tuple[str, ...]

    @property
    def release(self) -> str:
        """What to type to let it through once, or empty where nothing does."""
        return release(self.verdict, self.guards) if set(self.guards) <= set(RELEASABLE) else ""


def held_items(verdicts: list[HeldVerdict], calendars: list[HeldCalendar]) -> list[HeldItem]:
    """Each guard with the calendars that it holds; of the run's, every calendar that no guard of its own holds."""
    by_address = {held.calendar.address: held for held in calendars}
    own = {verdict.calendar.address for verdict in verdicts if verdict.calendar is not None}
    found = []
    for verdict in verdicts:
        if verdict.calendar is None:
            waiting = tuple(held for address, held in by_address.items() if address not in own)
        else:
            waiting = tuple(held for address, held in by_address.items() if address == verdict.calendar.address)
        guards = tuple(other.guard for other in verdicts if other.calendar == verdict.calendar)
        found.append(HeldItem(verdict, waiting, guards))
    return found


def waiting(held: HeldCalendar) -> str:
    """ "41 to be deleted, 2 to be created"."""
    kinds = (("deleted", held.deleted), ("updated", held.updated), ("created", held.created))
    return ", ".join(f"{number(many)} to be {kind}" for kind, many in kinds if many)


def change_lines(change: HeldChange, clock: TimeFormat) -> tuple[str, list[FieldChange]]:
    """The line that names the event, and what would become otherwise in it."""
    if change.before is not None and change.after is not None:
        return title(change.before, clock), changed(change.before, change.after, clock)
    portrait = change.after or change.before or {}
    lines = all_of(portrait, clock, gone=change.after is None) if portrait else []
    return (title(portrait, clock) if portrait else change.key), [line for line in lines if line.label not in ("Time", "Subject")]


def as_json(thing: HeldItem, clock: TimeFormat) -> dict[str, Any]:
    """For programs."""
    verdict = thing.verdict
    return {
        "guard": verdict.guard,
        "calendar": None if verdict.calendar is None else _calendar(verdict.calendar),
        "sentence": verdict.sentence,
        "count": verdict.count,
        "of": verdict.of,
        "limit": verdict.limit,
        "since": clock.iso(verdict.since),
        "since_run": verdict.since_run,
        "run": verdict.run_id,
        "release": thing.release or None,
        "calendars": [
            {**_calendar(held.calendar), "deleted": held.deleted, "updated": held.updated, "created": held.created}
            for held in thing.calendars
        ],
    }


def change_json(change: HeldChange) -> dict[str, Any]:
    """One change that waits; times in ``before`` and ``after`` are as recorded, in UTC."""
    return {
        "key": change.key,
        "action": change.action,
        "reason": change.reason,
        "before": None if change.before is None else dict(change.before),
        "after": None if change.after is None else dict(change.after),
    }


def _calendar(calendar: Calendar) -> dict[str, str]:
    return {"name": calendar.name, "address": calendar.address}
