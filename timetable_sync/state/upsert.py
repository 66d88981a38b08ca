"""Enter or overwrite: the statement that SQLite and PostgreSQL say alike, but for which SQLAlchemy has no class that they share."""

from functools import cache
from typing import Any

import sqlalchemy as sa


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
