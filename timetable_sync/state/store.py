"""The door to the state database: opened here, made when empty, refused when it does not fit. Holds no query of its own."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType

import sqlalchemy as sa

from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import LeaseLost
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import Digest, LedgerEntry
from timetable_sync.model.plan import Held
from timetable_sync.model.window import Window
from timetable_sync.state import calendars, full_reads, intents, ledger, runs
from timetable_sync.state import held as holds
from timetable_sync.state.alert_state import Matters
from timetable_sync.state.engine import Database, connect, nothing_there, place, state_url
from timetable_sync.state.history import Recorded
from timetable_sync.state.intents import Entered, Sending, Unanswered
from timetable_sync.state.lease import Lease, NoLease
from timetable_sync.state.maintenance import Fit, bring_up_to_date, refuse_older, refuse_unfit, version_of
from timetable_sync.state.run_records import CalendarRecord, HistoryEntry, Holding, Json, RunBeginning, RunRecord
from timetable_sync.state.scheduled import Scheduled, refuse_already_run


class State:
    """Ledger, history and lease. Safe to use from several threads; every method is one transaction of its own.

    Raises StateUnusable whenever the database fails, and LeaseLost, with nothing written, once the lease that it gave is lost. Opened
    ``read_only``, the methods that write raise RuntimeError, and a database that is not there yet reads as an empty one.
    """

    def __init__(self, database: Database | None, where: str, *, read_only: bool = False) -> None:
        self._database = database
        self._read_only = read_only
        self._lease: Lease | None = None
        self.where = where

    def ledger_entries(self, source: str, calendar: Calendar, window: Window | None = None) -> dict[str, LedgerEntry]:
        """One calendar's entries by key; with a window, those that start in it."""
        if self._database is None:
            return {}
        with self._database.reading_in_turn() as connection:
            return ledger.entries(connection, source, calendar.address, window)

    def ledger_calendars(self, source: str, window: Window | None = None) -> list[Calendar]:
        """The calendars with entries (that start in the window), by address."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return ledger.calendars(connection, source, window)

    def ledger_count(self, source: str, window: Window | None = None, addresses: Collection[str] | None = None) -> int:
        """How many entries there are (that start in the window), in these calendars or in all."""
        if self._database is None:
            return 0
        with self._database.reading() as connection:
            return ledger.count(connection, source, window, addresses)

    def ledger_counts(self, source: str, window: Window) -> dict[str, int]:
        """How many entries of each calendar start in the window, by address."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return ledger.counts(connection, source, window)

    def ledger_fingerprints(self, source: str, calendar: Calendar, window: Window) -> dict[str, str]:
        """The fingerprints of one calendar's entries that start in the window, by key."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return ledger.fingerprints(connection, source, calendar.address, window)

    def ledger_digests(self, source: str, window: Window) -> dict[str, Digest]:
        """The digests (``model.ledger.digest_of``) of all calendars' entries that start in the window, by address."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return ledger.digests(connection, source, window)

    def full_reads(self, source: str) -> dict[str, LastFullRead]:
        """When each calendar was last seen to be right, by address."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return full_reads.full_reads_of(connection, source)

    def visited(self, source: str) -> dict[str, KnownFolder]:
        """What is remembered of each address, by address."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return full_reads.folders_of(connection, source)

    def keep_visited(self, source: str, found: Sequence[KnownFolder]) -> None:
        """Where addresses led tonight, and when they were read. Nothing to keep writes nothing."""
        if found:
            with self._writing() as connection:
                full_reads.keep_folders(connection, source, found)

    def named_copies(self, source: str) -> dict[str, frozenset[str]]:
        """The ids of people's copies of events of ours that were named, by address."""
        if self._database is None:
            return {}
        with self._database.reading() as connection:
            return full_reads.named_copies_of(connection, source)

    def keep_copies(self, source: str, calendar: Calendar, items: Collection[str]) -> None:
        """From now on these are the ones that were named in the calendar."""
        with self._writing() as connection:
            full_reads.keep_named_copies(connection, source, calendar.address, items)

    def readdress(self, source: str, moved: Mapping[str, Calendar], forgotten: Collection[str]) -> None:
        """What is known under the addresses ``moved`` is that calendar's from now on; what under ``forgotten`` is of nothing any more."""
        if moved or forgotten:
            with self._writing() as connection:
                calendars.readdress(connection, source, moved, forgotten)

    def forget(self, source: str, addresses: Collection[str]) -> dict[str, int]:
        """Strike out all that is on record of these calendars, their history too; gives how many rows of each table that were."""
        with self._writing() as connection:
            return calendars.forget(connection, source, addresses)

    def remember(self, source: str, seen: Sequence[LastFullRead]) -> None:
        """What was seen tonight. Nothing to remember writes nothing."""
        if seen:
            with self._writing() as connection:
                full_reads.remember(connection, source, seen)

    def will_be_written(self, source: str, calendars: Sequence[Calendar]) -> None:
        """To be said before these calendars are written: then what was seen of them no longer holds."""
        if calendars:
            with self._writing() as connection:
                full_reads.will_be_written(connection, source, [calendar.address for calendar in calendars])

    def begin_run(self, beginning: RunBeginning) -> int:
        """The number of the run that begins. Raises AlreadyRun for a start of the schedule that has had its night."""
        with self._writing() as connection:
            if beginning.due is not None:
                refuse_already_run(connection, beginning.source, beginning.due, beginning.started)
            return runs.begin(connection, beginning)

    def finish_run(
        self,
        run_id: int,
        *,
        finished: datetime,
        exit_code: int,
        counts: Mapping[str, int] | None = None,
        summary: Mapping[str, Json] | None = None,
        calendars: Sequence[CalendarRecord] = (),
        verdicts: Sequence[Held] = (),
        failure: str = "",
        source: str = "",
        holding: Holding | None = None,
    ) -> None:
        """The run's own record, once it is over.

        ``calendars`` are those about which there is something to say; ``verdicts`` are all that guards said, released ones included.
        ``holding`` is what the run found to be held, None where it did not come to judge. One that has lost its lease records how it
        ended, and leaves what is held to the run that took over.
        """

        def finish(connection: sa.Connection) -> None:
            runs.finish(
                connection,
                run_id,
                finished=finished,
                exit_code=exit_code,
                counts=counts or {},
                summary=summary or {},
                calendars=calendars,
                verdicts=verdicts,
                failure=failure,
            )

        try:
            with self._writing() as connection:
                finish(connection)
                if holding is not None:
                    holds.replace(connection, source, run_id, finished, holding)
        except LeaseLost:
            with self._writing(fenced=False) as connection:
                finish(connection)

    def written(
        self,
        run_id: int,
        source: str,
        calendar: Calendar,
        outcomes: Sequence[ChangeResult],
        mapping: str,
        *,
        intent: int | None = None,
        sending: Sending | None = None,
    ) -> Entered | None:
        """What became of a batch, in one transaction: a history row a change, for what was done the ledger too, its intent struck out.

        ``mapping`` is that of the markers written. Give it each change once, when nothing more will be tried with it. What the same
        thread is about to send goes into the same transaction: see :meth:`about_to_send`.
        """
        if not outcomes:
            return None
        with self._writing(durable=sending is not None and bool(sending.keys)) as connection:
            runs.record(connection, run_id, source, calendar, outcomes)
            ledger.learn_from(connection, source, calendar, outcomes, mapping)
            if intent is not None:
                intents.close(connection, intent, outcomes)
            return intents.enter(connection, source, sending) if sending is not None and sending.keys else None

    def about_to_send(self, source: str, sending: Sending) -> Entered | None:
        """To be asked before each request that writes. Raises LeaseLost where the database says that the lease is not ours any more.

        A request that makes events is an intent from now on, which outlives a power cut.
        """
        if sending.keys:
            with self._writing(durable=True) as connection:
                return intents.enter(connection, source, sending)
        if self._lease is not None and self._database is not None:
            with self._database.reading() as connection:
                self._lease.verify(connection, writes=False)
        return None

    def unanswered(self, source: str) -> list[Unanswered]:
        """The requests to make events that earlier runs sent, and of whose end there is no record."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return intents.unanswered(connection, source)

    def settled(self, requests: Sequence[Unanswered]) -> None:
        """Their calendars were read after the time that the service may have taken. Nothing to settle writes nothing."""
        if requests:
            with self._writing() as connection:
                intents.strike(connection, [one.id for one in requests])

    def learn(self, source: str, calendar: Calendar, record: Sequence[LedgerEntry] = (), forget: Sequence[str] = ()) -> None:
        """What the ledger lacked or had wrong, without anything having been written to the calendar. Nothing to learn writes nothing."""
        if not record and not forget:
            return
        with self._writing() as connection:
            ledger.forget(connection, source, calendar, forget)
            ledger.record(connection, source, calendar, record)

    def keep_renderings(self, source: str, calendar: Calendar, bodies: Mapping[str, str]) -> None:
        """How the service shows bodies, as digests by key, where it does not show them as they were written. None writes nothing."""
        if bodies:
            with self._writing() as connection:
                ledger.keep_renderings(connection, source, calendar, bodies)

    def forget_before(self, source: str, moment: datetime) -> int:
        """Strike out runs that started before ``moment`` (aware), with their history; gives how many."""
        with self._writing() as connection:
            return runs.forget_before(connection, source, moment)

    def runs(self, source: str, most: int | None = 20) -> list[RunRecord]:
        """The latest runs, newest first."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.runs(connection, source, most)

    def last_run(self, source: str) -> RunRecord | None:
        """The latest run, finished or not; None if there was none."""
        return next(iter(self.runs(source, 1)), None)

    def run_calendars(self, run_id: int) -> list[CalendarRecord]:
        """The calendars about which a run had something to say, by address."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.calendars_of(connection, run_id)

    def run_verdicts(self, run_id: int) -> list[Held]:
        """What guards said in a run, released ones included."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.verdicts_of(connection, run_id)

    def changes(
        self, source: str, *, key: str | None = None, address: str | None = None, run_id: int | None = None, most: int | None = None
    ) -> list[HistoryEntry]:
        """The changes of an event, a calendar or a run, oldest first; with ``most``, the latest of them."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            return runs.changes(connection, source, key=key, address=address, run_id=run_id, most=most)

    @property
    def recorded(self) -> Recorded:
        """What else is on record, for those who look back. Only reads."""
        return Recorded(self._database)

    @property
    def scheduled(self) -> Scheduled:
        """Which starts of the schedule have had their night."""
        return Scheduled(self._database)

    @property
    def matters(self) -> Matters:
        """What people have been told of."""
        return Matters(self._database, read_only=self._read_only)

    def lease(self, holder: str, lasts: timedelta) -> Lease | NoLease:
        """A context manager that keeps other runs out; ``holder`` says in a few words who we are. See :class:`Lease`."""
        if self._read_only or self._database is None:
            return NoLease()
        self._lease = Lease(self._database, holder, lasts)
        return self._lease

    def close(self) -> None:
        """Give back all connections. May be called twice."""
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> "State":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _writing(self, *, durable: bool = False, fenced: bool = True) -> Iterator[sa.Connection]:
        """A transaction that writes; where it is ``fenced``, a run that holds the lease writes only as long as it does."""
        if self._read_only or self._database is None:
            raise RuntimeError("the state was opened to be read only")
        with self._database.writing(durable=durable) as connection:
            if self._lease is not None and fenced:
                self._lease.verify(connection)
            yield connection


def open_state(settings: StateDatabase, *, environ: Mapping[str, str] | None = None, read_only: bool = False) -> State:
    """The state database, ready for use.

    An empty database gets its schema; read only, nothing is made, not even the file. Raises StateUnusable for one that cannot be reached or
    does not fit (an older schema too: that is ``state upgrade``'s to change), UsageError for an unreadable password.
    """
    url = state_url(settings, environ)
    where = place(url)
    if read_only and nothing_there(url):
        return State(None, where, read_only=True)
    database = connect(url, read_only=read_only)
    try:
        with database.reading() as connection:
            version = version_of(connection)
        refuse_unfit(version, where)
        refuse_older(version, where)
        if version.fit is Fit.EMPTY and not read_only:
            bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    if version.fit is Fit.EMPTY and read_only:
        database.close()
        return State(None, where, read_only=True)
    return State(database, where, read_only=read_only)
