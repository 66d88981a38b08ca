"""Calendars whose mailbox does not exist any more: nights are counted, and what nobody asks for is forgotten after some. Pure.

Only the service's own word that there is no such mailbox counts. A mailbox that answers, or refuses, is there: the count begins anew. A
night that did not get to it, as the service was busy or silent or the run was for other calendars, neither counts nor ends the row.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from timetable_sync.errors import BackendError, CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.planning.protection import Protection, Reach


@dataclass(frozen=True, slots=True)
class Gone:
    """``nights`` has, by address, the calendars that do not exist tonight, and for how many nights in a row; ``counted`` is what is to be
    remembered of that, where it is new. ``refusing`` are the addresses of those that are there and cannot be had."""

    nights: Mapping[str, int]
    counted: tuple[KnownFolder, ...]
    refusing: frozenset[str] = frozenset()


def count_nights(before: Mapping[str, KnownFolder], failed: Mapping[Calendar, BackendError], now: datetime, zone: str) -> Gone:
    """What tonight's failures say. ``before`` is what is remembered, by address. Two runs of one day in ``zone`` are one night."""
    nights, counted, refusing = dict[str, int](), list[KnownFolder](), set[str]()
    for calendar, error in failed.items():
        known = before.get(calendar.address, KnownFolder(calendar))
        if not isinstance(error, CalendarError) or error.passing:
            continue
        if not error.gone:
            refusing.add(calendar.address)
            if known.gone_nights:
                counted.append(replace(known, gone_nights=0, gone_last=None))
            continue
        if not known.gone_nights or known.gone_last is None or _day(known.gone_last, zone) != _day(now, zone):
            known = replace(known, calendar=calendar, gone_nights=known.gone_nights + 1, gone_last=now)
            counted.append(known)
        nights[calendar.address] = known.gone_nights
    return Gone(nights, tuple(counted), frozenset(refusing))


def to_forget(gone: Gone, after: int, wanted: Collection[str], reach: Reach, known: Callable[[str], Collection[str]]) -> frozenset[str]:
    """The addresses of calendars that have not existed for ``after`` nights (0: never) and that nothing asks for.

    ``wanted`` are the addresses that the timetable names. One that a row may be about which is set aside tonight stays, as its events
    would; ``known`` gives the keys on record at an address.
    """
    if not after:
        return frozenset()
    return frozenset(
        address
        for address, nights in gone.nights.items()
        if nights >= after and address not in wanted and not _may_be_asked_for(Protection(reach, address), known, address)
    )


def _may_be_asked_for(freeze: Protection, known: Callable[[str], Collection[str]], address: str) -> bool:
    return not freeze.deletes_allowed or bool(freeze.frozen(known(address), ()))


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
