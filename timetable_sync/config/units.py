"""Durations and shares, written as people write them: "180 days", "90 minutes", "10 %"."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from timetable_sync.config.validators import longer_than_nothing

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SHORT = {"s": "second", "sec": "second", "min": "minute", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_DURATION = re.compile(r"^\s*(?P<number>[0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(?P<unit>[A-Za-z]+)\s*$")
_SHARE = re.compile(r"^\s*(?P<number>[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*%\s*$")

#: Longer waits than this fit neither the threads' clock nor the calendar.
_LONGEST = timedelta(days=36_525)


def parse_duration(text: object) -> object:
    """The timedelta that "3 hours" stands for; a timedelta is handed on. Raises ValueError."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError('must be a duration in quotes with its unit, as in "3 hours"')
    found = _DURATION.match(text)
    unit = "" if found is None else found["unit"].lower()
    unit = _SHORT.get(unit, unit.removesuffix("s"))
    if found is None or unit not in _UNITS:
        raise ValueError(f'must be a duration such as "30 seconds", "10 minutes", "3 hours", "180 days" or "2 weeks", not {_quoted(text)}')
    seconds = float(found["number"]) * _UNITS[unit]
    if seconds > _LONGEST.total_seconds():
        raise ValueError("must not be longer than a hundred years")
    return timedelta(seconds=seconds)


def show_duration(value: timedelta) -> str:
    """The shortest whole form: 7200 seconds are "2 hours"."""
    seconds = value.total_seconds()
    for unit in ("week", "day", "hour", "minute"):
        count = seconds / _UNITS[unit]
        # 180 days are not 25.7 weeks, and 350 days are no "50 weeks" to anybody.
        if seconds and count == int(count) and not (unit == "week" and count > 8):
            return f"{int(count)} {unit}{'' if count == 1 else 's'}"
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return f"{text} second{'' if text == '1' else 's'}"


def parse_share(text: object) -> object:
    """0.1 for "10 %". Raises ValueError."""
    found = _SHARE.match(text) if isinstance(text, str) else None
    if found is None or float(found["number"]) > 100:
        said = f", not {_quoted(text)}" if isinstance(text, str) else ""
        raise ValueError(f'must be a share in quotes with a percent sign, from "0 %" to "100 %"{said}')
    return float(found["number"]) / 100


def show_share(value: float) -> str:
    """ "10 %" for 0.1."""
    return f"{round(value * 100, 4):g} %"


def parse_reminder(text: object) -> object:
    """ "off", or the timedelta that "15 minutes" stands for: whole minutes, as calendars keep no others. Raises ValueError."""
    if text == "off":
        return text
    try:
        value = parse_duration(text)
    except ValueError:
        said = f", not {_quoted(text)}" if isinstance(text, str) else ""
        raise ValueError(f'must be "off", or how long before the start, as in "15 minutes"{said}') from None
    if isinstance(value, timedelta) and (value % timedelta(minutes=1) or value > timedelta(days=3653)):
        raise ValueError('must be "off", or whole minutes, and at most ten years')
    return value


def _quoted(text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return '"' + "".join(letter if letter.isprintable() else "�" for letter in shown) + '"'


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(show_duration, return_type=str),
    Field(json_schema_extra={"unit": "duration"}),
]
#: A duration above zero.
SomeTime = Annotated[Duration, AfterValidator(longer_than_nothing)]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    PlainSerializer(show_share, return_type=str),
    Field(json_schema_extra={"unit": "share"}),
]
