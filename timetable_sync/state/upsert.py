"""Enter or overwrite: the statement that SQLite and PostgreSQL say alike, but for which SQLAlchemy has no class that they share."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: sa.Connection, table: sa.Table, key: tuple[str, ...], others: tuple[str, ...]) -> Any:
    """An INSERT into ``table`` that overwrites the columns ``others`` where a row with the same ``key`` is there."""
    return _statement(connection.dialect.name, table, key, others)


@cache
def _statement(kind: str, table: sa.Table, key: tuple[str, ...], others: tuple[str, ...]) -> Any:
    # A statement that is used again is not worked out again by SQLAlchemy: that took as long as to carry it out for a batch.
    statement = (postgresql.insert if kind == "postgresql" else sqlite.insert)(table)
    return statement.on_conflict_do_update(index_elements=list(key), set_={name: statement.excluded[name] for name in others})
