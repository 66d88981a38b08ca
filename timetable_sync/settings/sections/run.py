"""``[run]``: how a night works."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.quantities import Duration, SomeTime
from timetable_sync.settings.sections.values import Section, Whole


class Run(Section):
    """How a night works."""

    calendars_at_once: Whole = Field(
        8,
        ge=1,
        le=64,
        description="Calendars worked on at the same time at most, 1 to 64; fewer as long as the service says that it is busy. "
        "Microsoft advises at most 10 open requests.",
    )
    deadline: SomeTime = Field(timedelta(hours=3), description="After this long no new batch is begun; the rest waits for the next night.")

    full_reading: Annotated[Duration, AfterValidator(wellformed.at_most(365))] = Field(
        timedelta(days=7),
        description="Each calendar is read in full at least so often, its own share of them every night; in other nights a look at "
        'its stamp is enough where nothing changed. "0 days" reads all of them every night.',
    )
    one_core: bool = Field(
        True,
        description="Keep a night on one of the machine's cores, which takes less CPU time (Linux). false where several nights "
        "run on one machine at the same time, and have to be quick.",
    )
