"""Read moments and durations from cells, and put local times on the line of time by a rule that is written down.

The rule. A time without a zone is in the timetable's zone. One that does not exist, because the clocks go forward over it, is
read with the offset from before the change: 02:30 becomes 03:30. One that exists twice, as the clocks go back, is the first of
the two; only an end that would then not be after its start is the second.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo


class Unreadable(ValueError):
    """A cell that is no time; its text says why, in words for the report."""


def read_moment(cell: object) -> datetime | None:
    """The naive or aware datetime in ``cell`` (a datetime, or text in an ISO form with a blank or a T), whole seconds.

    None for an empty cell. Raises Unreadable, also for a date without a time.
    """
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return cell.replace(microsecond=0)
    if isinstance(cell, date):
        raise Unreadable("a date without a time")
    if isinstance(cell, bytes):
        cell = cell.decode("ascii", "replace")
    if not isinstance(cell, str):
        raise Unreadable(f"{cell!r:.40} is not a time")
    text = cell.strip()
    if not text:
        return None
    return _read_text(text)


@lru_cache(maxsize=20_000)
def _read_text(text: str) -> datetime:
    if len(text) <= 10:
        raise Unreadable(f'"{text}" is not a date with a time')
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        raise Unreadable(f'"{text[:40]}" is not a time such as 2026-11-24 09:00') from None


_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}


def read_duration(cell: object, unit: str) -> timedelta | None:
    """The duration in ``cell``: a number of ``unit`` (seconds, minutes, hours), "H:MM", a time of day, or an interval. None if empty."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, timedelta):
        return cell
    if isinstance(cell, time):
        return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    text = str(cell).strip()
    try:
        if ":" in text:
            hours, minutes, *seconds = (int(part) for part in text.split(":"))
            return timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
        return timedelta(seconds=round(Decimal(text) * _UNITS[unit]))
    except (ValueError, InvalidOperation, OverflowError):
        raise Unreadable(f'"{text[:40]}" is not a duration in {unit}') from None


class Clock:
    """Puts the local times of one zone (IANA name) on the line of time."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._start = lru_cache(maxsize=20_000)(self._first)

    def local(self, moment: datetime) -> datetime:
        """``moment`` (aware) as people read it."""
        return moment.astimezone(self._zone)

    def start(self, moment: datetime) -> datetime:
        """In UTC, by the rule."""
        try:
            return moment.astimezone(UTC) if moment.tzinfo else self._start(moment)
        except OverflowError:
            raise Unreadable(f"{moment.year} is out of reach") from None

    def end(self, moment: datetime, start: datetime) -> datetime:
        """In UTC, by the rule. ``start`` is in UTC."""
        end = self.start(moment)
        if end <= start and moment.tzinfo is None:
            second = moment.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
            # In a gap fold=1 means the offset after it, which leads backwards; only a second pass is of use here.
            return max(end, second)
        return end

    def _first(self, naive: datetime) -> datetime:
        # fold=0 is the first pass of a repeated hour and the offset before a gap: PEP 495.
        return naive.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
