"""Durations and shares, written as people write them: "180 days", "90 minutes", "10 %"."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SHORT = {"s": "second", "sec": "second", "min": "minute", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_DURATION = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]+)\s*$")
_SHARE = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*%\s*$")


def parse_duration(text: object) -> object:
    """The timedelta that "3 hours" stands for; anything but text is handed on for pydantic to judge."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise ValueError('a duration needs a unit, as in "3 hours"')
    if not isinstance(text, str):
        return text
    found = _DURATION.match(text)
    unit = "" if found is None else found["unit"].lower()
    unit = _SHORT.get(unit, unit.removesuffix("s"))
    if found is None or unit not in _UNITS:
        raise ValueError(f'"{text}" is not a duration; write "30 seconds", "10 minutes", "3 hours", "180 days" or "2 weeks"')
    try:
        return timedelta(seconds=float(found["number"]) * _UNITS[unit])
    except OverflowError:
        raise ValueError(f'"{text}" is longer than any calendar') from None


def show_duration(value: timedelta) -> str:
    """The shortest whole form: 7200 seconds are "2 hours"."""
    seconds = value.total_seconds()
    for unit in ("week", "day", "hour", "minute"):
        count = seconds / _UNITS[unit]
        if seconds and count == int(count) and not (unit == "week" and count > 8):
            return f"{int(count)} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


def parse_share(text: object) -> object:
    """0.1 for "10 %"."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise ValueError('a share needs a percent sign, as in "10 %"')
    if not isinstance(text, str):
        return text
    found = _SHARE.match(text)
    if found is None or float(found["number"]) > 100:
        raise ValueError(f'"{text}" is not a share; write "10 %", from "0 %" to "100 %"')
    return float(found["number"]) / 100


def show_share(value: float) -> str:
    """ "10 %" for 0.1."""
    return f"{round(value * 100, 4):g} %"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(show_duration, return_type=str),
    Field(json_schema_extra={"unit": "duration"}),
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    PlainSerializer(show_share, return_type=str),
    Field(json_schema_extra={"unit": "share"}),
]
