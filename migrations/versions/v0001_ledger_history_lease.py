"""Ledger, runs, history and lease: the first schema.

Nothing here may import ``timetable_sync``: a revision stays what it was when the package moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=op.get_context().dialect.name == "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("change_key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("starts", _moment(), nullable=False),
        sa.Column("ends", _moment(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ledger_by_start", "ledger", ["source", "address", "starts"])
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("started", _moment(), nullable=False),
        sa.Column("finished", _moment()),
        sa.Column("window_start", _moment(), nullable=False),
        sa.Column("window_end", _moment(), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("only_calendars", sa.JSON, nullable=False),
        sa.Column("forced_guards", sa.JSON, nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("run_by_source", "run", ["source", "id"])
    op.create_table(
        "run_calendar",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created", sa.Integer, nullable=False),
        sa.Column("updated", sa.Integer, nullable=False),
        sa.Column("deleted", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("advice", sa.Text, nullable=False),
    )
    op.create_index("run_calendar_by_address", "run_calendar", ["address", "run_id"])
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("guard", sa.Text, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("counted", sa.Integer, nullable=False),
        sa.Column("out_of", sa.Integer, nullable=False),
        sa.Column("allowed", sa.Integer, nullable=False),
        sa.Column("forced", sa.Boolean, nullable=False),
    )
    op.create_index("verdict_by_run", "verdict", ["run_id"])
    op.create_index("verdict_by_address", "verdict", ["address", "run_id"])
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("history_by_key", "history", ["source", "key", "id"])
    op.create_index("history_by_address", "history", ["source", "address", "id"])
    op.create_index("history_by_run", "history", ["run_id", "source", "id"])
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("born", sa.Text, nullable=False),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("until", _moment(), nullable=False),
    )


def downgrade() -> None:
    for table in ("lease", "history", "verdict", "run_calendar", "run", "ledger"):
        op.drop_table(table)
