"""Which calendars are visited tonight, which of them may be written, and which must never be. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from timetable_sync.model.calendar import Calendar
from timetable_sync.settings.sections.calendars import Calendars


@dataclass(frozen=True, slots=True)
class Selection:
    """``visited`` are read and compared; those of them in ``report_only`` are never written; ``refused`` are not even read."""

    visited: tuple[Calendar, ...]
    report_only: frozenset[str]
    refused: tuple[Calendar, ...]


def matches(calendar: Calendar, patterns: Iterable[str]) -> bool:
    """Whether the calendar's name or address matches one of the patterns (``*``, ``?``, ``[…]``), whatever their case."""
    name, address = calendar.name.casefold(), calendar.address.casefold()
    return any(fnmatchcase(name, pattern.casefold()) or fnmatchcase(address, pattern.casefold()) for pattern in patterns)


def select(named: Iterable[Calendar], remembered: Iterable[Calendar], rules: Calendars, asked: Sequence[str] = ()) -> Selection:
    """Sort the calendars.

    ``named`` are the timetable's, ``remembered`` those that the ledger knows to hold events of ours: a calendar that left the
    timetable is still visited. ``asked`` are the patterns of ``--calendar``; none means all. The address decides what is allowed,
    never the name.
    """
    all_of_them: dict[str, Calendar] = {calendar.address: calendar for calendar in remembered}
    all_of_them.update((calendar.address, calendar) for calendar in named)
    visited, refused = [], []
    for calendar in sorted(all_of_them.values()):
        if asked and not matches(calendar, asked):
            continue
        if rules.pilot is not None and not matches(calendar, rules.pilot):
            continue
        if any(fnmatchcase(calendar.address.casefold(), pattern.casefold()) for pattern in rules.allow):
            visited.append(calendar)
        else:
            refused.append(calendar)
    report_only = frozenset(calendar.address for calendar in visited if rules.report_only and matches(calendar, rules.report_only))
    return Selection(tuple(visited), report_only, tuple(refused))
