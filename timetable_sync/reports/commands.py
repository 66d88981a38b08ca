"""What to type where a guard holds something, and what to mend. Decides nothing."""

from collections.abc import Collection, Iterable

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import Held
from timetable_sync.planning.guards import ANOTHER, RENAMED
from timetable_sync.planning.selection import pattern_for
from timetable_sync.reports.quoting import command
from timetable_sync.state.run_records import HeldVerdict

#: What is to be mended in the configuration, by guard.
_MEND = {
    RENAMED: "If timetable.source was renamed, give it its old name again: under the new one all of this would stand twice.",
    ANOTHER: "Find the other installation; stop it, or give one of the two another timetable.source and other calendars.",
}


def mend(guard: str) -> str:
    """What there is to mend where ``guard`` holds; empty where it is not known to be the configuration."""
    return _MEND.get(guard, "")


def look(verdict: Held | HeldVerdict) -> str:
    """Shows what the verdict holds."""
    return command("held", *(_scope(verdict) if verdict.calendar is not None else ()))


def release(verdict: Held | HeldVerdict, guards: Iterable[str]) -> str:
    """Lets through, once, what the verdict holds, where these ``guards`` hold it."""
    return command("run", *_each("--calendar", _scope(verdict)), *_each("--force-guard", sorted(guards)))


def forget(calendar: Calendar, homonyms: Collection[str] = ()) -> str:
    """Strikes out all that is on record of the calendar, and of no other one."""
    return command("forget", pattern_for(calendar, homonyms))


def _scope(verdict: Held | HeldVerdict) -> tuple[str, ...]:
    # What was recorded by an earlier version has none.
    return verdict.scope if verdict.scope or verdict.calendar is None else (pattern_for(verdict.calendar),)


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [part for value in values for part in (option, value)]
