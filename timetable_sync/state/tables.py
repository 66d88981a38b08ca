"""The state database's tables. Data only: no query, no connection, and no column for anything secret.

A change here needs a revision in ``migrations/versions``; a test compares the two.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData()

#: Until there are several services, and calendars with a name in their mailbox, every calendar is an Exchange mailbox's default one.
SERVICE, NAME = "ews", ""


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC: ``timestamp with time zone`` in PostgreSQL, the same in UTC without the zone in SQLite."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """As the class says."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database; a naive datetime is a mistake of ours and raises."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone must not reach the state database")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _calendar() -> tuple[sa.Column[Any], ...]:
    """What names a calendar, as part of a primary key: the mailbox's address, the service, the calendar's name in the mailbox.

    The address comes first, as it is what queries ask by.
    The name is empty for a mailbox's default calendar. What the timetable calls a calendar is its ``label``.
    """
    return (
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, primary_key=True, server_default=SERVICE),
        sa.Column("name", sa.Text, primary_key=True, server_default=NAME),
    )


def _calendar_beside() -> tuple[sa.Column[Any], ...]:
    """The same two beside an ``address``, where they are no part of the primary key."""
    return (
        sa.Column("service", sa.Text, nullable=False, server_default=SERVICE),
        sa.Column("name", sa.Text, nullable=False, server_default=NAME),
    )


# JSON and not JSONB: what a change was like is kept as it was, and JSONB refuses U+0000 and lone surrogates.
# https://www.postgresql.org/docs/current/datatype-json.html

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("change_key", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("starts", Moment, nullable=False),
    sa.Column("ends", Moment, nullable=False),
    # Digest of the body and of how the service shows it, where it does not show it as it was written; else NULL.
    sa.Column("body", sa.Text),
    sa.Index("ledger_by_start", "source", "address", "starts"),
    sqlite_with_rowid=False,
)

sighting = sa.Table(
    "sighting",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("sign", sa.Text),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("seen", Moment, nullable=False),
    sa.Column("others", sa.Integer, nullable=False),
    sa.Column("intact", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("finished", Moment),
    sa.Column("window_start", Moment, nullable=False),
    sa.Column("window_end", Moment, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("only_calendars", sa.JSON, nullable=False),
    sa.Column("forced_guards", sa.JSON, nullable=False),
    sa.Column("exit_code", sa.Integer),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    # The start of the schedule that it was for; NULL for a run that somebody asked for.
    sa.Column("due", Moment),
    sa.Index("run_by_source", "source", "id"),
    sqlite_autoincrement=True,
)

run_calendar = sa.Table(
    "run_calendar",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    *_calendar(),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("updated", sa.Integer, nullable=False),
    sa.Column("deleted", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("advice", sa.Text, nullable=False),
    sa.Index("run_calendar_by_address", "address", "run_id"),
)

verdict = sa.Table(
    "verdict",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    sa.Column("guard", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("label", sa.Text),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("counted", sa.Integer, nullable=False),
    sa.Column("out_of", sa.Integer, nullable=False),
    sa.Column("allowed", sa.Integer, nullable=False),
    sa.Column("forced", sa.Boolean, nullable=False),
    *_calendar_beside(),
    sa.Column("scope", sa.JSON, nullable=False, server_default="[]"),
    sa.Index("verdict_by_run", "run_id"),
    sa.Index("verdict_by_address", "address", "run_id"),
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", sa.JSON(none_as_null=True)),
    sa.Column("after", sa.JSON(none_as_null=True)),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    *_calendar_beside(),
    sa.Index("history_by_key", "source", "key", "id"),
    sa.Index("history_by_address", "source", "address", "id"),
    sa.Index("history_by_run", "run_id", "source", "id"),
)

lease = sa.Table(
    "lease",
    metadata,
    # These columns keep their names and meaning in every later version: ``state upgrade`` reads them in older schemas.
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("born", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    # In SQLite also by the seconds since the host booted, and whose seconds these are; ``host_clock`` says what is compared.
    sa.Column("clock", sa.Text, nullable=False, server_default=""),
    sa.Column("runs_out", sa.Double, nullable=False, server_default="0"),
)

held = sa.Table(
    "held",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    # Empty where the whole run is held: a primary key takes no NULL.
    *_calendar(),
    sa.Column("guard", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("counted", sa.Integer, nullable=False),
    sa.Column("out_of", sa.Integer, nullable=False),
    sa.Column("allowed", sa.Integer, nullable=False),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("since_run", sa.Integer, nullable=False),
    # The patterns of --calendar that name just what is held.
    sa.Column("scope", sa.JSON, nullable=False, server_default="[]"),
)

held_change = sa.Table(
    "held_change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", sa.JSON(none_as_null=True)),
    sa.Column("after", sa.JSON(none_as_null=True)),
    *_calendar_beside(),
    sa.Index("held_change_by_address", "source", "address", "id"),
)

held_count = sa.Table(
    "held_count",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("updated", sa.Integer, nullable=False),
    sa.Column("deleted", sa.Integer, nullable=False),
)

held_loss = sa.Table(
    "held_loss",
    metadata,
    # Of each key here nothing would stand any more: a release covers these, and no more.
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("key", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

visited = sa.Table(
    "visited",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("label", sa.Text, nullable=False),
    # The service's own id of the folder, opaque; empty where it is not known.
    sa.Column("folder", sa.Text, nullable=False),
    # The service's time of the last complete look at it; NULL before the first.
    sa.Column("seen", Moment),
    # Nights in a row in which the service said that there is no such mailbox.
    sa.Column("gone_nights", sa.Integer, nullable=False, server_default="0"),
    # The last of them: two runs in one night are one night.
    sa.Column("gone_last", Moment),
    sqlite_with_rowid=False,
)

named_copy = sa.Table(
    "named_copy",
    metadata,
    # A copy that a person made of an event of ours: it was named, and is not named again while it stands.
    sa.Column("source", sa.Text, primary_key=True),
    *_calendar(),
    sa.Column("item_id", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

create_intent = sa.Table(
    "create_intent",
    metadata,
    # A request that makes events is entered here before it is sent, and struck out with the record of what came of it.
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    *_calendar_beside(),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("keys", sa.JSON, nullable=False),
    sa.Column("sent", Moment, nullable=False),
    # In SQLite also as seconds since the host booted, and whose these are, as in the lease.
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Index("create_intent_by_calendar", "source", "address"),
)

matter = sa.Table(
    "matter",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("detail", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("advice", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("seen", Moment, nullable=False),
    sa.Column("gone", Moment),
    sa.Column("told", sa.JSON, nullable=False),
)

noted = sa.Table(
    "noted",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
