"""How long runs and their history are kept: what is older goes, a little at a time. Works in the caller's transaction."""

from datetime import datetime

import sqlalchemy as sa

from timetable_sync.state.history import last_well
from timetable_sync.state.tables import run

#: So many runs go at once: a long history that is cut for the first time takes several nights, and no night long.
AT_ONCE = 200


def forget_before(connection: sa.Connection, source: str, moment: datetime) -> int:
    """Strike out this source's runs that started before ``moment`` (aware), oldest first, with all that hangs on them; gives how many.

    The latest run stays however old it is, and so does the latest night that went well: ``status`` speaks of them. Nothing that is
    old enough means nothing is written.
    """
    latest = sa.select(sa.func.max(run.c.id)).where(run.c.source == source).scalar_subquery()
    well = last_well(connection, source)
    old = (
        sa.select(run.c.id)
        .where(run.c.source == source, run.c.started < moment, run.c.id != latest, run.c.id != (0 if well is None else well.id))
        .order_by(run.c.id)
        .limit(AT_ONCE)
    )
    numbers = list(connection.scalars(old))
    if numbers:
        connection.execute(sa.delete(run).where(run.c.id.in_(numbers)))
    return len(numbers)
