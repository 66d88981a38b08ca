"""``[run]``, ``[schedule]`` and ``[network]``: how a night works, when the daemon starts it, and the way to the services."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from timetable_sync.config import validators
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.table import Section, Whole, YesNo, ZoneName
from timetable_sync.config.units import Duration, SomeTime


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

    full_reading: Annotated[Duration, AfterValidator(validators.at_most(365))] = Field(
        timedelta(days=7),
        description="Each calendar is read in full at least so often, its own share of them every night; in other nights a look at "
        'its stamp is enough where nothing changed. "0 days" reads all of them every night.',
    )
    one_core: bool = Field(
        True,
        description="Keep a night on one of the machine's cores, which takes less CPU time (Linux). false where several nights "
        "run on one machine at the same time, and have to be quick.",
    )


def _several(value: Any) -> Any:
    """One expression stands for a list of one."""
    return [value] if isinstance(value, str) else value


class Schedule(Section):
    """When the daemon wakes. A systemd timer or cron needs none of it."""

    cron: Annotated[list[Annotated[str, AfterValidator(validators.cron)]], BeforeValidator(_several)] = Field(
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


class Network(Section):
    """The way to Entra ID and Exchange. Without any of it, HTTPS_PROXY and NO_PROXY of the environment count, as everywhere.

    This very machine is reached without a proxy, whoever names one.
    """

    proxy: Annotated[str, AfterValidator(validators.proxy)] | None = Field(
        None,
        description="Address of a proxy, with the user's name where it wants one, without the password. It counts instead of HTTPS_PROXY; "
        "hosts in NO_PROXY are reached without it.",
        examples=["http://proxy.example.ac.uk:3128"],
    )
    proxy_password: SecretRef | None = Field(
        None, description="The password of the proxy's user, by reference.", examples=[{"credential": "proxy-password"}]
    )
