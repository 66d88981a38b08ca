"""What commands that look back ask of the state database. Only reads; every method is one transaction of its own."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.plan import Shown
from timetable_sync.state import calendars, held, runs
from timetable_sync.state.engine import Database
from timetable_sync.state.lease import holder
from timetable_sync.state.run_records import CalendarRecord, HeldCalendar, HeldChange, HeldVerdict, HistoryEntry, LeaseRecord, RunRecord
from timetable_sync.state.tables import create_intent, ledger, run_calendar
from timetable_sync.state.tables import history as history_table

_CLOCKS_DIFFER = timedelta(hours=1)
_AT_ONCE = 500


class Recorded:
    """``database`` is None where there is none yet: then nothing is on record. Raises StateUnusable whenever the database fails."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def run(self, source: str, run_id: int) -> RunRecord | None:
        """A run by its number."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            return runs.one_run(connection, source, run_id)

    def runs_after(self, source: str, run_id: int) -> list[RunRecord]:
        """The runs that began after the one of this number, oldest first."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.runs_after(connection, source, run_id)

    def last_well(self, source: str) -> RunRecord | None:
        """The latest night that ended with exit code 0."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            return runs.last_well(connection, source)

    def held(self, source: str) -> tuple[list[HeldVerdict], list[HeldCalendar]]:
        """What guards hold now, and how many changes that is in each calendar."""
        if self._database is None:
            return [], []
        with self._database.reading() as connection:
            return held.verdicts(connection, source), held.calendars(connection, source)

    def explained(self, source: str, keys: Collection[str], since: datetime) -> set[str]:
        """Those of ``keys`` that were written, or may have been, by this source in any calendar, or asked for ``since`` then (aware)."""
        if self._database is None:
            return set()
        found: set[str] = set()
        with self._database.reading_in_turn() as connection:
            for sent in connection.scalars(sa.select(create_intent.c["keys"]).where(create_intent.c.source == source)):
                found.update(sent)
            stands = sa.select(ledger.c.key).where(ledger.c.source == source)
            # That moment is by the service's clock, and the history by ours.
            tried = sa.select(history_table.c.key).where(history_table.c.source == source, history_table.c.action == "create")
            tried, asked = tried.where(history_table.c.at > since - _CLOCKS_DIFFER), sorted(keys)
            for at in range(0, len(asked), _AT_ONCE):
                some = asked[at : at + _AT_ONCE]
                found.update(connection.scalars(stands.where(ledger.c.key.in_(some))))
                found.update(connection.scalars(tried.where(history_table.c.key.in_(some))))
        return found.intersection(keys)

    def shown(self, source: str) -> Shown:
        """What of that a release covers."""
        if self._database is None:
            return Shown()
        with self._database.reading() as connection:
            return held.shown(connection, source)

    def held_changes(self, source: str, calendar: Calendar) -> list[HeldChange]:
        """A calendar's held changes, as far as they are kept."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return held.changes(connection, source, calendar.address)

    def calendars(self, source: str) -> list[Calendar]:
        """Every calendar that was ever heard of, by address: those of the ledger, of intents, of the history and of runs, each by its
        latest name."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            names: dict[str, str] = {
                address: address for address in connection.scalars(_distinct(history_table).where(history_table.c.source == source))
            }
            names.update(
                (row.address, row.label)
                for row in connection.execute(sa.select(run_calendar.c.address, run_calendar.c.label).order_by(run_calendar.c.run_id))
                if row.address in names
            )
            for table in (create_intent, ledger):
                stands = sa.select(table.c.address, sa.func.max(table.c.label).label("label")).where(table.c.source == source)
                names.update((row.address, row.label) for row in connection.execute(stands.group_by(table.c.address)))
        return [Calendar(address, name) for address, name in sorted(names.items())]

    def on_record(self, source: str) -> list[Calendar]:
        """Every calendar of which anything at all is on record, by address."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return calendars.on_record(connection, source)

    def last_nights(self, source: str, address: str) -> list[tuple[RunRecord, CalendarRecord | None]]:
        """The nights that came to their end, newest first, with what each had to say of a calendar; None where that was nothing."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.nights_of(connection, source, address)

    def keys(self, source: str, part: str) -> list[tuple[str, str]]:
        """Address and key of every event whose key holds ``part``, whatever became of it."""
        if self._database is None:
            return []
        found: set[tuple[str, str]] = set()
        with self._database.reading() as connection:
            for table in (history_table, ledger):
                query = sa.select(table.c.address, table.c.key).where(table.c.source == source, table.c.key.contains(part, autoescape=True))
                found.update((row.address, row.key) for row in connection.execute(query.distinct()))
        return sorted(found)

    def changes_of(self, source: str, address: str) -> list[HistoryEntry]:
        """Every change in a calendar, oldest first."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.changes(connection, source, key=None, address=address, run_id=None, most=None)

    def span(self, source: str, address: str) -> tuple[datetime, datetime] | None:
        """The earliest and latest start of the events that the ledger knows in a calendar."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            query = sa.select(sa.func.min(ledger.c.starts), sa.func.max(ledger.c.starts))
            first, last = connection.execute(query.where(ledger.c.source == source, ledger.c.address == address)).one()
        return None if first is None else (first, last)

    def lease(self) -> LeaseRecord | None:
        """Who is at work now and seems to live, or None."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            row = holder(connection)
        return None if row is None else LeaseRecord(row.holder, row.host, row.pid, row.since, row.until)


def _distinct(table: sa.Table) -> sa.Select[tuple[str]]:
    return sa.select(table.c.address).distinct()
