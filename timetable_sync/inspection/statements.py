"""The SQL that a night sends, by the key of the configuration that it comes from. Connects to nothing."""

from dataclasses import dataclass

from sqlalchemy.engine import make_url

from timetable_sync.settings.load import Loaded
from timetable_sync.timetable.query import query_text


@dataclass(frozen=True, slots=True)
class Statement:
    """``key`` names it in the configuration; ``origin`` is the file that it stands in, or empty."""

    key: str
    origin: str
    sql: str


def statements(loaded: Loaded) -> list[Statement]:
    """In the order in which they are sent. Raises UsageError for a file that cannot be read."""
    timetable = loaded.settings.timetable
    origin = timetable.query.removeprefix("file:").strip() if timetable.query.startswith("file:") else ""
    return [Statement("timetable.query", origin, query_text(timetable.query, loaded.base))]


def dialect(loaded: Loaded) -> str:
    """Which database's SQL it is: sqlite, postgresql, mysql, mariadb, mssql, oracle."""
    return make_url(loaded.settings.timetable.url).get_backend_name()
