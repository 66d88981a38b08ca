"""The version of the state database's schema, how it is brought up to date, and what ``state upgrade`` and ``state info`` show of it.

Versions are Alembic revisions named by numbers of four digits, so that a newer one is known by its number. All of an upgrade, the making
of an empty database included, is one transaction under a lock: two first runs at once make one schema.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

import timetable_sync
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import StateUnusable
from timetable_sync.state.engine import Database, connect, nothing_there, place, state_url
from timetable_sync.state.lease import refuse_at_work
from timetable_sync.state.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

#: Not Alembic's own name for it: another program's migrations may live beside ours.
VERSION_TABLE = "timetable_sync_schema"

# Any number of our own; held by PostgreSQL until the transaction ends.
# https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
_UPGRADE_LOCK = 4_648_090_055

#: A revision's file, as in "v0004_due.py".
_REVISION = re.compile(r"v(\d{4})_\w+\.py")


class Fit(StrEnum):
    """How a database's schema relates to this version's."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """``found`` is None in an empty database; ``tables`` names what a foreign one holds."""

    fit: Fit
    found: str | None
    wanted: str
    tables: tuple[str, ...] = ()


def migrations_folder() -> Path:
    """Where the revisions lie: inside an installed package, beside it in a checkout. Raises StateUnusable where neither has them."""
    package = Path(timetable_sync.__file__).resolve().parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise StateUnusable("the state database's migrations are not where timetable-sync is installed", "Install timetable-sync again.")


def alembic_config(folder: Path | None = None) -> "Config":
    """Alembic's configuration, made here: no file is needed."""
    from alembic.config import Config  # noqa: PLC0415 - takes long to load, and a schema that fits needs none of it

    config = Config()
    config.set_main_option("script_location", str(folder or migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@lru_cache
def wanted_version() -> str:
    """The schema version that this version of timetable-sync works with: the last revision, which its file is named by."""
    revisions = [found[1] for path in (migrations_folder() / "versions").iterdir() if (found := _REVISION.fullmatch(path.name))]
    if not revisions:
        raise StateUnusable("the state database's migrations are incomplete", "Install timetable-sync again.")
    return max(revisions)


def version_of(connection: sa.Connection) -> SchemaVersion:
    """What the database holds. Only reads."""
    wanted = wanted_version()
    tables = tuple(sorted(sa.inspect(connection).get_table_names()))
    if VERSION_TABLE not in tables:
        return SchemaVersion(Fit.FOREIGN if tables else Fit.EMPTY, None, wanted, tables)
    query = sa.select(sa.column("version_num", sa.Text)).select_from(sa.table(VERSION_TABLE))
    found = connection.execute(query).scalars().all()
    if len(found) != 1 or not found[0].isdigit():
        return SchemaVersion(Fit.FOREIGN, None, wanted, tables)
    version = found[0]
    if version == wanted:
        return SchemaVersion(Fit.CURRENT, version, wanted)
    return SchemaVersion(Fit.NEWER if int(version) > int(wanted) else Fit.OLDER, version, wanted)


def refuse_unfit(version: SchemaVersion, where: str) -> None:
    """Raises StateUnusable for a newer schema and for a database that is not ours; nothing has been touched."""
    if version.fit is Fit.NEWER:
        raise StateUnusable(
            f"state database {where} was made by a newer timetable-sync: "
            f"its schema is {version.found}, this version knows {version.wanted}",
            "Use that newer version here, or give state.url another database.",
        )
    if version.fit is Fit.FOREIGN:
        some = ", ".join(version.tables[:3]) + (", …" if len(version.tables) > 3 else "")
        raise StateUnusable(
            f"state database {where} holds tables of something else ({some}) and is left alone",
            "Give state.url a database, or a PostgreSQL schema, of its own.",
        )


def refuse_older(version: SchemaVersion, where: str) -> None:
    """Raises StateUnusable for an older schema."""
    if version.fit is Fit.OLDER:
        raise StateUnusable(
            f"state database {where} has an older schema: {version.found}, and this version works with {version.wanted}",
            "Upgrade it: timetable-sync state upgrade",
        )


def lock_for_upgrade(connection: sa.Connection) -> None:
    """Lets one upgrade in at a time, until the transaction ends. In SQLite its write lock does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))


def migrate(connection: sa.Connection) -> None:
    """Bring the schema to this version's, in the transaction that ``connection`` is in."""
    from alembic import command  # noqa: PLC0415 - as above

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


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
