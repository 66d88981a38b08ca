"""Plain values of the schema: how a date, a number or one word of a list must be written. Judges text, changes none."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

Check = Callable[[str], bool]

_BLANKS = " \t\r\n"
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z|-?INF\Z|NaN\Z")
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DATE = re.compile(rf"-?([0-9]{{4,}})-([0-9]{{2}})-([0-9]{{2}}){_ZONE}\Z")
_TIME = re.compile(rf"([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}})(\.[0-9]+)?{_ZONE}\Z")
_DURATION = re.compile(
    r"-?P(?=[0-9T])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?\Z"
)
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*\Z")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?\Z")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\Z")
_HEX_TAG = re.compile(r"0[xX][0-9A-Fa-f]{1,4}\Z")
_BITMASK = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]*)\Z")
_DAYS = re.compile(r"(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Day|Weekday|WeekendDay)\Z")


def _anything(_: str) -> bool:
    return True


def _whole(low: int, high: int) -> Check:
    def check(text: str) -> bool:
        text = text.strip(_BLANKS)
        return _INTEGER.match(text) is not None and low <= int(text) <= high

    return check


def _shaped(pattern: re.Pattern[str]) -> Check:
    return lambda text: pattern.match(text.strip(_BLANKS)) is not None


def _exactly(pattern: re.Pattern[str]) -> Check:
    return lambda text: pattern.match(text) is not None


def one_of(words: str) -> Check:
    """A check that admits the words given, blanks between them."""
    allowed = frozenset(words.split())
    return lambda text: text in allowed


def is_date(text: str) -> bool:
    """xs:date: a day that exists, with or without a zone."""
    found = _DATE.match(text.strip(_BLANKS))
    return found is not None and _a_day(found)


def _a_day(found: re.Match[str]) -> bool:
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if year == 0 or (len(found[1]) > 4 and found[1][0] == "0"):
        return False
    try:
        date(2000 + year % 400, month, day)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """xs:time: up to 24:00:00, with or without a zone."""
    found = _TIME.match(text.strip(_BLANKS))
    if found is None:
        return False
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    midnight = hour == 24 and minute == 0 and second == 0 and not (found[4] or "").strip(".0")
    return midnight or (hour < 24 and minute < 60 and second < 60)


@lru_cache(maxsize=16384)
def is_datetime(text: str) -> bool:
    """xs:dateTime, with or without a zone."""
    day, separator, time = text.strip(_BLANKS).partition("T")
    found = _DATE.match(day)
    return bool(separator) and found is not None and found.end(3) == len(day) and _a_day(found) and is_time(time)


def _reminder(text: str) -> bool:
    # Five years of minutes, or the one number that marks a reminder as not set by anyone.
    return _whole(0, 2629800)(text) or _whole(1525252321, 1525252321)(text)


def _property_tag(text: str) -> bool:
    return _whole(0, 65535)(text) or _HEX_TAG.match(text) is not None


def _days_of_week(text: str) -> bool:
    return all(_DAYS.match(word) for word in text.split())


def _base64(text: str) -> bool:
    return _BASE64.match("".join(text.split())) is not None


SIMPLE: dict[str, Check] = {
    "string": _anything,
    "NonEmpty": lambda text: text != "",
    "boolean": lambda text: text.strip(_BLANKS) in ("true", "false", "0", "1"),
    "int": _whole(-(2**31), 2**31 - 1),
    "long": _whole(-(2**63), 2**63 - 1),
    "unsignedInt": _whole(0, 2**32 - 1),
    "nonNegativeInteger": _whole(0, 10**1000),
    "double": _shaped(_DECIMAL),
    "dateTime": is_datetime,
    "date": is_date,
    "time": is_time,
    "duration": _shaped(_DURATION),
    "language": _shaped(_LANGUAGE),
    "base64Binary": _base64,
    "Guid": _exactly(_GUID),
    "PropertyTag": _property_tag,
    "Bitmask": _exactly(_BITMASK),
    "ReminderMinutes": _reminder,
    "DaysOfWeek": _days_of_week,
    "MaxChanges": _whole(1, 512),
}
