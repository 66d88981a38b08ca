"""Where each value of the effective configuration came from: a line of the file, a variable, or the default. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from timetable_sync.settings.keys import KeyPath, holds, key_at
from timetable_sync.settings.places import Places, dotted
from timetable_sync.settings.schema import Settings

DEFAULT = "default"


def effective(settings: Settings) -> dict[str, Any]:
    """The settings as plain values: durations and shares as people write them, secrets as references. Unset keys are None."""
    return settings.model_dump(mode="json")


def effective_default(field: FieldInfo) -> Any:
    """A key's default as plain values, as people write it; None where there is none."""
    default = field.get_default(call_default_factory=True)
    # Unset parts of a default are left out: nobody would write them.
    return TypeAdapter(field.rebuild_annotation()).dump_python(default, mode="json", exclude_none=True)


def leaves(node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value with its path. Lists of plain values, and empty ones, are values themselves."""
    if isinstance(node, Mapping):
        for name, inner in node.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(node, list) and any(isinstance(inner, Mapping) for inner in node):
        for number, inner in enumerate(node):
            yield from leaves(inner, (*path, number))
    else:
        yield path, node


def origins_of(settings: Settings, tables: Mapping[str, Any], places: Places) -> dict[str, str]:
    """By dotted key. ``tables`` is what file and environment said together."""
    return {dotted(path): places.of(path, short=True) if _said(tables, path) else DEFAULT for path, _ in leaves(effective(settings))}


def _said(tables: Any, path: KeyPath) -> bool:
    """Whether the value at ``path`` was given, and be it by a text that stands for a whole table."""
    node: Any = tables
    for place, part in enumerate(path):
        if not holds(node, part):
            key = key_at(path[:place])
            return isinstance(node, str) and key is not None and part == getattr(key.model, "shorthand", None)
        node = node[part]
    return True
