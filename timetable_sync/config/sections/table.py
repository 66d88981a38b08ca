"""The types of single values that several tables share, and what every table is: unknown keys are errors."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, model_validator

from timetable_sync.config import validators

Text = Annotated[str, AfterValidator(validators.not_blank)]
Whole = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]
LocalPath = Annotated[Path, BeforeValidator(validators.local_path)]
ZoneName = Annotated[str, AfterValidator(validators.zone_name)]
Template = Annotated[str, AfterValidator(validators.template)]
Pattern = Annotated[str, AfterValidator(validators.pattern)]
ServiceUrl = Annotated[str, AfterValidator(validators.service_url)]
DirectoryName = Annotated[str, AfterValidator(validators.directory_name)]


class Section(BaseModel):
    """A table of the configuration: unknown keys are errors.

    ``shorthand`` names the key that text in the table's place stands for: ``start = "starts_at"`` for ``start = { column = "starts_at" }``.
    """

    # Put together when it is first used: most tables are only within the whole, which has them put together with it.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True, defer_build=True)

    shorthand: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, value: Any) -> Any:
        return {cls.shorthand: value} if cls.shorthand and isinstance(value, str) else value
