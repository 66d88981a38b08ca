"""Runs and every change they tried: written once, read by ``status``, ``history``, ``held`` and ``explain``, deleted when they are old.

Each function works in the caller's transaction. Old runs are deleted a few at a time.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from timetable_sync import __version__
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import Held
from timetable_sync.model.window import Window
from timetable_sync.state import event_json
from timetable_sync.state.bulk import Bulk
from timetable_sync.state.event_json import plain
from timetable_sync.state.run_records import NIGHT, CalendarRecord, HistoryEntry, Json, RunBeginning, RunRecord
from timetable_sync.state.tables import history, run, run_calendar, verdict

#: Where a run's summary says that it was no night.
KIND = "kind"

_CHANGES = Bulk(history, ("run_id", "source", "address", "key", "at", "action", "reason", "before", "after", "outcome", "error"))


def begin(connection: sa.Connection, beginning: RunBeginning) -> int:
    """The number of the run that begins."""
    result = connection.execute(
        sa.insert(run).values(
            source=beginning.source,
            started=beginning.started,
            window_start=beginning.window.start,
            window_end=beginning.window.end,
            version=__version__,
            host=socket.gethostname(),
            pid=os.getpid(),
            only_calendars=list(beginning.calendars),
            forced_guards=list(beginning.forced),
            counts={},
            summary={} if beginning.kind == NIGHT else {KIND: beginning.kind},
            failure="",
            due=beginning.due,
        )
    )
    return int(result.inserted_primary_key[0]) if result.inserted_primary_key else 0


def finish(
    connection: sa.Connection,
    run_id: int,
    *,
    finished: datetime,
    exit_code: int,
    counts: Mapping[str, int],
    summary: Mapping[str, Json],
    calendars: Sequence[CalendarRecord],
    verdicts: Sequence[Held],
    failure: str,
) -> None:
    """The run's own record, once it is over; to be called by the process that began it.

    Writes nothing where there is none: after a database was put back to an earlier state, another run may have its number.
    """
    ours = (run.c.id == run_id, run.c.host == socket.gethostname(), run.c.pid == os.getpid())
    kept = connection.execute(sa.select(run.c.summary).where(*ours)).one_or_none()
    if kept is None:
        return
    connection.execute(
        sa.update(run)
        .where(*ours)
        .values(finished=finished, exit_code=exit_code, counts=dict(counts), summary={**kept.summary, **summary}, failure=plain(failure))
    )
    if calendars:
        # By address, as two names for one mailbox must not spoil a night's end.
        rows = {record.calendar.address: _calendar_row(run_id, record) for record in calendars}
        connection.execute(sa.insert(run_calendar), list(rows.values()))
    if verdicts:
        connection.execute(sa.insert(verdict), [_verdict_row(run_id, held) for held in verdicts])


def record(connection: sa.Connection, run_id: int, source: str, calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
    """A row a change, whatever became of it."""
    at, address = _CHANGES.moment(connection)(datetime.now(UTC)), calendar.address
    rows = []
    for outcome in outcomes:
        change, error = outcome.change, outcome.error
        action, before, after = event_json.of_change_in_json(change)
        said = "" if error is None else plain(error.message)
        rows.append((run_id, source, address, change.key, at, action, change.reason.value, before, after, event_json.of_error(error), said))
    _CHANGES.write(connection, rows)


def runs(connection: sa.Connection, source: str, most: int | None) -> list[RunRecord]:
    """The latest runs of a source, newest first."""
    query = sa.select(run).where(run.c.source == source).order_by(run.c.id.desc()).limit(most)
    return [_run(row) for row in connection.execute(query)]


def one_run(connection: sa.Connection, source: str, run_id: int) -> RunRecord | None:
    """A run of a source by its number."""
    row = connection.execute(sa.select(run).where(run.c.id == run_id, run.c.source == source)).one_or_none()
    return None if row is None else _run(row)


def runs_after(connection: sa.Connection, source: str, run_id: int) -> list[RunRecord]:
    """The runs that began after the one of this number, oldest first."""
    query = sa.select(run).where(run.c.source == source, run.c.id > run_id).order_by(run.c.id)
    return [_run(row) for row in connection.execute(query)]


def last_well(connection: sa.Connection, source: str) -> RunRecord | None:
    """The latest run that ended with 0, purges not counted."""
    query = sa.select(run).where(run.c.source == source, run.c.exit_code == 0).order_by(run.c.id.desc())
    return next((found for row in connection.execute(query) if (found := _run(row)).kind == NIGHT), None)


def _run(row: sa.Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        source=row.source,
        started=row.started,
        finished=row.finished,
        window=Window(row.window_start, row.window_end),
        version=row.version,
        host=row.host,
        pid=row.pid,
        calendars=tuple(row.only_calendars),
        forced=tuple(row.forced_guards),
        exit_code=row.exit_code,
        counts=row.counts,
        summary={name: value for name, value in row.summary.items() if name != KIND},
        failure=row.failure,
        kind=row.summary.get(KIND, NIGHT),
        due=row.due,
    )


def calendars_of(connection: sa.Connection, run_id: int) -> list[CalendarRecord]:
    """The calendars of a run about which there was something to say, by address."""
    query = sa.select(run_calendar).where(run_calendar.c.run_id == run_id).order_by(run_calendar.c.address)
    return [_calendar(row) for row in connection.execute(query)]


def nights_of(connection: sa.Connection, source: str, address: str) -> list[tuple[RunRecord, CalendarRecord | None]]:
    """The nights that came to their end, newest first, with what each had to say of a calendar."""
    told = sa.select(run_calendar).join(run, run.c.id == run_calendar.c.run_id)
    told = told.where(run.c.source == source, run_calendar.c.address == address)
    by_run = {row.run_id: _calendar(row) for row in connection.execute(told)}
    ended = [one for one in runs(connection, source, None) if one.kind == NIGHT and one.exit_code is not None and not one.failure]
    return [(one, by_run.get(one.id)) for one in ended]


def _calendar(row: sa.Row[Any]) -> CalendarRecord:
    return CalendarRecord(Calendar(row.address, row.label), row.status, row.created, row.updated, row.deleted, row.message, row.advice)


def verdicts_of(connection: sa.Connection, run_id: int) -> list[Held]:
    """What guards said in a run, released ones included, in the order they were given."""
    query = sa.select(verdict).where(verdict.c.run_id == run_id).order_by(verdict.c.id)
    return [
        Held(
            row.guard,
            None if row.address is None else Calendar(row.address, row.label),
            row.sentence,
            row.counted,
            row.out_of,
            row.allowed,
            row.forced,
            tuple(row.scope),
        )
        for row in connection.execute(query)
    ]


def changes(
    connection: sa.Connection, source: str, *, key: str | None, address: str | None, run_id: int | None, most: int | None
) -> list[HistoryEntry]:
    """The changes of an event, a calendar or a run (what is None does not narrow), oldest first; with ``most``, the latest of them."""
    query = sa.select(history).where(history.c.source == source)
    if key is not None:
        query = query.where(history.c.key == key)
    if address is not None:
        query = query.where(history.c.address == address)
    if run_id is not None:
        query = query.where(history.c.run_id == run_id)
    rows = connection.execute(query.order_by(history.c.id.desc()).limit(most)).all()
    return [
        HistoryEntry(row.run_id, row.address, row.key, row.at, row.action, row.reason, row.before, row.after, row.outcome, row.error)
        for row in reversed(rows)
    ]


def _calendar_row(run_id: int, record: CalendarRecord) -> dict[str, Json]:
    return {
        "run_id": run_id,
        "address": plain(record.calendar.address),
        "label": plain(record.calendar.name),
        "status": record.status,
        "created": record.created,
        "updated": record.updated,
        "deleted": record.deleted,
        "message": plain(record.message),
        "advice": plain(record.advice),
    }


def _verdict_row(run_id: int, held: Held) -> dict[str, Json]:
    return {
        "run_id": run_id,
        "guard": held.guard,
        "address": None if held.calendar is None else plain(held.calendar.address),
        "label": None if held.calendar is None else plain(held.calendar.name),
        "sentence": plain(held.sentence),
        "counted": held.count,
        "out_of": held.of,
        "allowed": held.limit,
        "forced": held.forced,
        "scope": [plain(pattern) for pattern in held.scope],
    }


#: So many runs go at once: a long history that is cut for the first time takes several nights, and no night long.
AT_ONCE = 200


def forget_before(connection: sa.Connection, source: str, moment: datetime) -> int:
    """Strike out this source's runs that started before ``moment`` (aware), oldest first, with all that hangs on them; gives how many.

    The latest run stays however old it is, and so does the latest night that went well: ``status`` speaks of them. Nothing that is
    old enough means nothing is written.
    """
    latest = sa.select(sa.func.max(run.c.id)).where(run.c.source == source).scalar_subquery()
    well = last_well(connection, source)
    old = (
        sa.select(run.c.id)
        .where(run.c.source == source, run.c.started < moment, run.c.id != latest, run.c.id != (0 if well is None else well.id))
        .order_by(run.c.id)
        .limit(AT_ONCE)
    )
    numbers = list(connection.scalars(old))
    if numbers:
        connection.execute(sa.delete(run).where(run.c.id.in_(numbers)))
    return len(numbers)
