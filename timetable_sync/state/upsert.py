"""Enter or overwrite: the statement that SQLite and PostgreSQL say alike, but for which SQLAlchemy has no class that they share."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: sa.Connection, table: sa.Table, key: Sequence[str], others: Sequence[str]) -> Any:
    """An INSERT into ``table`` that overwrites the columns ``others`` where a row with the same ``key`` is there."""
    statement = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    return statement.on_conflict_do_update(index_elements=list(key), set_={name: statement.excluded[name] for name in others})
