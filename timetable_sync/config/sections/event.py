"""``[event]``: what an event looks like, and the exceptions."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from timetable_sync.config.sections.table import Section, Template
from timetable_sync.config.units import parse_reminder, show_duration

BusyName = Literal["free", "tentative", "busy", "out-of-office", "working-elsewhere"]
SensitivityName = Literal["normal", "personal", "private", "confidential"]
Reminder = Annotated[
    Literal["off"] | timedelta,
    BeforeValidator(parse_reminder),
    PlainSerializer(lambda value: value if isinstance(value, str) else show_duration(value), return_type=str),
    Field(json_schema_extra={"unit": "off, or a duration"}),
]


def _wanted(value: object) -> object:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError('must be text, or a list of texts, as in "Exam" or ["Exam", "Test"]')
    return value


class Look(Section):
    """What can be set for all events and, by rules, for some."""

    subject: Template | None = Field(None, description="Another template of the subject.", examples=["EXAM: {{ title }}"])
    location: Template | None = Field(
        None, description="Template of the location. Without it the location is left alone.", examples=["{{ rooms | join(', ') }}"]
    )
    body: Template | None = Field(
        None, description="Template of the body. Without it the body is left alone.", examples=["{{ staff | join(', ') }}"]
    )
    categories: list[Template] | None = Field(
        None, description="Outlook categories, as templates. Without it they are left alone.", examples=[["Timetable"]]
    )
    busy: BusyName | None = Field(None, description="How the time is shown to others.")
    reminder: Reminder | None = Field(None, description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName | None = Field(None, description="Who may see the details.")


class EventRule(Look):
    """An exception, for events whose columns have these values. What a rule does not name stays as set above.

    Rules on calendar win over rules on type, those over others; among equals the later one wins.
    """

    when: dict[str, Annotated[str | list[str], BeforeValidator(_wanted)]] = Field(
        min_length=1,
        description="Names of columns and the value, pattern or list of them that an event must have.",
        examples=[{"type": "Exam"}],
    )


class EventLook(Look):
    """What an event looks like. Templates are Jinja2, over the columns named above."""

    subject: Template = Field("{{ title }}", description="Template of the subject; cut at 255 characters.")
    busy: BusyName = Field("busy", description="How the time is shown to others.")
    reminder: Reminder = Field("off", description='"off", or how long before the start, as in "15 minutes".')
    sensitivity: SensitivityName = Field("normal", description="Who may see the details.")
    body_kind: Literal["text", "html"] = Field("text", description="Whether the body is text, or HTML (then columns are escaped in it).")
    cancelled_subject: Template = Field(
        "Cancelled: {{ subject }}",
        description='Template of the subject of a lesson that is cancelled, where the column cancelled has action = "mark".',
    )
    rules: list[EventRule] = Field(
        [],
        description="Exceptions, by the values of columns.",
        examples=[[{"when": {"type": "Exam"}, "categories": ["Timetable", "Exam"], "reminder": "1 day"}]],
    )
