"""Which calendars are visited tonight, which of them may be written, and which must never be. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from timetable_sync.config.sections.calendars import Calendars
from timetable_sync.model.calendar import Calendar

# Patterns, and what shells take for the end of what they were given: PowerShell also quotation marks of print.
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
_NOT_PLAIN = re.compile("[*?\\[\\]\"'`|\\\\\N{LEFT SINGLE QUOTATION MARK}-\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}]")


@dataclass(frozen=True, slots=True)
class Selection:
    """``visited`` are read and compared; those of them in ``report_only`` are never written; ``refused`` are not even read.

    Nor are ``doubtful`` ones, each with the addresses of which nobody knows which is its own tonight. ``unasked`` would be visited by a run
    that is not limited to some calendars; ``report_only`` has theirs too. ``homonyms`` are addresses of calendars whose name does not tell
    them from another one; ``asked`` are the patterns that limit the run.
    """

    visited: tuple[Calendar, ...]
    report_only: frozenset[str]
    refused: tuple[Calendar, ...]
    doubtful: tuple[tuple[Calendar, tuple[str, ...]], ...] = ()
    unasked: tuple[Calendar, ...] = ()
    homonyms: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()

    @property
    def within(self) -> tuple[Calendar, ...]:
        """All that may be visited by the configuration, tonight or in another run."""
        return (*self.visited, *(calendar for calendar, _ in self.doubtful), *self.unasked)

    def without(self, addresses: Collection[str]) -> "Selection":
        """The same without those that turned out to be no calendars."""
        if not addresses:
            return self
        some = (self.visited, self.refused, self.unasked)
        visited, refused, unasked = (tuple(one for one in these if one.address not in addresses) for these in some)
        return replace(self, visited=visited, refused=refused, unasked=unasked)

    def not_had(self, failed: Collection[str], *, known: Collection[str]) -> list[Calendar]:
        """Those that may not be written or have ``failed``, and in which nothing of ours is ``known`` to stand; all by address."""
        failing = [one for one in self.visited if one.address in failed]
        return [one for one in (*self.refused, *failing) if one.address not in known]


def matches(calendar: Calendar, patterns: Iterable[str]) -> bool:
    """Whether the calendar's name or address matches one of the patterns (``*``, ``?``, ``[…]``), whatever their case."""
    name, address = calendar.name.casefold(), calendar.address.casefold()
    return any(fnmatchcase(name, pattern.casefold()) or fnmatchcase(address, pattern.casefold()) for pattern in patterns)


def select(
    named: Iterable[Calendar],
    remembered: Iterable[Calendar],
    rules: Calendars,
    asked: Sequence[str] = (),
    doubtful: Mapping[str, Collection[str]] | None = None,
) -> Selection:
    """Sort the calendars.

    ``named`` are the timetable's, ``remembered`` those that the ledger knows to hold events of ours: a calendar that left the
    timetable is still visited. ``asked`` are the patterns of ``--calendar``; none means all. The address decides what is allowed,
    never the name. ``doubtful`` has names of calendars, each with the addresses that it might have.
    """
    remembered, named = list(remembered), list(named)
    in_doubt = dict(_in_doubt(doubtful or {}, {calendar.address for calendar in named}, remembered))
    all_of_them: dict[str, Calendar] = {calendar.address: calendar for calendar in (*remembered, *in_doubt, *named)}
    visited, unasked, refused, left = list[Calendar](), list[Calendar](), list[Calendar](), list[tuple[Calendar, tuple[str, ...]]]()
    for calendar in sorted(all_of_them.values()):
        wanted = not asked or matches(calendar, asked)
        if rules.pilot is not None and not matches(calendar, rules.pilot):
            continue
        allowed = any(fnmatchcase(calendar.address.casefold(), pattern.casefold()) for pattern in rules.allow)
        if not wanted:
            unasked += [calendar] if allowed else []
        elif not allowed:
            refused.append(calendar)
        elif calendar in in_doubt:
            left.append((calendar, in_doubt[calendar]))
        else:
            visited.append(calendar)
    might = (*visited, *unasked) if rules.report_only else ()
    report_only = frozenset(calendar.address for calendar in might if matches(calendar, rules.report_only))
    same = homonyms(all_of_them.values())
    return Selection(tuple(visited), report_only, tuple(refused), tuple(left), tuple(unasked), same, tuple(asked))


def _in_doubt(
    doubtful: Mapping[str, Collection[str]], named: Collection[str], remembered: Sequence[Calendar]
) -> Iterator[tuple[Calendar, tuple[str, ...]]]:
    """The calendars that a name in doubt might be, and those that it was: what stands in them may be right, all of it.

    One that another name leads to goes on: in it only the lessons in doubt stay as they are.
    """
    for name, addresses in doubtful.items():
        might_be = tuple(sorted(addresses))
        known = [one.address for one in remembered if one.address not in named and (one.name == name or one.address in addresses)]
        for address in known or [address for address in might_be if address not in named][:1]:
            yield Calendar(address, name), might_be


def homonyms(calendars: Collection[Calendar]) -> frozenset[str]:
    """The addresses of those whose name, in whatever case, is another one's too, or another one's address."""
    names = Counter(calendar.name.casefold() for calendar in calendars)
    names.update(calendar.address for calendar in calendars if calendar.name.casefold() != calendar.address)
    return frozenset(calendar.address for calendar in calendars if names[calendar.name.casefold()] > 1)


def pattern_for(calendar: Calendar, homonyms: Collection[str] = ()) -> str:
    """What finds just this calendar when it is typed: its name, or its address where the name is no plain word, or one of ``homonyms``."""
    name = calendar.name
    plain = name.isprintable() and name.strip() == name and not name.startswith("-") and unicodedata.is_normalized("NFC", name)
    if name and plain and not _NOT_PLAIN.search(name) and calendar.address not in homonyms:
        return name
    return re.sub(r"[*?[]|^-", r"[\g<0>]", calendar.address)
