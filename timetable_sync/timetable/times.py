"""Read moments and durations from cells, and put local times on the line of time by a rule that is written down. Pure; knows no "now".

The rule. A time without a zone is in the timetable's zone. One that does not exist, because the clocks go forward over it, is
read with the offset from before the change: 02:30 becomes 03:30. One that exists twice, as the clocks go back, is the first of
the two; only an end that would then not be after its start is the second. (These are what PEP 495 calls fold=0 and fold=1.)

Within this room a moment is whole seconds since 1970 in UTC: an int is quick to keep, to sort and to compare, and knows no fold.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from timetable_sync.model.key import iso_week
from timetable_sync.model.window import zone_named
from timetable_sync.timetable.values import decoded

_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ Tt](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(?: ?(?P<offset>[Zz]|[+-]\d\d(?::?\d\d)?))?", re.ASCII
)
_LENGTH = re.compile(r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)(?:\.\d+)?)?", re.ASCII)
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}

#: Seconds; more than all of a calendar's years have.
_LONGEST_LENGTH = 10_000 * 366 * 86_400

#: A semester has some thousand different starts; more are not remembered.
_REMEMBERED = 20_000


class Unreadable(ValueError):
    """A cell that is no time; its text says why, in words for the report."""


class LocalClock:
    """Reads times in one zone (an IANA name). Raises ValueError where there is no such zone."""

    def __init__(self, zone: str) -> None:
        self.name = zone
        self._zone = zone_named(zone)
        self._others: dict[str, LocalClock] = {zone: self}
        self.read_text = lru_cache(_REMEMBERED)(self._from_text)
        self._read_naive = lru_cache(_REMEMBERED)(self._from_naive)
        self.week = lru_cache(_REMEMBERED)(self._week)
        self.at = lru_cache(_REMEMBERED)(self._at)

    def start(self, cell: object) -> int | None:
        """The moment in ``cell``: a datetime, naive or aware, or such text in an ISO form. None for an empty cell. Raises Unreadable."""
        # Texts are the most of all cells, and are looked up at once.
        found = self.read_text(cell) if isinstance(cell, str) else self.read(cell)
        return None if found is None else found[0]

    def end(self, cell: object, start: int) -> int | None:
        """As :meth:`start`, of what begins at ``start``: in a repeated hour the second pass where only that is after the start."""
        found = self.read_text(cell) if isinstance(cell, str) else self.read(cell)
        if found is None:
            return None
        first, second = found
        return second if first <= start and second is not None else first

    def after(self, start: int, seconds: int) -> int:
        """The moment ``seconds`` later: a lesson lasts as long as it lasts, also over a clock change. Raises Unreadable."""
        return self._within_reach(start + seconds)

    def elsewhere(self, zone: str) -> "LocalClock":
        """The clock of another zone. Raises Unreadable where there is no such zone."""
        found = self._others.get(zone)
        if found is None:
            try:
                found = LocalClock(zone)
            except ValueError:
                raise Unreadable(f'"{zone[:40]}" is no time zone, such as Europe/London') from None
            self._others[zone] = found
        return found

    def _at(self, day: int, seconds: int) -> tuple[int, int | None]:
        """A local time on a day (an ordinal): its moment, and the second pass if there is one. Raises Unreadable."""
        try:
            return self._from_naive(datetime.fromordinal(day) + timedelta(seconds=seconds))
        except (OverflowError, ValueError):
            raise Unreadable("it is beyond any calendar") from None

    def begins(self, moment: datetime) -> int:
        """The day (an ordinal) that begins at ``moment``, which has a zone.

        Raises Unreadable where none begins then: of a day that was made a moment in another zone nobody can tell which it was.
        """
        there = self.local(self.stamp(moment))
        day = there.toordinal()
        if self.stamp(moment) not in self.at(day, 0):
            raise Unreadable(
                f"{moment} is {there:%Y-%m-%d %H:%M} in {self.name}, where no day begins then; "
                "let the query give the day without a time and zone"
            )
        return day

    def stamp(self, moment: datetime) -> int:
        """The moment of one that has a zone. Raises Unreadable."""
        return self._within_reach(int(moment.replace(microsecond=0).timestamp()))

    def here(self, cell: object) -> object:
        """``cell``; a moment that has a zone, in this one: in which zone a server's session happens to be changes no text."""
        if isinstance(cell, datetime) and cell.tzinfo is not None:
            try:
                return self.local(self.stamp(cell))
            except Unreadable:
                return cell.replace(tzinfo=None)
        return cell

    def local(self, moment: int) -> datetime:
        """``moment`` as people read it: aware, in the zone."""
        return datetime.fromtimestamp(moment, self._zone)

    def _week(self, moment: int) -> str:
        return iso_week(self.local(moment).date())

    def read(self, cell: object) -> tuple[int, int | None] | None:
        """The moment in ``cell``, as in :meth:`start`, and its second pass if it has one; ``read_text`` does the same for a text alone."""
        if cell.__class__ is str:
            text = cell
        elif cell is None:
            return None
        elif isinstance(cell, datetime):
            if cell.tzinfo is not None:
                # Not remembered: datetimes that differ in their fold alone are equal, and an hour apart.
                return self.stamp(cell), None
            return self._read_naive(cell)
        elif isinstance(cell, (bytes, bytearray, memoryview)):
            text = decoded(bytes(cell))
        elif isinstance(cell, date):
            raise Unreadable(f"{cell} is a date without a time")
        else:
            raise Unreadable(f"{str(cell)[:40]} is not a date with a time")
        return self.read_text(text) if isinstance(text, str) else None

    def _from_text(self, raw: str) -> tuple[int, int | None] | None:
        text = raw.strip("\x00 \t\r\n\xa0")
        if not text:
            return None
        found = _ISO.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            moment = datetime.fromisoformat(f"{found['day']}T{found['time']}{(found['offset'] or '').upper()}")
        except ValueError:
            raise Unreadable(f'"{text[:40]}" is not a date with a time, such as 2026-11-24 09:00') from None
        if moment.tzinfo is None:
            return self._from_naive(moment)
        return self._within_reach(int(moment.timestamp())), None

    def _from_naive(self, naive: datetime) -> tuple[int, int | None]:
        """The first pass (or the offset before a gap), and the second pass if there is one."""
        try:
            aware = naive.replace(microsecond=0, tzinfo=self._zone, fold=0)
            first, second = int(aware.timestamp()), int(aware.replace(fold=1).timestamp())
        except OverflowError:
            raise Unreadable(f"{naive} is out of reach") from None
        # In a gap the other fold is the offset from after it, which leads backwards: no second pass.
        return self._within_reach(first), second if second > first else None

    def _within_reach(self, moment: int) -> int:
        try:
            self.local(moment)
        except (OverflowError, ValueError, OSError):
            raise Unreadable("it is beyond any calendar") from None
        return moment


