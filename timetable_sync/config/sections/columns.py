"""``[timetable.columns]`` and ``[timetable.children.NAME]``: how a field is read from a column of a query.

Children are further queries, whose rows belong to those of the timetable's query by a key.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from timetable_sync.config import validators
from timetable_sync.config.column_names import child_faults, column_name
from timetable_sync.config.sections.table import Section, Text, Whole, YesNo
from timetable_sync.config.sections.weeks import WeekForm
from timetable_sync.config.units import SomeTime


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


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


#: One column, or several that make a key together.
KeyColumns = Annotated[
    list[Text], BeforeValidator(_texts), Field(min_length=1, json_schema_extra={"unit": "name of a column, or list of them"})
]


class Child(Section):
    """A query of its own for rooms, staff, groups, calendars or anything else that a lesson can have several of.

    Its rows are joined to those of timetable.query by key, here and not in the database, and folded into sorted sets. No order of
    rows is needed, on either side.
    """

    query: Annotated[str, AfterValidator(validators.query)] = Field(
        description='The SQL query, or "file:" and the path of a file that holds it. Read in the same transaction as timetable.query.',
        examples=["SELECT event_id, room_name FROM event_room"],
    )
    key: KeyColumns = Field(description="The column, or list of columns, that say to which rows it belongs.", examples=["event_id"])
    parent: KeyColumns | None = Field(
        None, description="The columns of timetable.query that key is compared with. Left out, those of the same names.", examples=["id"]
    )
    value: Column | None = Field(
        None,
        description="The column whose values make the set of this table's name: rooms for [timetable.children.rooms]; "
        "of [timetable.children.calendars], the lesson's calendars.",
        examples=["room_name"],
    )
    columns: dict[Annotated[str, AfterValidator(column_name)], Column] = Field(
        {}, description="Further columns, each a sorted set under its name, for templates and rules.", examples=[{"sites": "site_name"}]
    )
    weeks: Text | None = Field(
        None,
        description="The column with the row's own week pattern, where it does not hold for all of its lesson's weeks. An empty cell "
        "means all.",
        examples=["weeks"],
    )
    form: WeekForm | None = Field(None, description="How these weeks are written, if not as [timetable.weeks] says.")

    @model_validator(mode="after")
    def _complete(self) -> "Child":
        if self.value is None and not self.columns:
            raise ValueError("must have value or columns, or both")
        if self.parent is not None and len(self.parent) != len(self.key):
            raise ValueError("must have as many columns in parent as in key")
        if faults := child_faults(self.columns):
            raise ValueError("; ".join(faults))
        return self
