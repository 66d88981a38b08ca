"""Which night is to be run now, if any: decided from what is on record, never from what this process remembers of the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from timetable_sync.chronicle.starts import Start, Starts
from timetable_sync.settings.load import Loaded
from timetable_sync.state.database import open_state
from timetable_sync.state.records import LeaseRecord
from timetable_sync.state.scheduled import Attempt


@dataclass(frozen=True, slots=True)
class Pending:
    """``start`` is the latest that has not had its night, None if all have. ``unfinished`` are nights that began for it and never ended.

    ``at_work`` holds the lease now: for this start, for another source, or because somebody typed ``run``.
    """

    start: Start | None
    unfinished: tuple[Attempt, ...] = ()
    at_work: LeaseRecord | None = None


def pending(loaded: Loaded, starts: Starts, began: datetime, now: datetime, environ: Mapping[str, str]) -> Pending:
    """``began`` is when this daemon did (aware): without ``catch_up``, no start before that is made up for. Raises StateUnusable.

    However many starts were missed, it is the latest that is made up for: a night makes the calendars equal to the timetable of now.
    """
    settings = loaded.settings
    source = settings.timetable.source
    with open_state(settings.state, environ=environ) as state:
        since = state.scheduled.in_force_since(source, f"{' | '.join(starts.expressions)} in {starts.zone}", now)
        after = [since, *([] if settings.schedule.catch_up else [began])]
        if (handled := state.scheduled.handled_until(source, now)) is not None:
            after.append(handled)
        start = starts.latest(max(after), now)
        if start is None:
            return Pending(None)
        return Pending(start, tuple(state.scheduled.attempts(source, start.at)), state.recorded.lease())
