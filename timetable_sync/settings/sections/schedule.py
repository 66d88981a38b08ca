"""``[schedule]``: when the daemon wakes, and what it does about a night that was missed or hangs."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from timetable_sync.settings import wellformed
from timetable_sync.settings.quantities import Duration, SomeTime
from timetable_sync.settings.sections.values import Section, YesNo, ZoneName


def _several(value: Any) -> Any:
    """One expression stands for a list of one."""
    return [value] if isinstance(value, str) else value


class Schedule(Section):
    """When the daemon wakes. A systemd timer or cron needs none of it."""

    cron: Annotated[list[Annotated[str, AfterValidator(wellformed.cron)]], BeforeValidator(_several)] = Field(
        ["0 2 * * *"],
        min_length=1,
        description="One cron expression or a list of them: minute, hour, day, month, weekday; before these a second, if there are six "
        "fields. Weekdays by name, as in mon-fri. timetable-sync next shows what comes of it.",
    )
    time_zone: ZoneName | None = Field(
        None, description="IANA zone of the cron expressions; without it, the timetable's.", examples=["Europe/London"]
    )
    jitter: Duration = Field(
        timedelta(0),
        description="A start is put off by up to so long, by chance, so that not everybody asks Exchange at two o'clock sharp.",
    )
    catch_up: YesNo = Field(
        True, description="Whether a night that was missed, as the machine was off, is made up for: once, however many were missed."
    )
    stalled: SomeTime = Field(
        timedelta(minutes=30),
        description="A night that gives no sign of getting on for so long is ended, and begun again: three times at most.",
    )
    stop_within: SomeTime = Field(
        timedelta(seconds=150),
        description="A night that is asked to end has so long for what is in flight; then it is ended at once. Less than the unit's "
        "TimeoutStopSec.",
    )