def duration(cell: object, unit: str) -> int | None:
    """Seconds: of a number of ``unit`` (seconds, minutes, hours), "H:MM", a time of day or an interval. None for an empty cell.

    Raises Unreadable.
    """
    if isinstance(cell, (bytes, bytearray, memoryview)):
        cell = decoded(bytes(cell))
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, timedelta):
        return int(cell.total_seconds())
    if isinstance(cell, time):
        if cell.tzinfo is not None:
            raise Unreadable(f"{cell} has a zone, and a duration has none; let the query give a number of {unit}")
        return cell.hour * 3600 + cell.minute * 60 + cell.second
    text = str(cell).strip()
    if (found := _LENGTH.fullmatch(text)) is not None:
        return int(found["hours"]) * 3600 + int(found["minutes"]) * 60 + int(found["seconds"] or 0)
    try:
        if isinstance(cell, bool):
            raise ValueError
        number = Decimal(text)
        # Before anything is reckoned with it: int() of 1e999999999 would take all memory there is, and a product may overflow.
        if not -_LONGEST_LENGTH <= number <= _LONGEST_LENGTH:
            raise ValueError
        return int(number * _SECONDS[unit])
    except (ValueError, InvalidOperation, OverflowError):
        raise Unreadable(f'"{text[:40]}" is not a duration in {unit}') from None


@lru_cache(_REMEMBERED)
def moment_of(seconds: int) -> datetime:
    """As the model wants it: aware, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
