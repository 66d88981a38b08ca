"""pydantic's findings in plain words: what it must be, what it is, and the nearest right thing. Shows no value that may be a secret."""

import difflib
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, time
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from timetable_sync.config.errors import Problem
from timetable_sync.config.schema import Key, KeyPath, fixed_keys, holds, key_at
from timetable_sync.config.secrets import FORMS, SecretRef
from timetable_sync.config.toml_positions import Places, dotted
from timetable_sync.config.toml_values import toml_key, toml_value
from timetable_sync.config.validators import nearest

#: What the checks of several keys together say by themselves, with better places: see ``checks``.
ACROSS = "across"

_WANTED = {
    "string": "text in quotes",
    "int": "a whole number, without quotes",
    "bool": "true or false, without quotes",
    "list": 'a list, as in ["…", "…"]',
    "path": "a path in quotes",
}


def problems_of(error: ValidationError, tables: Mapping[str, Any], places: Places, *, spared: Set[KeyPath] = frozenset()) -> list[Problem]:
    """Every finding of ``error`` about ``tables``, one for each mistake: a key that is misspelt is not missing as well.

    ``spared`` are keys that are not called missing, as another mistake tells why they are.
    """
    details = [detail for detail in error.errors(include_url=False) if detail["type"] != ACROSS]
    meant = spared | {path for detail in details if detail["type"] == "extra_forbidden" for path in _meant(detail["loc"], tables)}
    found = []
    for detail in details:
        path = _written(detail, tables)
        if detail["type"] == "missing" and path in meant:
            continue
        what = _plainly(path, detail, tables)
        # Where a whole section is absent there is no line, and its name is said by the sentence.
        found.append(Problem(places.of(path), what, dotted(path) if len(path) > 1 or detail["type"] != "missing" else ""))
    return found


def _written(detail: ErrorDetails, tables: Mapping[str, Any]) -> KeyPath:
    """The place as people wrote it: pydantic also names the branches of its own validators."""
    path: KeyPath = ()
    node: Any = tables
    for part in detail["loc"]:
        if holds(node, part):
            node = node[part]
        elif not (detail["type"] == "missing" and isinstance(node, Mapping) and part == detail["loc"][-1]):
            break
        path = (*path, part)
    return path


def _meant(loc: Sequence[str | int], tables: Mapping[str, Any]) -> Iterator[KeyPath]:
    """The missing key that an unknown one probably is."""
    parent, name = tuple(loc[:-1]), str(loc[-1])
    key = key_at(parent)
    lacking = [] if key is None else [known for known in key.names() if known not in _at(tables, parent)]
    for close in difflib.get_close_matches(name.lower(), lacking, 1, 0.6):
        yield (*parent, close)


def _at(tables: Any, path: KeyPath) -> Any:
    for part in path:
        tables = tables[part]
    return tables


def _plainly(path: KeyPath, detail: ErrorDetails, tables: Mapping[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx") or {}
    key = key_at(path)
    match kind:
        case "extra_forbidden":
            said = _unknown(path, tables)
        case "missing":
            said = _missing(path, key)
        case "value_error":
            said = str(context.get("error", "cannot be used"))
        case "secret":
            said = detail["msg"]
        case "too_short" | "string_too_short":
            said = "must not be empty"
        case "greater_than_equal":
            said = f"must be at least {context.get('ge')}, not {detail['input']}"
        case "less_than_equal":
            said = f"must be at most {context.get('le')}, not {detail['input']}"
        case _:
            meant = _in_full(kind, key)
            said = f"must be {_wanted(kind, meant, path)}{_instead(path, meant, detail['input'])}"
    return said


def _unknown(path: KeyPath, tables: Mapping[str, Any]) -> str:
    parent, name = path[:-1], str(path[-1])
    key = key_at(parent)
    names = [] if key is None else key.names()
    free = [known for known in names if known not in _at(tables, parent)]
    what = "key" if parent else "section"
    if hint := nearest(name, free) or nearest(name, names):
        return f"is not a {what}{hint}"
    elsewhere = [known for known in fixed_keys() if known[-1] == name and len(known) <= 2]
    if len(elsewhere) == 1 and len(elsewhere[0]) == 2:
        return f"is not a {what} here; it belongs under [{elsewhere[0][0]}]"
    return f"is not a {what}; there are: {', '.join(names)}"


def _missing(path: KeyPath, key: Key | None) -> str:
    if len(path) == 1 and key is not None and key.model is not None:
        needed = [name for name, field in key.model.model_fields.items() if field.is_required()]
        return f"the section [{path[0]}] is missing; it needs {', '.join(needed)}"
    examples = (key.field.examples if key is not None and key.field is not None else None) or []
    return "is missing" + (f"; write it as in: {toml_key(str(path[-1]))} = {toml_value(examples[0])}" if examples else "")


def _wanted(kind: str, key: Key | None, path: KeyPath) -> str:
    if key is not None and key.choices:
        choices = [toml_value(choice) for choice in key.choices]
        return f"{', '.join(choices[:-1])} or {choices[-1]}"
    if key is not None and key.model is SecretRef:
        return f"a reference to where the secret lies, never the secret itself: {FORMS}"
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        if key is not None and (shorthand := getattr(key.model, "shorthand", "")):
            return f"text in quotes, or a table, as in {{ {shorthand} = … }}"
        return f"a table, as in [{dotted(path)}]" if len(path) == 1 or (key is not None and key.free) else "a table, as in { … = … }"
    return _WANTED.get(kind.partition("_")[0], "something else")


def _in_full(kind: str, key: Key | None) -> Key | None:
    """Of a table that a text may stand for, the key that it stands for, where the text is none of its choices."""
    shorthand = getattr(key.model, "shorthand", "") if key is not None and kind.startswith("literal") else ""
    return key.child(shorthand) if key is not None and shorthand else key


def _instead(path: KeyPath, key: Key | None, value: object) -> str:
    """What stands there; nothing where a secret or an address might be quoted."""
    if (key is not None and key.model is SecretRef) or "url" in path:
        return ""
    if isinstance(value, str):
        shown = f'"{value if len(value) <= 40 else value[:39] + "…"}"'
        hint = nearest(value, [str(choice) for choice in key.choices]) if key is not None else ""
        return f", not {shown}{hint}"
    return f", not {_kind(value)}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, (date, time)):
        return "a date or time"
    return "a list" if isinstance(value, list) else "a table"
