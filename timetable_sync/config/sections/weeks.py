"""``[timetable.weeks]``: how a row's weeks are written, and which days they are."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from timetable_sync.config import validators
from timetable_sync.config.sections.table import Section, Text, Whole, YesNo

#: How weeks are written; for a row's and for those of child queries.
WeekForm = Literal["list", "flags", "days", "table"]


def _day(value: object) -> object:
    """A day of a TOML date, or of text such as "2026-09-21". Raises ValueError."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
        # Of a moment in a zone nobody can tell which day it is to be, and a number would be taken for seconds since 1970.
        if not isinstance(day, date) or getattr(day, "tzinfo", None) is not None:
            raise ValueError
    except ValueError:
        raise ValueError('must be a day, as in "2026-09-21"') from None
    return day


Day = Annotated[date, BeforeValidator(_day), PlainSerializer(date.isoformat, return_type=str)]


class Axis(Section):
    """Which days a week is: by its first day, by the calendar's own numbers, or by a query. One of first, iso and query."""

    shorthand = "first"

    first: Day | None = Field(
        None,
        description="The day that the first week begins on, a Monday or not. The others follow every seven days.",
        examples=["2026-09-21"],
    )
    length: Whole = Field(60, ge=1, le=600, description="With first: how many weeks there are; one beyond is a mistake in the timetable.")
    iso: Whole | None = Field(
        None,
        ge=1970,
        le=2200,
        description="Weeks are ISO weeks of this year. Where the year differs from row to row, name the column year instead.",
        examples=[2026],
    )
    iso_from: Whole = Field(1, ge=1, le=53, description="With iso: weeks below this one are the next year's, as in 36 to 52 and 1 to 8.")
    query: Annotated[str, AfterValidator(validators.query)] | None = Field(
        None,
        description='A query, or "file:" and a path, of a row for each week - or of one wide row, see wide. It is read in the '
        "same transaction as the timetable.",
        examples=["SELECT week_number, start_date FROM week_structure"],
    )
    number: Text | None = Field(
        None,
        description="With query: the column with the week's number. Left out, weeks are numbered as their days follow.",
        examples=["n"],
    )
    date: Text = Field("date", description="With query: the column with the day that the week begins on.", examples=["start_date"])
    wide: Annotated[str, AfterValidator(validators.wide)] | None = Field(
        None, description="With query: it gives one row, and week 7 begins on the day in the column of this name.", examples=["week{}_date"]
    )
    mondays: YesNo = Field(
        False,
        description="The days only lie within their weeks, which begin on the Monday before. Without it a week begins on its day: "
        "its weekdays are the first of each name from then on.",
    )

    @model_validator(mode="after")
    def _one(self) -> "Axis":
        if sum(value is not None for value in (self.first, self.iso, self.query)) != 1:
            raise ValueError("must have just one of first, iso and query")
        return self


class WeekTable(Section):
    """Which weeks a name or number of a week pattern stands for: a row for each of its weeks."""

    query: Annotated[str, AfterValidator(validators.query)] = Field(
        description='The query, or "file:" and a path; read in the same transaction as the timetable.',
        examples=["SELECT weekid, weeknumber FROM weekmapnumeric"],
    )
    id: Text = Field("id", description="The column with the pattern's name, as the timetable's column weeks has it.", examples=["weekid"])
    week: Text = Field("week", description="The column with a week's number.", examples=["weeknumber"])


class Weeks(Section):
    """How rows that hold for several weeks are put on days: the columns weekday and weeks, and this."""

    form: WeekForm = Field(
        "list",
        description='How weeks are written: "list" as in "10,12-13" or 7; "flags" a character for each week; "days" a character for each '
        'day; "table" a name that stands in a table of week patterns.',
    )
    yes: Annotated[str, AfterValidator(validators.flags)] = Field(
        "Yy1", description="For flags and days: the characters that mean yes. No is N, n, 0, a blank, a dot, a hyphen or a lower line."
    )
    first: Whole = Field(
        1, ge=-10_000, le=10_000, description="The number of the first week: of the first flag, and of the axis's first day."
    )
    axis: Axis | None = Field(
        None,
        description="Which days the weeks are. Needed with the column weeks, unless there is the column year (ISO weeks of it) or, "
        'for "days", the column begins.',
        examples=[{"first": "2026-09-21"}],
    )
    offset: Text | Whole | None = Field(
        None,
        description='For "days": the pattern begins so many days before the axis does, or before the column begins: a number, or a column.',
        examples=["pattern_offset"],
    )
    table: WeekTable | None = Field(
        None,
        description='For "table": the table of week patterns.',
        examples=[{"query": "SELECT weekid, weeknumber FROM weekmapnumeric", "id": "weekid", "week": "weeknumber"}],
    )

    @model_validator(mode="after")
    def _fits(self) -> "Weeks":
        if self.form == "table" and self.table is None:
            raise ValueError('lacks table, which form = "table" needs')
        return self
