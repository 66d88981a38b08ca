"""What ``state upgrade`` and ``state info`` do: the schema brought up to date, and facts about the database."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from timetable_sync.settings.sections.keeping import StateDatabase
from timetable_sync.state.connection import Database, connect, nothing_there, place, state_url
from timetable_sync.state.lease import refuse_at_work
from timetable_sync.state.schema import Fit, SchemaVersion, lock_for_upgrade, migrate, refuse_unfit, version_of, wanted_version
from timetable_sync.state.tables import metadata


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: ``before`` is None where the database was empty, and equals ``after`` where there was nothing to do."""

    where: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class StateInfo:
    """What the database is. ``version`` is None while it is empty. ``size`` is in bytes; the numbers are 0 unless it is of this version."""

    where: str
    kind: str
    fit: Fit
    version: str | None
    wanted: str
    size: int = 0
    runs: int = 0
    ledger_entries: int = 0
    history_entries: int = 0


def bring_up_to_date(database: Database) -> SchemaVersion:
    """Gives the version there was before. One transaction under a lock: it is done, or nothing is changed.

    Raises StateUnusable for a database that is newer, foreign or failing, and AnotherRunAtWork while a run holds the lease of an
    older schema.
    """
    with database.altering() as connection:
        lock_for_upgrade(connection)
        before = version_of(connection)
        refuse_unfit(before, database.where)
        if before.fit is Fit.OLDER:
            refuse_at_work(connection)
        if before.fit is not Fit.CURRENT:
            migrate(connection)
    return before


def upgrade_state(settings: StateDatabase, *, environ: Mapping[str, str] | None = None) -> Upgraded:
    """Brings the schema to this version's; makes it in an empty database. Raises as :func:`bring_up_to_date` does."""
    database = connect(state_url(settings, environ), read_only=False)
    try:
        before = bring_up_to_date(database)
        return Upgraded(database.where, before.found, before.wanted)
    finally:
        database.close()


def state_info(settings: StateDatabase, *, environ: Mapping[str, str] | None = None) -> StateInfo:
    """What the database is, without changing it: a newer, older or foreign one is no error here.

    Raises StateUnusable where it cannot be read.
    """
    url = state_url(settings, environ)
    if nothing_there(url):
        return StateInfo(place(url), url.get_backend_name(), Fit.EMPTY, None, wanted_version())
    database = connect(url, read_only=True)
    try:
        with database.reading() as connection:
            version = version_of(connection)
            current = version.fit is Fit.CURRENT
            return StateInfo(
                database.where,
                database.kind,
                version.fit,
                version.found,
                version.wanted,
                _size(connection),
                *(_rows(connection, name) if current else 0 for name in ("run", "ledger", "history")),
            )
    finally:
        database.close()


def _rows(connection: sa.Connection, table: str) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[table])) or 0)


def _size(connection: sa.Connection) -> int:
    """Bytes: of the SQLite database (what write-ahead holds included), of our tables in PostgreSQL."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    present = set(sa.inspect(connection).get_table_names()) & set(metadata.tables)
    return sum(int(connection.scalar(sa.select(sa.func.pg_total_relation_size(sa.func.quote_ident(name)))) or 0) for name in present)
