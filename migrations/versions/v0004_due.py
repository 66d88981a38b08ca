"""The start of the schedule that a run was for, so that each night runs once, on several hosts too.

Nothing here may import ``timetable_sync``: a revision stays what it was when the package moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=op.get_context().dialect.name == "postgresql")


def upgrade() -> None:
    op.add_column("run", sa.Column("due", _moment()))


def downgrade() -> None:
    op.drop_column("run", "due")
