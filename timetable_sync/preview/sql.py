"""The SQL that a night sends, by the key of the configuration that it comes from. Connects to nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from timetable_sync.config.load import Loaded
from timetable_sync.timetable.source import query_text


@dataclass(frozen=True, slots=True)
class Statement:
    """``key`` names it in the configuration; ``origin`` is the file that it stands in, or what gave it, or empty."""

    key: str
    origin: str
    sql: str


def statements(loaded: Loaded) -> list[Statement]:
    """In the order in which they are sent. Raises UsageError for a file that cannot be read."""
    return [Statement(key, _origin(loaded, key, query), query_text(query, loaded.base, key)) for key, query in _queries(loaded)]


def dialect(loaded: Loaded) -> str:
    """Which database's SQL it is: sqlite, postgresql, mysql, mariadb, mssql, oracle."""
    return make_url(loaded.settings.timetable.url).get_backend_name()


def _queries(loaded: Loaded) -> Iterator[tuple[str, str]]:
    timetable = loaded.settings.timetable
    if loaded.settings.calendars.mailboxes_query is not None:
        yield "calendars.mailboxes_query", loaded.settings.calendars.mailboxes_query
    weeks = timetable.weeks
    if weeks is not None and weeks.axis is not None and weeks.axis.query is not None:
        yield "timetable.weeks.axis.query", weeks.axis.query
    if weeks is not None and weeks.table is not None:
        yield "timetable.weeks.table.query", weeks.table.query
    for name, child in timetable.children.items():
        yield f"timetable.children.{name}.query", child.query
    yield "timetable.query", timetable.query


def _origin(loaded: Loaded, key: str, query: str) -> str:
    if query.startswith("file:"):
        return query.removeprefix("file:").strip()
    origin = loaded.origins.get(key, "")
    return origin if origin.startswith("preset ") else ""
