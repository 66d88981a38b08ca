"""The example configuration, made from the schema: every key with its meaning, its unit and its default."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from timetable_sync.settings.schema import Settings

_HEAD = """\
# timetable-sync: the configuration.
#
# What stands without a # is needed. The rest shows its default: take the # away to change it.
# Check it with:       timetable-sync config check
# Any key can be set by the environment instead: TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE=4
# Secrets never stand here. Say where they lie: { file = "…" }, { env = "…" } or { credential = "…" } (systemd).
# Durations are written as in "10 minutes", "3 hours", "180 days"; shares as in "10 %".
"""

#: Tables of free names, which no schema can show.
_COLUMNS = """\
[timetable.columns]
# Which column of the query is what. Needed: calendar, start, end (or duration), title, and activity (or key).
# Any further name is at the templates' disposal.
activity = "activity_id"      # the teaching activity; with its week and number in the week it is the event's identity
calendar = "module_code"      # a lesson may name several, in several rows
start    = "starts_at"
end      = "ends_at"          # or: duration = { column = "minutes", unit = "minutes" }
title    = "module_title"
# type     = "activity_type"
# rooms    = { column = "room", many = true }        # rows that differ in it alone are one lesson
# staff    = { column = "lecturer", many = true }
# groups   = { column = "student_group", many = true }
# cancelled = { column = "status", values = ["X"], action = "mark" }    # "delete" or "mark": shown as cancelled and free
# key      = "instance_id"    # instead of activity: an id of the source's own that stays from night to night
"""
_RULES = """\
# Exceptions, by the values of columns. Rules on calendar win over rules on type, those over others; then the later one.
# [[event.rules]]
# when       = { type = "Exam" }
# categories = ["Timetable", "Exam"]
# reminder   = "1 day"
"""


def example() -> str:
    """The whole example, as TOML that :func:`~timetable_sync.settings.load.load` takes once the files it names are there."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            parts.append("\n".join(_section(name, model)))
    return "\n".join(parts)


def _section(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"# {(model.__doc__ or '').strip().splitlines()[0]}"
    yield f"[{name}]"
    for key, field in model.model_fields.items():
        if key in ("columns", "rules"):
            continue
        yield from textwrap.wrap(_meaning(field), 118, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
        value = _value(model, key, field)
        yield f"{key} = {value}" if field.is_required() else f"# {key} = {value}"
    if "columns" in model.model_fields:
        yield ""
        yield _COLUMNS.rstrip("\n")
    if "rules" in model.model_fields:
        yield ""
        yield _RULES.rstrip("\n")
    yield ""


def _meaning(field: FieldInfo) -> str:
    if not field.is_required() and field.default is None and field.examples:
        return f"{field.description} For example:"
    return field.description or ""


def _value(model: type[BaseModel], key: str, field: FieldInfo) -> str:
    if field.examples:
        return toml_value(field.examples[0])
    if field.default is None:
        return _EMPTY.get(key, '"…"')
    # Dumped by the model, so that durations and shares come out as people write them.
    return toml_value(model.model_construct().model_dump(mode="json", include={key})[key])


_EMPTY = {
    "passphrase": '{ credential = "passphrase" }',
    "password": '{ credential = "password" }',
    "pilot": '["COMP*"]',
    "categories": '["Timetable"]',
}


def toml_value(value: Any) -> str:
    """``value`` (of JSON's types) as TOML, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items() if inner is not None) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
