"""Whether all stands that a night needs: asked before the daemon says that it is ready."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.engine import make_url

from timetable_sync.chronicle.starts import Starts, starts_of
from timetable_sync.errors import UsageError
from timetable_sync.settings.load import Loaded
from timetable_sync.state.database import open_state
from timetable_sync.timetable.source import open_rows

#: Asks for nothing, in the words of databases that do not know a SELECT of nothing.
_NOTHING = {"oracle": "SELECT 1 FROM dual"}


def schedule(loaded: Loaded) -> Starts:
    """The starts of the configuration. Raises UsageError where there is none at all."""
    starts = starts_of(loaded.settings)
    if starts.next(datetime.now(UTC)) is None:
        raise UsageError("schedule.cron never comes", "Look at it with: timetable-sync next")
    return starts


def databases(loaded: Loaded, environ: Mapping[str, str]) -> None:
    """The state database can be used, and is made if it is empty; the timetable's answers.

    Raises StateUnusable and TimetableUnusable, which may pass, and UsageError, which lasts.
    """
    open_state(loaded.settings.state, environ=environ).close()
    timetable = loaded.settings.timetable
    nothing = _NOTHING.get(make_url(timetable.url).get_backend_name(), "SELECT 1")
    with open_rows(timetable.model_copy(update={"query": nothing}), loaded.base, environ):
        pass
