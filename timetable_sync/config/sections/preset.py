"""``timetable.preset``: a product's own tables, read by queries that come with timetable-sync."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from timetable_sync.config import validators
from timetable_sync.config.sections.table import Section, Text


class Preset(Section):
    """A timetabling product. Its preset gives query, columns, weeks and children; what [timetable] says itself stands in their place."""

    shorthand = "name"

    name: Literal["celcat", "cmis", "syllabusplus", "unitime"] = Field(description="The product.", examples=["celcat"])
    in_schema: Annotated[str, AfterValidator(validators.schema_name)] | None = Field(
        None, description="The database schema that its tables are in, if not the user's own or the product's usual one.", examples=["dbo"]
    )
    calendars: Text | None = Field(
        None,
        description="What becomes calendars: groups, modules, rooms or staff; with UniTime courses, rooms or staff. Left out, the first.",
        examples=["modules"],
    )
    campus: Text | None = Field(None, description="UniTime: the campus (academic initiative), where there are several.", examples=["PWL"])
