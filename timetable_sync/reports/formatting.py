"""Formats numbers, plurals, durations, kinds of change and moments, the same way for all reports.

Moments are in the timetable's zone, with the weekday, and in English whatever the locale of the machine.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from timetable_sync.model.change import Change, Create, Update
from timetable_sync.model.window import zone_named

_PLURALS: Final = {"is": "are", "was": "were", "has": "have", "stays": "stay"}

KINDS: Final = ("created", "updated", "deleted")


def number(count: int) -> str:
    """51,691."""
    return f"{count:,}"


def counted(count: int, noun: str, verb: str = "") -> str:
    """ "1 event was" or "51,691 events were", for ``counted(n, "event", "was")``."""
    words = [number(count), noun if count == 1 else noun + "s"]
    if verb:
        words.append(verb if count == 1 else _PLURALS[verb])
    return " ".join(words)


def lasted(seconds: float) -> str:
    """ "3 min 47 s"."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def kind_of(change: Change) -> str:
    """One of :data:`KINDS`."""
    if isinstance(change, Create):
        return "created"
    return "updated" if isinstance(change, Update) else "deleted"


def minutes_before(minutes: int | None) -> str:
    """A reminder: "15 minutes before", "1 day before", "off"."""
    if minutes is None:
        return "off"
    for size, unit in ((10_080, "week"), (1_440, "day"), (60, "hour")):
        if minutes and minutes % size == 0:
            return f"{counted(minutes // size, unit)} before"
    return f"{counted(minutes, 'minute')} before"


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _zone(name: str) -> tzinfo:
    try:
        return zone_named(name)
    except ValueError:
        # A report must come out even where the zone database is missing; its times are then UTC, and say so.
        return UTC


class TimeFormat:
    """Writes moments in one zone. ``dash`` stands between two times."""

    def __init__(self, zone: str, dash: str = " - ") -> None:
        self._zone = _zone(zone)
        self.name = zone if self._zone is not UTC else "UTC"
        self._dash = dash
        # A term's events share a few thousand moments; converting them anew costs most of a long report's time.
        self.span = lru_cache(maxsize=8_192)(self._span)

    def local(self, moment: datetime) -> datetime:
        """``moment`` (aware) in the zone."""
        return moment.astimezone(self._zone)

    def iso(self, moment: datetime) -> str:
        """ISO 8601 in the zone, with the offset from UTC."""
        return self.local(moment).isoformat()

    def day(self, moment: datetime) -> str:
        """24 Nov 2026."""
        local = self.local(moment)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def weekday(self, moment: datetime) -> str:
        """Tuesday."""
        return _WEEKDAYS[self.local(moment).weekday()]

    def dated(self, moment: datetime) -> str:
        """Tue 24 Nov 2026."""
        return f"{self.weekday(moment)[:3]} {self.day(moment)}"

    def time(self, moment: datetime, *, seconds: bool = False) -> str:
        """09:00, or 09:00:04. Where the clock shows an hour twice, the zone's abbreviation says which: 01:30 BST."""
        local = self.local(moment)
        text = f"{local:%H:%M:%S}" if seconds or local.second else f"{local:%H:%M}"
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            text += f" {local:%Z}"
        return text

    def moment(self, moment: datetime) -> str:
        """Tue 24 Nov 2026 09:00."""
        return f"{self.dated(moment)} {self.time(moment)}"

    def _span(self, start: datetime, end: datetime) -> str:
        if self.local(start).date() == self.local(end).date():
            return f"{self.moment(start)}{self._dash}{self.time(end)}"
        return f"{self.moment(start)}{self._dash}{self.moment(end)}"

    def days(self, start: datetime, end: datetime) -> str:
        """24 Nov 2026 - 23 May 2027, for a half-open span: the day that ``end`` only just begins is not in it."""
        return f"{self.day(start)}{self._dash}{self.day(max(start, end - timedelta(microseconds=1)))}"
