"""Rows in bulk, by statements that are compiled once for each kind of database, and the upsert that SQLite and PostgreSQL share.

SQLAlchemy has no one class for the two databases' INSERT with ON CONFLICT. It compiles such a statement again each time (it has no place
in the cache of compiled statements), and looks at every value of every row. For the few rows of a batch, of which a first night has
thousands, that was more than half of the CPU time. Timestamps are the most expensive to convert, both ways, and most of them have been seen
before: :func:`moments` reads each different text once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from timetable_sync.state.tables import Moment


def upsert(connection: sa.Connection, table: sa.Table, key: tuple[str, ...], others: tuple[str, ...]) -> Any:
    """An INSERT into ``table`` that overwrites the columns ``others`` where a row with the same ``key`` is there."""
    return _statement(connection.dialect.name, table, key, others)


@cache
def _statement(kind: str, table: sa.Table, key: tuple[str, ...], others: tuple[str, ...]) -> Any:
    # A statement that is used again is not worked out again by SQLAlchemy: that took as long as to carry it out for a batch.
    statement = insert(kind, table)
    return statement.on_conflict_do_update(index_elements=list(key), set_={name: statement.excluded[name] for name in others})


def insert(kind: str, table: sa.Table) -> Any:
    """An INSERT of this kind of database's own, which can say what comes of a conflict."""
    if kind == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - takes long to load, and only one of the two is used

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - as above

    return sqlite.insert(table)


#: Events of many calendars begin at the same times.
_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement in a database's own words. ``order`` is that of its places; None where they have names."""

    sql: str
    order: tuple[int, ...] | None
    moment: Callable[[datetime], Any]


class Bulk:
    """Rows into ``columns`` of ``table``; with ``key`` they overwrite those that are there.

    Values are as drivers take them: texts, numbers, None, JSON as text, and moments as :meth:`moment` makes them.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], key: Sequence[str] = ()) -> None:
        self._table, self._columns, self._key = table, tuple(columns), tuple(key)
        self._said: dict[str, _Said] = {}

    def moment(self, connection: sa.Connection) -> Callable[[datetime], Any]:
        """What makes of an aware datetime what this database keeps."""
        return self._for(connection).moment

    def write(self, connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write them, in the order of ``columns``, in the caller's transaction. Nothing to write asks nothing of the database."""
        if not rows:
            return
        said = self._for(connection)
        if said.order is None:
            connection.exec_driver_sql(said.sql, [dict(zip(self._columns, row, strict=True)) for row in rows])
        else:
            connection.exec_driver_sql(said.sql, [tuple([row[place] for place in said.order]) for row in rows])

    def _for(self, connection: sa.Connection) -> _Said:
        dialect = connection.dialect
        said = self._said.get(dialect.name)
        if said is None:
            others = tuple(name for name in self._columns if name not in self._key)
            statement = upsert(connection, self._table, self._key, others) if self._key else sa.insert(self._table)
            compiled: Any = statement.compile(dialect=dialect, column_keys=list(self._columns))
            places = {name: place for place, name in enumerate(self._columns)}
            order = tuple(places[name] for name in compiled.positiontup) if compiled.positional else None
            process = Moment().dialect_impl(dialect).bind_processor(dialect)
            said = _Said(str(compiled), order, lru_cache(_REMEMBERED)(process or (lambda moment: moment)))
            self._said[dialect.name] = said
        return said


_MOMENTS: dict[str, Callable[[Any], datetime]] = {}


def unread(column: sa.Column[datetime]) -> sa.ColumnElement[Any]:
    """A column of moments as the driver gives it, for :func:`moments`."""
    return sa.type_coerce(column, sa.types.NullType())


def moments(connection: sa.Connection) -> Callable[[Any], datetime]:
    """What makes an aware datetime, in UTC, of what an :func:`unread` column gives; no column of these has NULL."""
    found = _MOMENTS.get(connection.dialect.name)
    return _MOMENTS.setdefault(connection.dialect.name, _reader(connection.dialect)) if found is None else found


def _reader(dialect: Dialect) -> Callable[[Any], datetime]:
    read: Any = Moment().dialect_impl(dialect).result_processor(dialect, None)
    # Only texts are remembered: of the repeated hour of a server's own zone, two moments an hour apart are equal to Python (PEP 495).
    return lru_cache(_REMEMBERED)(read) if dialect.name == "sqlite" else read
