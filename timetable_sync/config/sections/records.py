"""``[state]``, ``[history]`` and ``[report]``: where our record is kept and for how long, and the reports."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from timetable_sync.config.database_url import state_url
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.table import LocalPath, Section
from timetable_sync.config.units import Duration, SomeTime


class StateDatabase(Section):
    """The ledger, the history and the lease."""

    url: Annotated[str, AfterValidator(state_url)] = Field(
        "sqlite:////var/lib/timetable-sync/state.db",
        description="SQLAlchemy URL, without the password: SQLite for one host, PostgreSQL for one or several.",
    )
    password: SecretRef | None = Field(None, description="The database password, by reference.", examples=[{"credential": "state-db"}])
    lease: SomeTime = Field(timedelta(minutes=5), description="A run that does not renew its lease for so long is taken for dead.")


class History(Section):
    """What is remembered of runs and of every change they made."""

    keep: SomeTime = Field(
        timedelta(days=730),
        description="How long; older runs are forgotten at the end of a run. Events that live longer lose the beginning of their story.",
    )


class Report(Section):
    """Where reports of nights are kept."""

    directory: LocalPath | None = Field(
        None, description="Folder for a report of every run; without it none are kept.", examples=["/var/lib/timetable-sync/reports"]
    )
    keep: Duration = Field(timedelta(days=60), description="How long they are kept.")
