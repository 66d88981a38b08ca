"""``[timetable.children.NAME]``: further queries, whose rows belong to those of the timetable's query by a key."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from timetable_sync.settings import wellformed
from timetable_sync.settings.columns import child_faults, column_name
from timetable_sync.settings.sections.column import Column
from timetable_sync.settings.sections.values import Section, Text
from timetable_sync.settings.sections.weeks import WeekForm


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

    query: Annotated[str, AfterValidator(wellformed.query)] = Field(
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
