"""Tells which night is to be run now, how often it was tried, and whether everything that it needs is there.

Which night is pending is decided from what is on record, never from what this process remembers. What a night needs is asked for before
the daemon says that it is ready.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import make_url

from timetable_sync.config.load import Loaded
from timetable_sync.errors import UsageError
from timetable_sync.schedule import Schedule, ScheduledStart, schedule_of
from timetable_sync.state.run_records import LeaseRecord
from timetable_sync.state.scheduled import Attempt
from timetable_sync.state.store import open_state
from timetable_sync.timetable.source import open_rows


@dataclass(frozen=True, slots=True)
class Pending:
    """``start`` is the latest that has not had its night, None if all have. ``unfinished`` are nights that began for it and never ended.

    ``at_work`` holds the lease now: for this start, for another source, or because somebody typed ``run``.
    """

    start: ScheduledStart | None
    unfinished: tuple[Attempt, ...] = ()
    at_work: LeaseRecord | None = None


def pending(loaded: Loaded, starts: Schedule, began: datetime, now: datetime, environ: Mapping[str, str]) -> Pending:
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


#: A night that hangs or crashes is begun again; so often in all, then its start is given up.
TRIES = 3
#: A night that said why it could not work, as a password that cannot be read, may be begun again for ever: ever more seldom, but so often.
SELDOM = 900.0


class Tries:
    """One start's, ``due`` (aware); another start has its own. ``clock`` counts seconds."""

    def __init__(self, due: datetime | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.due = due
        #: What the last one said that could not work: people were told of it.
        self.said = ""
        #: Not to be begun again before this, by ``clock``.
        self.not_before = 0.0
        self._clock = clock
        self._crashed = self._failed = 0
        self._said_why: set[int] = set()

    def crashed(self, pause: float) -> None:
        """It ended without a word, or hung: not again for so many seconds."""
        self._crashed += 1
        self.not_before = self._clock() + pause

    def ended(self, run: int | None, said: str, pause: float) -> None:
        """It ended and said how; where its start has not had its night by that, not again for so many seconds, then twice as many."""
        if run is not None:
            self._said_why.add(run)
        self.said = said
        self.not_before = self._clock() + min(SELDOM, pause * 2 ** min(self._failed, 16))
        self._failed += 1

    def enough(self, unfinished: Sequence[Attempt]) -> bool:
        """Whether its start is to be given up; ``unfinished`` are the nights for it that never ended, here or on other hosts."""
        return max(self._crashed, sum(attempt.run not in self._said_why for attempt in unfinished)) >= TRIES


#: Asks for nothing, in the words of databases that do not know a SELECT of nothing.
_NOTHING = {"oracle": "SELECT 1 FROM dual"}


def schedule(loaded: Loaded) -> Schedule:
    """The starts of the configuration. Raises UsageError where there is none at all."""
    starts = schedule_of(loaded.settings)
    if starts.next(datetime.now(UTC)) is None:
        raise UsageError("schedule.cron never comes", "Look at it with: timetable-sync next")
    return starts


def databases(loaded: Loaded, environ: Mapping[str, str]) -> None:
    """The state database can be used, and is made if it is empty; the timetable's answers.

    Raises StateUnusable and TimetableUnusable, which may pass, and UsageError, which lasts.
    """
    open_state(loaded.settings.state, environ=environ).close()
    timetable = loaded.settings.timetable
    nothing = _NOTHING.get(make_url(timetable.url).get_backend_name(), "SELECT 1")
    with open_rows(timetable.model_copy(update={"query": nothing}), loaded.base, environ):
        pass
