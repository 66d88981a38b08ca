"""``[calendars]``: which calendars are written, and how."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.config import validators
from timetable_sync.config.sections.table import Pattern, Section, Template, Whole


class Calendars(Section):
    """Which calendars are written, and how."""

    backend: Literal["ews"] = Field("ews", description="The kind of calendar service.")
    address: Template = Field(
        description="Template of a calendar's mail address, over the columns.", examples=["{{ calendar | lower }}@groups.example.ac.uk"]
    )
    allow: list[Annotated[str, AfterValidator(validators.allow_pattern)]] = Field(
        min_length=1,
        description="Patterns (* and ?) of addresses. No other mailbox is ever written, whatever the timetable says.",
        examples=[["*@groups.example.ac.uk"]],
    )
    only: list[Pattern] | None = Field(
        None,
        min_length=1,
        description="Patterns of names: nothing else that the timetable names is a calendar. Unlike with pilot, what is left out is taken "
        "for gone from the timetable.",
        examples=[["*_S1", "*_S2"]],
    )
    never: list[Pattern] = Field([], description="Patterns of names that are no calendars.", examples=[["TEST*"]])
    mailboxes: dict[str, str] = Field(
        {},
        description="The mailbox of each name, for templates as {{ mailbox }}, which is empty for others. A calendar whose address comes "
        "out empty has no mailbox: what becomes of its lessons, lessons_without says.",
        examples=[{"COMP101": "computing-1@groups.example.ac.uk"}],
    )
    mailboxes_query: Annotated[str, AfterValidator(validators.query)] | None = Field(
        None,
        description='A query of the timetable\'s database, or "file:" and a path, for the same: its first column has names, its second '
        "mailboxes. A name with two mailboxes, and a query that gives none at all, are mistakes.",
        examples=["SELECT group_name, email FROM student_group"],
    )
    lessons_without: Literal["set_aside", "skip_unnamed", "skip"] = Field(
        "set_aside",
        description='What a lesson is that names no calendar, or one that has no mailbox. "set_aside": a mistake; what stood of it stays, '
        'and the exit code is 1. "skip": it is not in that calendar; it is counted, and what stood of it is deleted, under the guards. '
        '"skip_unnamed": so is one that names no calendar, as one without a room where rooms are calendars; to have no mailbox is a '
        "mistake. A preset whose rooms or staff are calendars has skip_unnamed.",
    )
    pilot: list[Pattern] | None = Field(
        None, min_length=1, description="Patterns of calendars' names or addresses; only these are visited for now.", examples=[["COMP*"]]
    )
    report_only: list[Pattern] = Field(
        [], description="Patterns of calendars' names or addresses that are compared and reported, never written.", examples=[["MATH*"]]
    )
    forget_after: Whole = Field(
        30,
        ge=0,
        description="A calendar that is no longer in the timetable, and whose mailbox has not existed for so many nights in a row, is "
        "forgotten, with its history: until then it fails each night. Exchange Online restores a deleted mailbox for 30 days. 0: never.",
    )
