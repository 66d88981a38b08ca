"""``[timetable]``: where the timetable is, and what its columns mean."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from timetable_sync.settings import wellformed
from timetable_sync.settings.columns import column_faults, column_name
from timetable_sync.settings.database_url import database_url
from timetable_sync.settings.quantities import SomeTime
from timetable_sync.settings.secret import SecretRef
from timetable_sync.settings.sections.values import Section, Text, YesNo, ZoneName


def _values(value: object) -> object:
    if not isinstance(value, list) or not value or not all(isinstance(item, (str, int)) for item in value):
        raise ValueError('must be a list of texts, whole numbers, true or false, as in ["X", "cancelled"]')
    return value


class Column(Section):
    """Which column of the query a field is read from."""

    shorthand = "column"

    column: Text = Field(description="Name of the column in the query's result.", examples=["room"])
    many: YesNo = Field(False, description="Several rows of one lesson differ in it: collect them into a sorted set.")
    split: str | None = Field(
        None, min_length=1, description='Several values stand in one column, separated by this text, as in ",".', examples=[","]
    )
    values: Annotated[list[str | int | bool], BeforeValidator(_values)] | None = Field(
        None, description="For cancelled: the values that mean yes. Without it: 1, true, Y, yes.", examples=[["X"]]
    )
    action: Literal["delete", "mark"] = Field(
        "delete", description='For cancelled: "delete" removes the event, "mark" leaves it, shown as cancelled and free.'
    )
    unit: Literal["minutes", "hours", "seconds"] = Field("minutes", description="For duration: the unit of the number.")


ColumnOf = Column
ColumnName = Annotated[str, AfterValidator(column_name)]


class Timetable(Section):
    """Where the timetable is, and what its columns mean."""

    source: Annotated[str, AfterValidator(wellformed.plain_name)] = Field(
        "timetable",
        description="Name of this source. It stands in the key of every event that is written: change it, and they become foreign.",
    )
    url: Annotated[str, AfterValidator(database_url)] = Field(
        description="SQLAlchemy URL of the database, without the password. A user who may only read is enough.",
        examples=["postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"],
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "timetable-db"}])
    time_zone: ZoneName = Field(description="IANA zone that times without a zone are in.", examples=["Europe/London"])
    period: Annotated[str, AfterValidator(wellformed.period)] = Field(
        "",
        description="Year or semester, part of every event's key, as ids return for other events. At most 30 characters.",
        examples=["2026/27"],
    )
    query: Annotated[str, AfterValidator(wellformed.query)] = Field(
        description='The SQL query, or "file:" and the path of a file that holds it.', examples=["file:timetable.sql"]
    )
    columns: dict[ColumnName, ColumnOf] = Field(
        description="Which column is what. Needed: calendar, start, end (or duration), title, and activity (or key). "
        "Any further name is at the templates' disposal.",
        examples=[{"activity": "activity_id", "calendar": "module_code", "start": "starts_at", "end": "ends_at", "title": "module_title"}],
    )
    timeout: SomeTime = Field(timedelta(minutes=10), description="How long the query may take before it is given up.")

    @model_validator(mode="after")
    def _complete(self) -> "Timetable":
        if faults := column_faults(self.columns):
            raise PydanticCustomError("across", "timetable.columns: {faults}", {"faults": "; ".join(faults)})
        return self
