"""Runs the revisions in ``versions/``: on the connection that timetable-sync hands over, or offline, as SQL text.

A developer's ``alembic -c migrations/alembic.ini -x url=sqlite:///state.db revision --autogenerate -m "..."`` comes through here as well.
"""

import sqlalchemy as sa
from alembic import context

from timetable_sync.state.maintenance import VERSION_TABLE
from timetable_sync.state.tables import metadata


def _url() -> str:
    given = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not given:
        raise SystemExit("Name the database: alembic -c migrations/alembic.ini -x url=sqlite:///state.db ...")
    return str(given)


def _run(connection: sa.Connection) -> None:
    # SQLite cannot alter most things of a table: batch mode makes a new one and copies. https://alembic.sqlalchemy.org/en/latest/batch.html
    context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(url=_url(), target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=True, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif handed_over is not None:
    _run(handed_over)
else:
    with sa.create_engine(_url()).connect() as own:
        _run(own)
