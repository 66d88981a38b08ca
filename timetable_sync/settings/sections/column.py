"""How a field is read from a column of a query, for ``[timetable.columns]`` and for those of child queries."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from timetable_sync.settings.quantities import SomeTime
from timetable_sync.settings.sections.values import Section, Text, Whole, YesNo


def _values(value: object) -> object:
    if not isinstance(value, list) or not value or not all(isinstance(item, (str, int)) for item in value):
        raise ValueError('must be a list of texts, whole numbers, true or false, as in ["X", "cancelled"]')
    return value


def _seven(names: list[str]) -> list[str]:
    if len({name.casefold() for name in names}) != 7:
        raise ValueError("must be seven different names, from Monday's on")
    return names


class Column(Section):
    """Which column of the query a field is read from."""

    shorthand = "column"

    column: Text = Field(description="Name of the column in the query's result.", examples=["room"])
    many: YesNo = Field(
        False,
        description="Several rows of one lesson differ in it: collect them into a sorted set, joined by {{ rooms | join(', ') }}.",
    )
    split: str | None = Field(
        None, min_length=1, description='Several values stand in one column, separated by this text, as in ",".', examples=[","]
    )
    map: dict[str, str] = Field(
        {},
        description="What its values stand for, as in a campus and its time zone. A value that is not named stays as it is.",
        examples=[{"North": "Europe/London", "East": "Europe/Moscow"}],
    )
    values: Annotated[list[str | int | bool], BeforeValidator(_values)] | None = Field(
        None, description="For cancelled and all_day: the values that mean yes. Without it: 1, true, Y, yes.", examples=[["X"]]
    )
    action: Literal["delete", "mark"] = Field(
        "delete", description='For cancelled: "delete" removes the event, "mark" leaves it, shown as cancelled and free.'
    )
    unit: Literal["minutes", "hours", "seconds", "slots"] | None = Field(
        None,
        description="For duration, start and end: the unit of the number, for the latter two since midnight. Without it a duration is "
        "in minutes, and a start or end is a time: 09:30, 930 or a moment on any day.",
    )
    slot: SomeTime = Field(timedelta(minutes=5), description='With unit = "slots": how long a slot is.')
    offset: Text | Whole | None = Field(
        None, description="For start and end: minutes to add, a number or the column that has it.", examples=["start_offset"]
    )
    overnight: Literal["no", "midnight", "any"] = Field(
        "no",
        description='For end: what an end that is not after the start means. "no" it is a mistake; "midnight" 00:00 is the end of the day; '
        '"any" it is on the next day.',
    )
    monday: Whole = Field(
        1, description="For weekday as a number: what Monday is, 0, 1 or 2; the days count on from there. With bits: 1, 2 or 64."
    )
    sunday: Whole | None = Field(
        None, description="For weekday as a number: what Sunday is, where it does not follow Saturday.", examples=[0]
    )
    bits: YesNo = Field(
        False,
        description="For weekday: the number is a sum of days, each twice the one before; with monday = 64 half of it.",
    )
    names: Annotated[list[Text], AfterValidator(_seven)] | None = Field(
        None,
        description="For weekday: its seven names from Monday on. Without it, English names and those of a few other languages are known.",
        examples=[["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]],
    )
