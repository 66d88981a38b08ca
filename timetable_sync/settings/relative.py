"""Relative paths in a configuration start at its folder, wherever the command was typed. Touches no file."""

from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel
from sqlalchemy.engine import make_url

from timetable_sync.settings.schema import Settings

#: Keys whose text may be ``file:`` and a path.
_QUERIES = frozenset({"query", "mailboxes_query"})

Model = TypeVar("Model", bound=BaseModel)


def anchored(settings: Settings, base: Path) -> Settings:
    """``settings`` with every relative path made absolute from ``base``: secrets, CA bundles, report folder, query, SQLite files."""
    found = _walk(settings, base)
    return found.model_copy(
        update={
            "timetable": found.timetable.model_copy(update={"url": _sqlite(found.timetable.url, base)}),
            "state": found.state.model_copy(update={"url": _sqlite(found.state.url, base)}),
        }
    )


def _walk(model: Model, base: Path) -> Model:
    changed: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            changed[name] = base / value
        elif isinstance(value, str) and name in _QUERIES:
            changed[name] = _query(value, base)
        elif isinstance(value, BaseModel):
            changed[name] = _walk(value, base)
        elif isinstance(value, dict):
            changed[name] = {key: _walk(inner, base) if isinstance(inner, BaseModel) else inner for key, inner in value.items()}
    return model.model_copy(update=changed)


def _query(query: str, base: Path) -> str:
    return f"file:{base / query.removeprefix('file:').strip()}" if query.startswith("file:") else query


def _sqlite(url: str, base: Path) -> str:
    """SQLAlchemy has a relative file start at the working folder, which is a different one under cron and systemd.

    A file may also be given as SQLite's own URI, ``sqlite:///file:name?uri=true`` (https://www.sqlite.org/uri.html).
    """
    parsed = make_url(url)
    file = parsed.database
    if parsed.get_backend_name() != "sqlite" or not file or ":memory:" in file or parsed.query.get("mode") == "memory":
        return url
    if not file.startswith("file:"):
        placed = str(base / file)
    elif not file.startswith("file:/"):
        placed = f"file:{quote(str(base))}/{file.removeprefix('file:')}"
    else:
        placed = file
    return url if placed == file else parsed.set(database=placed).render_as_string(hide_password=False)
