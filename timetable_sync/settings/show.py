"""The configuration in force, as TOML with the origin of each value beside it, or as JSON's values. Secrets are shown as references."""

from collections.abc import Iterator, Mapping
from typing import Any

from timetable_sync.settings.database_url import masked
from timetable_sync.settings.load import Loaded
from timetable_sync.settings.origins import DEFAULT, effective, leaves
from timetable_sync.settings.places import dotted
from timetable_sync.settings.toml_text import toml_key, toml_value

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
