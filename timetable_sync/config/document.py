"""Writes the configuration out: as the example, made from the schema, or as the effective configuration.

The example has every key with its meaning, its unit and its default. The effective configuration is TOML with the origin of each value
beside it, or JSON's values; secrets are shown as references.
"""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from timetable_sync.config.column_names import KNOWN_COLUMNS
from timetable_sync.config.database_url import masked
from timetable_sync.config.load import Loaded
from timetable_sync.config.schema import ROOT, Key
from timetable_sync.config.sections.columns import Child, Column
from timetable_sync.config.sections.event import EventRule
from timetable_sync.config.toml_positions import DEFAULT, dotted, effective, effective_default, leaves
from timetable_sync.config.toml_values import toml_key, toml_value

_WIDTH = 110

# Plain ASCII, so that it is the same file whatever a shell makes of the output.
_HEAD = """\
# timetable-sync: the configuration.
#
# What stands without # must be set. The rest is shown with its default: take the # away to change it, or remove the line.
# Lines that begin with "# " are explanations. Check what you wrote with: timetable-sync config check
#
# Durations are written "30 seconds", "10 minutes", "3 hours", "180 days"; shares "10 %".
# Relative paths start at the folder of this file.
# Secrets never stand here, but where they lie: { file = "secrets/key.pem" } (chmod 600), { env = "A_VARIABLE" },
# or { credential = "name" } for what systemd hands over by LoadCredential=.
# The environment overrides any key: TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE=4 sets calendars_at_once under [run].
"""


def example() -> str:
    """The whole example, as TOML that :func:`~timetable_sync.config.load.load` takes once the files it names are there."""
    return "\n".join([_HEAD, *(_section(name, key) for name in ROOT.names() if (key := ROOT.child(name)) is not None)])


def _section(name: str, key: Key) -> str:
    lines = [*_prose(docstring(key.model)), f"[{name}]", ""]
    tables: list[str] = []
    for inner in key.names():
        child = key.child(inner)
        if child is None or child.field is None:
            continue
        if child.free and inner == "children":
            tables += _children(name, inner, child)
        elif child.free and inner == "columns":
            tables += [*_prose(child.field.description or ""), f"[{name}.{inner}]", *_column_forms(), "", *_columns(child)]
        elif child.listed and child.field.examples and isinstance(child.field.examples[0][0], Mapping):
            tables += _list_of_tables(f"{name}.{inner}", child.field.examples[0][0])
        else:
            lines += [*_pair(inner, child), ""]
    return "\n".join(lines + tables)


def _pair(name: str, key: Key) -> Iterator[str]:
    field = key.field
    if field is None:
        return
    meaning = field.description or ""
    if len(key.choices) > 1 and not all(toml_value(choice) in meaning for choice in key.choices):
        meaning += f" One of {', '.join(toml_value(choice) for choice in key.choices)}."
    if field.is_required() or (isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("shown")):
        yield from _prose(meaning)
        yield f"{toml_key(name)} = {toml_value(field.examples[0] if field.examples else '')}"
        return
    default = effective_default(field)
    if not default and field.examples:
        unset = "Not set by default" if default is None else f"Default: {toml_value(default)}"
        yield from _prose(f"{meaning} {unset}; for example:")
        yield f"#{toml_key(name)} = {toml_value(field.examples[0])}"
    else:
        yield from _prose(meaning)
        yield f"#{toml_key(name)} = {toml_value(default)}"


def _children(section: str, name: str, key: Key) -> Iterator[str]:
    field = key.field
    if field is None or not field.examples:
        return
    yield from _prose(f"{field.description} {docstring(Child)}")
    for child, shown in field.examples[0].items():
        rest = [inner for inner in Child.model_fields if inner not in shown]
        yield from _prose(f"Further keys: {', '.join(rest)}.")
        yield f"#[{section}.{name}.{child}]"
        for inner, value in shown.items():
            yield f"#{toml_key(inner)} = {toml_value(value)}"
        yield ""


def _column_forms() -> Iterator[str]:
    """How a column is written, as the examples below use it."""
    yield from _prose(f"Each is the name of a column, or a table with {', '.join(Column.model_fields)}: see the examples.")


