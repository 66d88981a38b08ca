"""``[timetable]``: where the timetable is, and what its columns mean."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from timetable_sync.config import validators
from timetable_sync.config.column_names import column_faults, column_name, week_fault
from timetable_sync.config.database_url import database_url
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.columns import Child, Column
from timetable_sync.config.sections.preset import Preset
from timetable_sync.config.sections.table import Section, Whole, ZoneName
from timetable_sync.config.sections.weeks import Weeks
from timetable_sync.config.units import SomeTime

ColumnOf = Column
ChildOf = Child
ColumnName = Annotated[str, AfterValidator(column_name)]


class Timetable(Section):
    """Where the timetable is, and what its columns mean."""

    source: Annotated[str, AfterValidator(validators.plain_name)] = Field(
        "timetable",
        description="Name of this source. It stands in the key of every event that is written: change it, and they become foreign; no two "
        "installations share it.",
    )
    url: Annotated[str, AfterValidator(database_url)] = Field(
        description="SQLAlchemy URL of the database, without the password. A user who may only read is enough.",
        examples=["postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"],
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "timetable-db"}])
    time_zone: ZoneName = Field(description="IANA zone that times without a zone are in.", examples=["Europe/London"])
    period: Annotated[str, AfterValidator(validators.period)] = Field(
        "",
        description="Year or semester, part of every event's key, as ids return for other events. At most 30 characters.",
        examples=["2026/27"],
    )
    preset: Preset | None = Field(
        None,
        description="The product that the database is of: celcat, cmis, syllabusplus or unitime. It gives query, columns, weeks and "
        "children; what is said of these here stands in their place. To see them: timetable-sync preset show celcat",
        examples=["celcat"],
    )
    query: Annotated[str, AfterValidator(validators.query)] = Field(
        description='The SQL query, or "file:" and the path of a file that holds it. A preset gives one.', examples=["file:timetable.sql"]
    )
    columns: dict[ColumnName, ColumnOf] = Field(
        description="Which column is what. Needed: calendar (or a child query of calendars), start (or date), end (or duration), title, "
        "and activity (or key). Any further name is at the templates' disposal.",
        examples=[{"activity": "activity_id", "calendar": "module_code", "start": "starts_at", "end": "ends_at", "title": "module_title"}],
    )
    timeout: SomeTime = Field(timedelta(minutes=10), description="How long all queries together may take before they are given up.")
    retries: Whole = Field(
        2,
        ge=0,
        le=20,
        description="How often reading is begun anew, from its start, when the database cannot be reached or the connection is lost.",
    )
    weeks: Weeks | None = Field(
        None,
        description="Rows that hold for several weeks: how these are written, and which days they are.",
        examples=[{"form": "list", "axis": {"first": "2026-09-21"}}],
    )
    children: dict[ColumnName, ChildOf] = Field(
        {},
        description="Queries of their own for what a lesson can have several of.",
        examples=[{"rooms": {"query": "SELECT event_id, room_name FROM event_room", "key": "event_id", "value": "room_name"}}],
    )

    @model_validator(mode="after")
    def _complete(self) -> "Timetable":
        if faults := column_faults(self.columns, self.children):
            raise PydanticCustomError("across", "timetable.columns: {faults}", {"faults": "; ".join(faults)})
        if fault := week_fault(
            self.columns,
            None if self.weeks is None else self.weeks.model_dump(),
            {name: {"weeks": child.weeks} for name, child in self.children.items()},
        ):
            raise PydanticCustomError("across", "{fault}", {"fault": fault})
        return self
