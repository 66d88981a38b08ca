"""The environment overrides any key: ``TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE=4`` sets ``run.calendars_at_once``."""

import tomllib
from collections.abc import Mapping
from typing import Any

from timetable_sync.settings.places import Places
from timetable_sync.settings.problems import Problem, keys_at, nearest

PREFIX = "TIMETABLE_SYNC_"

#: Variables with the prefix that are no keys.
RESERVED = frozenset({"TIMETABLE_SYNC_CONFIG", "TIMETABLE_SYNC_TEST_DATA"})


def override(tables: dict[str, Any], environ: Mapping[str, str], places: Places) -> list[Problem]:
    """Set in ``tables`` what ``environ`` says; a value is read as TOML where it is TOML, else as text.

    Gives what is wrong with the variables' names.
    """
    problems = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        path = tuple(part.lower() for part in variable.removeprefix(PREFIX).split("__"))
        problem = _unknown(path, variable)
        if problem is not None:
            problems.append(problem)
            continue
        table: Any = tables
        for part in path[:-1]:
            inner = table.get(part)
            # A share written as text may be refined by a table: guards.deletes_in_run = "10 %" and …__AT_LEAST.
            table[part] = inner if isinstance(inner, dict) else {"share": inner} if isinstance(inner, str) else {}
            table = table[part]
        table[path[-1]] = _value(environ[variable])
        places.set_by(path, variable)
    return problems


def _unknown(path: tuple[str, ...], variable: str) -> Problem | None:
    for depth, part in enumerate(path):
        known = keys_at(path[:depth])
        if known and part not in known:
            at = ".".join(path[:depth])
            return Problem(variable, f'there is no key "{part}"{" in " + at if at else ""}{nearest(part, known)}')
    if len(path) == 1:
        return Problem(variable, f"{path[0]} is a table; name a key in it, as in {variable}__{keys_at(path)[0].upper()}")
    return None


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
