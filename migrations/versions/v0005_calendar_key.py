"""A calendar is named by service, address and name; intents before creates, folder ids, the keys that a release covers, leases
by a clock that nobody sets, people's copies that were named.

What the timetable calls a calendar was ``name`` before and is ``label`` now. Nothing here may import ``timetable_sync``: a revision stays
what it was when the package moves on.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=op.get_context().dialect.name == "postgresql")


def _calendar() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, primary_key=True, server_default="ews"),
        sa.Column("name", sa.Text, primary_key=True, server_default=""),
    )


def _beside() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("service", sa.Text, nullable=False, server_default="ews"),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
    )


def upgrade() -> None:
    _remake(
        "ledger",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("change_key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("starts", _moment(), nullable=False),
        sa.Column("ends", _moment(), nullable=False),
        sa.Column("body", sa.Text),
        indexes={"ledger_by_start": ["source", "address", "starts"]},
        without_rowid=True,
        left_out=("body",),
    )
    op.create_index("ledger_by_start", "ledger", ["source", "address", "starts"])
    _remake(
        "sighting",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("sign", sa.Text),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("until", _moment(), nullable=False),
        sa.Column("seen", _moment(), nullable=False),
        sa.Column("others", sa.Integer, nullable=False),
        sa.Column("intact", sa.Boolean, nullable=False),
        without_rowid=True,
    )
    _remake(
        "run_calendar",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        *_calendar(),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created", sa.Integer, nullable=False),
        sa.Column("updated", sa.Integer, nullable=False),
        sa.Column("deleted", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("advice", sa.Text, nullable=False),
        indexes={"run_calendar_by_address": ["address", "run_id"]},
    )
    op.create_index("run_calendar_by_address", "run_calendar", ["address", "run_id"])
    _remake(
        "held",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("guard", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("counted", sa.Integer, nullable=False),
        sa.Column("out_of", sa.Integer, nullable=False),
        sa.Column("allowed", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("since_run", sa.Integer, nullable=False),
        sa.Column("scope", sa.JSON, nullable=False, server_default="[]"),
        left_out=("scope",),
    )
    _remake(
        "held_count",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created", sa.Integer, nullable=False),
        sa.Column("updated", sa.Integer, nullable=False),
        sa.Column("deleted", sa.Integer, nullable=False),
    )
    for table in ("verdict", "held_change"):
        # Both databases say it alike (SQLite since 3.25), and without a copy of the table.
        op.execute(f"ALTER TABLE {table} RENAME COLUMN name TO label")
    for table in ("verdict", "history", "held_change"):
        for column in _beside():
            op.add_column(table, column)
    op.add_column("verdict", sa.Column("scope", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "held_loss",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("key", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    # What was shown as held before the upgrade is what a release covers after it.
    op.execute(
        "INSERT INTO held_loss (source, address, key) SELECT DISTINCT source, address, key FROM held_change"
        " WHERE action = 'delete' AND reason <> 'a duplicate'"
    )
    op.create_table(
        "visited",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("seen", _moment()),
        sa.Column("gone_nights", sa.Integer, nullable=False, server_default="0"),
        sa.Column("gone_last", _moment()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "named_copy",
        sa.Column("source", sa.Text, primary_key=True),
        *_calendar(),
        sa.Column("item_id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "create_intent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        *_beside(),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("keys", sa.JSON, nullable=False),
        sa.Column("sent", _moment(), nullable=False),
        sa.Column("clock", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
    )
    op.create_index("create_intent_by_calendar", "create_intent", ["source", "address"])
    op.add_column("lease", sa.Column("clock", sa.Text, nullable=False, server_default=""))
    op.add_column("lease", sa.Column("runs_out", sa.Double, nullable=False, server_default="0"))


def _remake(
    table: str,
    *columns: sa.Column[Any],
    indexes: dict[str, list[str]] | None = None,
    without_rowid: bool = False,
    left_out: tuple[str, ...] = (),
) -> None:
    """A new primary key: the table is made anew and filled from the old one, in which ``label`` was ``name``."""
    for index in indexes or {}:
        op.drop_index(index, table)
    old = f"{table}_before_0005"
    if op.get_context().dialect.name == "postgresql":
        # Else the new table's would need another name.
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {table}_pkey TO {old}_pkey")
    op.rename_table(table, old)
    op.create_table(table, *columns, sqlite_with_rowid=not without_rowid)
    kept = [column.name for column in columns if column.name not in ("service", "name", *left_out)]
    into = ", ".join(f'"{name}"' for name in kept)
    taken = ", ".join(f'"{"name" if name == "label" else name}"' for name in kept)
    op.execute(f'INSERT INTO "{table}" ({into}) SELECT {taken} FROM "{old}"')  # noqa: S608 - names of this file
    op.drop_table(old)


def downgrade() -> None:
    raise RuntimeError("the version before this one does not know calendars with a service and a name")
