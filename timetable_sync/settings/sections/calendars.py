"""``[calendars]``: which calendars are written, and how."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.sections.values import Pattern, Section, Template


class Calendars(Section):
    """Which calendars are written, and how."""

    backend: Literal["ews"] = Field("ews", description="The kind of calendar service.")
    address: Template = Field(
        description="Template of a calendar's mail address, over the columns.", examples=["{{ calendar | lower }}@groups.example.ac.uk"]
    )
    allow: list[Annotated[str, AfterValidator(wellformed.allow_pattern)]] = Field(
        min_length=1,
        description="Patterns (* and ?) of addresses. No other mailbox is ever written, whatever the timetable says.",
        examples=[["*@groups.example.ac.uk"]],
    )
    pilot: list[Pattern] | None = Field(
        None, min_length=1, description="Patterns of calendars' names or addresses; only these are visited for now.", examples=[["COMP*"]]
    )
    report_only: list[Pattern] = Field(
        [], description="Patterns of calendars' names or addresses that are compared and reported, never written.", examples=[["MATH*"]]
    )
