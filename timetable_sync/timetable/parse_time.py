"""Read times of day and days from cells, in every form that timetables have them in. Pure.

A time of day is seconds after the day's first midnight, and may lie beyond its end: "24:00" is 86,400. One that has a zone stays what it
is, as what it comes to depends on the day that it is put on (``time_columns``). A day is its ordinal, as ``date.toordinal`` counts.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from timetable_sync.timetable.times import LocalClock, Unreadable
from timetable_sync.timetable.values import decoded

DAY = 86_400

#: Units of a number; slots have a length of their own.
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}

_MOMENT = re.compile(
    r"(?:\d{4}-\d\d-\d\d[ Tt])?(?P<hours>\d{1,2})[:.h](?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d)(?:[.,]\d+)?)?", re.ASCII
)
_HALF = re.compile(r"(?P<clock>.+?)\s*(?P<half>[AaPp])\.?[Mm]\.?", re.ASCII)
_DIGITS = re.compile(r"\d{1,4}(?:\.0+)?", re.ASCII)
_DAY = re.compile(r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)(?:[ Tt][\d:., ]*(?:[AaPp]\.?[Mm]\.?)?)?", re.ASCII)
#: Behind a time: an offset, as ISO 8601 and databases write it.
_ZONE = r" ?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)"
_ZONED_DAY = re.compile(rf"(?P<day>\d{{4}}-?\d\d-?\d\d)[ Tt](?P<time>[\d:.,]+){_ZONE}", re.ASCII)
_ZONED_TIME = re.compile(rf"(?P<day>\d{{4}}-\d\d-\d\d[ Tt])?(?P<time>\d{{1,2}}:[0-5]\d(?P<seconds>:[0-5]\d(?:[.,]\d+)?)?){_ZONE}", re.ASCII)
_LAST_HOUR = 24
_LARGEST = 10_000_000
_REMEMBERED = 4_096


#: What a time of day is read as: seconds, or what has a zone as it stands.
TimeOfDay = int | time | datetime


def time_of_day(cell: object) -> TimeOfDay | None:
    """Of a time, an interval, the time in a moment on any day, "9:30", "09:30:00", "2:15 pm", "0930" or 930; with a zone, "09:30+01".

    None for an empty cell. Raises Unreadable.
    """
    found: TimeOfDay | None
    if isinstance(cell, str):
        found = _from_text(cell)
    elif cell is None:
        found = None
    elif isinstance(cell, (time, datetime)):
        found = cell if cell.tzinfo is not None else seconds_of(cell)
    elif isinstance(cell, timedelta):
        found = int(cell.total_seconds())
    elif isinstance(cell, (bytes, bytearray, memoryview)):
        found = _from_text(decoded(bytes(cell)))
    elif isinstance(cell, bool) or not isinstance(cell, (int, float, Decimal)):
        raise Unreadable(f"{str(cell)[:40]} is not a time of day")
    else:
        found = _from_text(str(cell))
    if isinstance(found, int) and not 0 <= found <= DAY:
        raise Unreadable(f"{str(cell)[:40]} is not a time of day")
    return found


def seconds_of(moment: time | datetime) -> int:
    """Its time of day, as its own clock shows it."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


@lru_cache(_REMEMBERED)
def _from_text(raw: str) -> TimeOfDay | None:
    text = raw.strip("\x00 \t\r\n\xa0")
    if not text:
        return None
    if (zoned := _ZONED_TIME.fullmatch(text)) is not None:
        return _with_zone(text, zoned)
    later = 0
    if (halved := _HALF.fullmatch(text)) is not None:
        text, later = halved["clock"], 12 if halved["half"] in "Pp" else 0
    if (found := _MOMENT.fullmatch(text)) is not None:
        hours, minutes, seconds = int(found["hours"]), int(found["minutes"]), int(found["seconds"] or 0)
    elif halved is not None and text.isdecimal() and len(text) <= 2:
        hours, minutes, seconds = int(text), 0, 0
    elif _DIGITS.fullmatch(text) is not None:
        hours, minutes, seconds = *divmod(int(float(text)), 100), 0
    else:
        hours, minutes, seconds = -1, 0, 0
    if halved is not None:
        hours = hours % 12 + later if 1 <= hours <= 12 else -1
    if not 0 <= hours <= _LAST_HOUR or minutes >= 60:
        raise Unreadable(f'"{text[:40]}" is not a time of day, such as 09:30 or 930')
    return hours * 3600 + minutes * 60 + seconds


