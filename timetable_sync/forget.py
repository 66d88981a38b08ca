"""Calendars that are gone for good are forgotten: nothing of them stays on record. Asks no calendar anything, and writes to none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from timetable_sync.config.load import Loaded
from timetable_sync.errors import UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.planning.horizon import window_of
from timetable_sync.planning.selection import homonyms, matches, pattern_for
from timetable_sync.reports.quoting import command
from timetable_sync.state.run_records import CalendarRecord, RunRecord
from timetable_sync.state.store import State, open_state
from timetable_sync.timetable.reader import read_timetable

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is on record of a calendar.

    ``events`` are the ledger's, ``span`` their first and last start. ``failing`` is the first of the nights in a row, up to the last, in
    which it failed, ``failure`` what the last one said. ``gone_nights`` are those in a row in which there was no such mailbox.
    ``typed`` is what means this calendar alone in a command.
    """

    calendar: Calendar
    typed: str
    events: int
    span: tuple[datetime, datetime] | None = None
    failing: RunRecord | None = None
    failure: str = ""
    gone_nights: int = 0


def on_record(loaded: Loaded, patterns: Sequence[str], now: datetime) -> list[OnRecord]:
    """What :func:`forget` would strike out, of the calendars with these names or addresses. Only reads. ``now`` is aware.

    Raises UsageError for a pattern that no calendar on record has, and for a calendar that the timetable asks for; TimetableUnusable where
    the timetable cannot be read.
    """
    with open_state(loaded.settings.state, read_only=True) as state:
        calendars = _selected(state, loaded.settings.timetable.source, patterns)
        found = _found(state, loaded.settings.timetable.source, calendars)
    _refuse_wanted(loaded, found, now)
    return found


def forget(loaded: Loaded, confirmed: Sequence[OnRecord]) -> dict[str, int]:
    """Strike out all that is on record of these calendars; gives how many rows of each table that were.

    Raises UsageError, with nothing done, where more or less is on record than was ``confirmed``; AnotherRunAtWork.
    """
    settings, source = loaded.settings, loaded.settings.timetable.source
    with open_state(settings.state) as state, state.lease("forget", settings.state.lease):
        for before in confirmed:
            if (events := _events(state, source, before.calendar)) != before.events:
                raise UsageError(
                    f"{before.calendar.name}: {events} events are on record, {before.events} were confirmed; nothing was forgotten",
                    "A run was at work meanwhile. Look again.",
                )
        gone = state.forget(source, [one.calendar.address for one in confirmed])
    log.info("calendars forgotten", addresses=[one.calendar.address for one in confirmed])
    return gone


def _selected(state: State, source: str, patterns: Sequence[str]) -> list[tuple[Calendar, str]]:
    known = state.recorded.on_record(source)
    for pattern in patterns:
        if not any(matches(calendar, (pattern,)) for calendar in known):
            raise UsageError(f'nothing is on record of a calendar with the name or address "{pattern}"', "Name it as a night does.")
    same = homonyms(known)
    return [(calendar, pattern_for(calendar, same)) for calendar in known if matches(calendar, patterns)]


def _found(state: State, source: str, calendars: Iterable[tuple[Calendar, str]]) -> list[OnRecord]:
    visited = state.visited(source)
    found = []
    for calendar, typed in calendars:
        failing, failure = _failing(state, source, calendar)
        nights = visited[calendar.address].gone_nights if calendar.address in visited else 0
        span = state.recorded.span(source, calendar.address)
        found.append(OnRecord(calendar, typed, _events(state, source, calendar), span, failing, failure, nights))
    return found


def _events(state: State, source: str, calendar: Calendar) -> int:
    return state.ledger_count(source, None, {calendar.address})


def _failing(state: State, source: str, calendar: Calendar) -> tuple[RunRecord | None, str]:
    """Since which night it fails, and what the last one said."""
    since: RunRecord | None = None
    failure = ""
    for run, record in state.recorded.last_nights(source, calendar.address):
        if record is None and _may_have_left_it_out(state, source, calendar, run):
            continue
        if record is None or not _has_failed(record):
            break
        since, failure = run, failure or record.message
    return since, failure


def _has_failed(record: CalendarRecord) -> bool:
    return record.status == "failed"


def _may_have_left_it_out(state: State, source: str, calendar: Calendar, run: RunRecord) -> bool:
    """Whether the night need not have visited it. Of one that it visited and found right it has nothing to say either."""
    if run.summary.get("cut_short") or (run.calendars and not matches(calendar, run.calendars)):
        return True
    return not state.ledger_count(source, run.window, {calendar.address})


def _refuse_wanted(loaded: Loaded, found: Sequence[OnRecord], now: datetime) -> None:
    """Raises UsageError for a calendar that the timetable names now: the next night would take it for a new one."""
    settings = loaded.settings
    window = window_of(now, settings.window, settings.timetable.time_zone)
    with read_timetable(settings, window, base=loaded.base) as reading:
        if reading.empty:
            raise UsageError("the timetable is empty, so nobody can tell what it asks for; nothing was forgotten", "Mend the query first.")
        wanted = reading.addresses
    for one in found:
        if one.calendar.address in wanted:
            raise UsageError(
                f"{one.calendar.name} ({one.calendar.address}) is in the timetable, so the next night would begin it anew; "
                "nothing was forgotten",
                f"Take it out of the timetable first. To take out what was written there: {command('purge', one.typed)}",
            )
