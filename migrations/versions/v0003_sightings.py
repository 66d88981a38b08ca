"""Sightings: when each calendar was last seen to be right, and by which sign a change since would show.

Nothing here may import ``timetable_sync``: a revision stays what it was when the package moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=op.get_context().dialect.name == "postgresql")


def upgrade() -> None:
    op.create_table(
        "sighting",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("sign", sa.Text),
        sa.Column("mapping", sa.Text, nullable=False),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("until", _moment(), nullable=False),
        sa.Column("seen", _moment(), nullable=False),
        sa.Column("others", sa.Integer, nullable=False),
        sa.Column("intact", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("sighting")
