"""Relative paths in a configuration start at its folder, wherever the command was typed."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from timetable_sync.settings.schema import Settings

Model = TypeVar("Model", bound=BaseModel)


def anchored(settings: Settings, base: Path) -> Settings:
    """``settings`` with every relative path (secrets, CA bundles, report folder, SQLite files) made absolute from ``base``."""
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
            changed[name] = base / value.expanduser()
        elif isinstance(value, BaseModel):
            changed[name] = _walk(value, base)
    return model.model_copy(update=changed)


def _sqlite(url: str, base: Path) -> str:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return url
    file = parsed.database
    if parsed.get_backend_name() != "sqlite" or not file or file == ":memory:" or file.startswith("file:") or Path(file).is_absolute():
        return url
    return parsed.set(database=str(base / file)).render_as_string(hide_password=False)
