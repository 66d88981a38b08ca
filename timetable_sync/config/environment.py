"""The environment overrides any key: ``TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE=4`` sets ``run.calendars_at_once``."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from timetable_sync.config.errors import Problem
from timetable_sync.config.schema import ROOT, Key, KeyPath, fixed_keys, holds
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.toml_positions import Places, dotted
from timetable_sync.config.validators import nearest

PREFIX = "TIMETABLE_SYNC_"

#: Variables with the prefix that are no keys, and how the names of those begin that the tests are told things by.
RESERVED = frozenset({"TIMETABLE_SYNC_CONFIG"})
_OF_TESTS = "TIMETABLE_SYNC_TEST_"

#: Kubernetes sets these for every container beside a service that is called timetable-sync.
#: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(r"TIMETABLE_SYNC_(SERVICE_(HOST|PORT)|PORT)(_[A-Z0-9_]+)?")

_NONE = object()


def override(tables: dict[str, Any], environ: Mapping[str, str], places: Places) -> list[Problem]:
    """Set in ``tables`` what ``environ`` says, and tell ``places``. Gives what is wrong with the variables.

    A value is read as TOML where it is TOML that fits the key, else as text. An empty variable takes the key out, so that its
    default counts. Of two variables the one that names the more exact key wins. A variable that a secret is kept in
    (``{ env = "TIMETABLE_SYNC_…" }``) may have the prefix.
    """
    variables = sorted((name for name in environ if name.startswith(PREFIX)), key=lambda name: (name.count("__"), name))
    candidates = [
        name for name in variables if name not in RESERVED and not name.startswith(_OF_TESTS) and not _OF_KUBERNETES.fullmatch(name)
    ]
    problems, strange, given = [], [], set[KeyPath]()
    for variable in candidates:
        target = _target(variable, tables)
        if target is None:
            strange.append(variable)
            continue
        path, key = target
        try:
            environ[variable].encode("utf-8")
        except UnicodeEncodeError:
            problems.append(Problem(variable, "is not UTF-8 text"))
            continue
        value = _value(environ[variable], key)
        if _set(tables, path, value, given):
            given.add(path)
            places.set_by(path, variable)
    kept_in = set(_variables_of_secrets(tables))
    problems += [Problem(variable, _unknown(variable)) for variable in strange if variable not in kept_in]
    return problems


def variable_of(path: KeyPath) -> str:
    """The variable that overrides the key at ``path``; list items count from 1."""
    return PREFIX + "__".join(str(part + 1) if isinstance(part, int) else part.upper() for part in path)


def _target(variable: str, tables: Mapping[str, Any]) -> tuple[KeyPath, Key] | None:
    """The key that a variable means: its path and type; None where there is no such key."""
    key: Key | None = ROOT
    path: KeyPath = ()
    node: Any = tables
    for part in variable.removeprefix(PREFIX).lower().split("__"):
        step: str | int = part
        if key is None or not part:
            return None
        if key.free and isinstance(node, Mapping):
            # Variables are upper case by custom; columns are written as people like.
            step = next((name for name in node if name.lower() == part), part)
        elif key.listed:
            if not (re.fullmatch("[0-9]{1,6}", part) and isinstance(node, list) and 1 <= int(part) <= len(node)):
                return None
            step = int(part) - 1
        key = key.child(step)
        path = (*path, step)
        node = _below(node, step)
    return None if key is None else (path, key)


def _below(node: Any, step: str | int) -> Any:
    return node[step] if holds(node, step) else None


def _value(text: str, key: Key) -> object:
    """``text`` as it fits the key: as TOML, else as it is. What fits neither way is left for the schema to judge."""
    if not text:
        return _NONE
    found = _NONE
    try:
        document = tomllib.loads(f"value = {text}")
        found = document["value"] if document.keys() == {"value"} else _NONE
    except (ValueError, RecursionError):
        pass  # No TOML: it is the text itself.
    if found is _NONE:
        return text
    return found if _fits(found, key) or not _fits(text, key) else text


def _fits(value: object, key: Key) -> bool:
    try:
        TypeAdapter(key.annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def _set(tables: dict[str, Any], path: KeyPath, value: object, given: set[KeyPath]) -> bool:
    """Whether it could be set: where the file has something of a wrong type in the way, that is the mistake to be told."""
    node: Any = tables
    key = ROOT
    for place, part in enumerate(path[:-1]):
        inner, child = _below(node, part), key.child(part)
        if child is None:
            return False
        if inner is None:
            inner = {}
        elif isinstance(inner, str) and (shorthand := _shorthand(child)):
            inner = {shorthand: inner}
        elif child.model is SecretRef and isinstance(inner, dict):
            # Another kind of reference takes the place of the file's, as the two could not stand together.
            inner = {name: known for name, known in inner.items() if name == path[-1] or (*path[: place + 1], name) in given}
        if not isinstance(inner, list if child.listed else dict):
            return False
        node[part] = inner
        node, key = inner, child
    if value is not _NONE:
        node[path[-1]] = value
    elif isinstance(node, dict):
        node.pop(path[-1], None)
    return True


def _shorthand(key: Key) -> str:
    model: type[BaseModel] | None = key.model
    return getattr(model, "shorthand", "") if model is not None else ""


def _variables_of_secrets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(named := node.get("env"), str):
            yield named
        for inner in node.values():
            yield from _variables_of_secrets(inner)


@cache
def _variables() -> list[str]:
    return [variable_of(path) for path in fixed_keys()]


def _unknown(variable: str) -> str:
    hint = nearest(variable, _variables())
    form = f"; variables are named as in {variable_of(('run', 'calendars_at_once'))} for {dotted(('run', 'calendars_at_once'))}"
    return f"overrides no key{hint or form}"
