"""Which starts of the schedule have had their night. Recorded with the runs, so that it is known whoever asks, and after every restart."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from timetable_sync.errors import AlreadyRun, LeaseLost, StateUnusable
from timetable_sync.state.engine import Database
from timetable_sync.state.tables import noted, run

#: Since when this schedule is in force: what it would have started before that was not missed.
SINCE = "schedule"

#: What is on record as of later than this from now was written while a clock was wrong, and must not keep nights from being run.
_ASTRAY: Final = timedelta(days=1)

#: A night that lost its lease, which somebody else took over, and one that could not use its configuration or this database.
_COUNT_FOR_NOTHING: Final = (LeaseLost.exit_code, StateUnusable.exit_code)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A night for a start of the schedule that has begun, and not ended: it is at work, or its process is gone."""

    run: int
    host: str
    pid: int
    started: datetime


class Scheduled:
    """``database`` is None where there is none yet. Every method is one transaction of its own; raises StateUnusable."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def handled_until(self, source: str, now: datetime) -> datetime | None:
        """Starts up to this moment have had their night; None while there was none."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            return handled_until(connection, source, now)

    def attempts(self, source: str, due: datetime) -> list[Attempt]:
        """The nights for this start that did not come to their end, oldest first."""
        if self._database is None:
            return []
        query = sa.select(run).where(run.c.source == source, run.c.due == due, run.c.finished.is_(None)).order_by(run.c.id)
        with self._database.reading() as connection:
            return [Attempt(row.id, row.host, row.pid, row.started) for row in connection.execute(query)]

    def in_force_since(self, source: str, schedule: str, now: datetime) -> datetime:
        """Since when this schedule (any text that tells it from others) is in force; noted as of now if it was another till now."""
        if self._database is None:
            return now
        with self._database.writing() as connection:
            ours = (noted.c.source == source, noted.c.name == SINCE)
            before: str | None = connection.scalar(sa.select(noted.c.value).where(*ours))
            moment, _, said = (before or "").partition(" ")
            if said == schedule and (since := datetime.fromisoformat(moment)) <= now + _ASTRAY:
                return since
            connection.execute(sa.delete(noted).where(*ours))
            connection.execute(sa.insert(noted).values(source=source, name=SINCE, value=f"{now.astimezone(UTC).isoformat()} {schedule}"))
        return now


def handled_until(connection: sa.Connection, source: str, now: datetime) -> datetime | None:
    """As :meth:`Scheduled.handled_until`, in the caller's transaction.

    A night is for its start and for those that came while it was at work: they are left out, not made up for.
    """
    latest = now + _ASTRAY
    query = (
        sa.select(run.c.due, run.c.finished)
        .where(run.c.source == source, run.c.due <= latest, run.c.finished.is_not(None), run.c.exit_code.not_in(_COUNT_FOR_NOTHING))
        .order_by(run.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    done: datetime = row.due
    finished: datetime = row.finished
    return done if finished > latest else max(done, finished)


def refuse_already_run(connection: sa.Connection, source: str, due: datetime, now: datetime) -> None:
    """Raises AlreadyRun for a start that has had its night. To be asked by who holds the lease: then the answer stays true."""
    done = handled_until(connection, source, now)
    if done is not None and done >= due:
        raise AlreadyRun(f"the night of {due.astimezone(UTC):%d %b %Y, %H:%M:%S} UTC has been run already", "There is nothing to do.")