def _with_zone(text: str, found: re.Match[str]) -> TimeOfDay:
    if found["zone"][0] == "-" and not found["day"] and not found["seconds"]:
        raise Unreadable(f'"{text[:40]}" may be a time with its zone, or from when to when; a time with a zone has seconds')
    clock = found["time"] if found["time"][1] != ":" else f"0{found['time']}"
    try:
        if found["day"]:
            return datetime.fromisoformat(f"{found['day'][:-1]}T{clock}{found['zone'].upper()}")
        return time.fromisoformat(f"{clock}{found['zone'].upper()}")
    except ValueError:
        raise Unreadable(f'"{text[:40]}" is not a time of day, such as 09:30 or 09:30+01') from None


def number_in(cell: object) -> Decimal | None:
    """The number in ``cell``; None for an empty one. Raises Unreadable."""
    if isinstance(cell, (bytes, bytearray, memoryview)):
        cell = decoded(bytes(cell))
    text = "" if cell is None else str(cell).strip("\x00 \t\r\n\xa0")
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    # Compared, as abs() of 1e9999999999 is an overflow.
    if isinstance(cell, bool) or not found.is_finite() or not -_LARGEST <= found <= _LARGEST:
        raise Unreadable(f'"{text[:40]}" is not a number')
    return found


def whole_in(cell: object) -> int | None:
    """The whole number in ``cell``; None for an empty one. Raises Unreadable."""
    found = number_in(cell)
    if found is not None and found != found.to_integral_value():
        raise Unreadable(f'"{str(cell)[:40]}" is not a whole number')
    return None if found is None else int(found)


def day_in(cell: object, clock: LocalClock) -> int | None:
    """The day in ``cell``: of a date, a moment, or text that begins with one; None for an empty cell. Raises Unreadable.

    Of a moment with a zone, the day that begins then in the zone of ``clock``.
    """
    found = _day_of_text(cell) if cell.__class__ is str else _day_of(cell)
    return clock.begins(found) if isinstance(found, datetime) else found


def _day_of(cell: object) -> int | datetime | None:
    """Of one that has a zone, the moment."""
    if isinstance(cell, str):
        return _day_of_text(cell)
    if cell is None:
        return None
    if isinstance(cell, datetime) and cell.tzinfo is not None:
        return cell
    if isinstance(cell, date):
        return cell.toordinal()
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return _day_of_text(decoded(bytes(cell)))
    if isinstance(cell, int) and not isinstance(cell, bool):
        return _day_of_text(str(cell))
    raise Unreadable(f"{str(cell)[:40]} is not a day")


@lru_cache(_REMEMBERED)
def _day_of_text(raw: str) -> int | datetime | None:
    text = raw.strip("\x00 \t\r\n\xa0")
    if not text:
        return None
    try:
        if (zoned := _ZONED_DAY.fullmatch(text)) is not None:
            return datetime.fromisoformat(f"{zoned['day']}T{zoned['time']}{zoned['zone'].upper()}")
        found = _DAY.fullmatch(text)
        if found is None:
            raise ValueError
        return date(int(found["year"]), int(found["month"]), int(found["day"])).toordinal()
    except ValueError:
        raise Unreadable(f'"{text[:40]}" is not a day, such as 2026-11-24') from None


def at_midnight(cell: object) -> bool:
    """Whether the cell of a day is the moment at which that begins: where it says an end, the day before is the last. Raises Unreadable."""
    if isinstance(_day_of(cell), datetime):
        return True  # as day_in takes no other
    text = decoded(bytes(cell)) if isinstance(cell, (bytes, bytearray, memoryview)) else cell
    return (isinstance(text, datetime) or (isinstance(text, str) and ":" in text)) and time_of_day(text) == 0