def _columns(key: Key) -> Iterator[str]:
    needed = key.field.examples[0] if key.field is not None and key.field.examples else {}
    for name, (meaning, written) in KNOWN_COLUMNS.items():
        yield from _prose(meaning)
        yield f"{'' if name in needed else '#'}{toml_key(name)} = {toml_value(written)}"
        yield ""


def _list_of_tables(name: str, shown: Mapping[str, Any]) -> Iterator[str]:
    rest = [key for key in EventRule.model_fields if key not in shown]
    yield from _prose(f"{docstring(EventRule)} Further keys: {', '.join(rest)}, as above.")
    yield f"#[[{name}]]"
    for key, value in shown.items():
        yield f"#{toml_key(key)} = {toml_value(value)}"
    yield ""


def docstring(model: type[BaseModel] | None) -> str:
    """A class's docstring as one paragraph."""
    return " ".join(((model.__doc__ if model is not None else "") or "").split())


def _prose(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False, break_long_words=False)


#: Grows when a field is added to the JSON; fields never vanish or change their meaning.
SCHEMA = 1

#: Origins stand in one column, as far as that leaves lines to be read.
_WIDEST = 60


def as_values(loaded: Loaded) -> dict[str, Any]:
    """For JSON: ``settings`` in the configuration's own structure, and ``origins`` by dotted key."""
    return {
        "schema": SCHEMA,
        "path": str(loaded.path),
        "base": str(loaded.base),
        "settings": _shown(loaded),
        "origins": dict(loaded.origins),
    }


def as_toml(loaded: Loaded) -> str:
    """For people: a file that could be used in the place of the configuration and its overrides."""
    parts = [f"# {loaded.path}, with what the environment overrides; relative paths start at {loaded.base}\n"]
    for name, section in _shown(loaded).items():
        plain, tables = _sorted_out(section)
        parts.append(_block(f"[{name}]", plain, (name,), loaded.origins))
        for inner, value in tables.items():
            if isinstance(value, list):
                blocks = (_block(f"[[{name}.{inner}]]", rule, (name, inner, number), loaded.origins) for number, rule in enumerate(value))
                parts += blocks
            else:
                parts.append(_block(f"[{name}.{inner}]", value, (name, inner), loaded.origins))
    return "\n".join(parts)


def _shown(loaded: Loaded) -> dict[str, Any]:
    values = effective(loaded.settings)
    for section in ("timetable", "state"):
        values[section]["url"] = masked(values[section]["url"])
    return values


def _sorted_out(section: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keys first, then what has a heading of its own."""
    headed = {
        name for name, value in section.items() if name == "columns" or (isinstance(value, list) and value and isinstance(value[0], dict))
    }
    return (
        {name: value for name, value in section.items() if name not in headed},
        {name: value for name, value in section.items() if name in headed},
    )


def _block(heading: str, values: Mapping[str, Any], path: tuple[str | int, ...], origins: Mapping[str, str]) -> str:
    lines = list(_lines(values, path, origins))
    width = max((len(line) for line, _ in lines if len(line) <= _WIDEST), default=0)
    return "\n".join([heading, *(f"{line:<{width}}  # {origin}" if origin else line for line, origin in lines), ""])


def _lines(values: Mapping[str, Any], path: tuple[str | int, ...], origins: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if value is None or (isinstance(value, Mapping) and all(inner is None for inner in value.values())):
            yield f"# {toml_key(name)} is not set", ""
            continue
        froms = [origins.get(dotted((*path, name, *inner)), DEFAULT) for inner, _ in leaves(value)]
        given = [origin for origin in dict.fromkeys(froms) if origin != DEFAULT]
        kept = value
        if path == ("timetable", "columns"):
            # Of a column only what was said: the rest would drown it.
            kept = {key: inner for key, inner in value.items() if origins.get(dotted((*path, name, key)), DEFAULT) != DEFAULT}
            kept = kept["column"] if kept.keys() == {"column"} else kept
        yield f"{toml_key(name)} = {toml_value(kept)}", ", ".join(given) or DEFAULT
