"""Everything that ``status`` tells, gathered once: last runs, next start, what is held, lease, certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from timetable_sync.config.schema import Settings
from timetable_sync.entra.certificate import read_certificate
from timetable_sync.errors import TimetableSyncError
from timetable_sync.schedule import ScheduledStart, schedule_of
from timetable_sync.state.run_records import HeldCalendar, HeldVerdict, LeaseRecord, Matter, RunRecord
from timetable_sync.state.store import State


@dataclass(frozen=True, slots=True)
class Status:
    """Times are aware. ``certificate_ends`` is None where the certificate cannot be read; ``certificate_trouble`` then says why.

    ``next_start`` is by the schedule of the configuration; ``matters`` are those that people were told of and that are not over.
    """

    where: str
    now: datetime
    runs: tuple[RunRecord, ...]
    last_well: RunRecord | None
    next_start: ScheduledStart | None
    held: tuple[HeldVerdict, ...]
    held_calendars: tuple[HeldCalendar, ...]
    lease: LeaseRecord | None
    matters: tuple[Matter, ...]
    certificate_ends: datetime | None
    certificate_trouble: str


def read_status(state: State, settings: Settings, now: datetime, *, most: int, environ: Mapping[str, str]) -> Status:
    """What there is to say now (aware). Connects to nothing but the state database. Raises StateUnusable."""
    source = settings.timetable.source
    ends: datetime | None = None
    trouble = ""
    try:
        if settings.entra is not None and settings.entra.certificate is not None:
            ends = read_certificate(settings.entra, environ=environ).not_after
    except TimetableSyncError as error:
        trouble = error.message
    held, held_calendars = state.recorded.held(source)
    return Status(
        where=state.where,
        now=now,
        runs=tuple(state.runs(source, most)),
        last_well=state.recorded.last_well(source),
        next_start=schedule_of(settings).next(now),
        held=tuple(held),
        held_calendars=tuple(held_calendars),
        lease=state.recorded.lease(),
        matters=tuple(matter for matter in state.matters.known(source) if matter.gone is None),
        certificate_ends=ends,
        certificate_trouble=trouble,
    )
