"""What is wrong with a configuration, in plain words: place, what, and the nearest right thing. All of it at once."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from timetable_sync.errors import UsageError
from timetable_sync.settings.places import Places, dotted
from timetable_sync.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is a file and line, a variable or an option, or empty; ``what`` names the key and says what is wrong."""

    place: str
    what: str

    def line(self) -> str:
        """As one line."""
        return f"{self.place}: {self.what}" if self.place else self.what


class ConfigurationError(UsageError):
    """The configuration cannot be used; ``problems`` are all that was found."""

    def __init__(self, problems: Sequence[Problem], advice: str = "") -> None:
        self.problems = tuple(problems)
        lines = [problem.line() for problem in problems]
        message = lines[0] if len(lines) == 1 else f"{len(lines)} problems in the configuration:\n  " + "\n  ".join(lines)
        super().__init__(message, advice or "See every key with its meaning: timetable-sync config example")


def nearest(word: str, choices: Sequence[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or all choices where none is similar and there are few."""
    close = difflib.get_close_matches(word, choices, 1, 0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; there are: {', '.join(choices)}" if len(choices) <= 16 else ""


def problems_of(error: ValidationError, places: Places) -> list[Problem]:
    """pydantic's findings, in our words. Secrets cannot be among the values shown: they are given by reference."""
    found: dict[tuple[str, str], Problem] = {}
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if not _is_branch(part))
        what = _plainly(path, detail)
        found.setdefault((dotted(path), what), Problem(places.of(path), what))
    return list(found.values())


def keys_at(path: Sequence[str | int]) -> list[str]:
    """The keys that a table at ``path`` may have; none where any may stand."""
    model: Any = Settings
    for part in path:
        if isinstance(part, int):
            continue
        if model is None or part not in model.model_fields:
            return []
        model = _model_in(model.model_fields[part].annotation)
    return list(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _is_branch(part: str | int) -> bool:
    """Pydantic names the branch of a union or a validator in the place; people did not write those."""
    return isinstance(part, str) and (part.startswith(("function-", "literal[", "list[", "dict[", "constrained-")) or part in _TYPE_NAMES)


_TYPE_NAMES = frozenset({"str", "int", "bool", "timedelta", "float"})


def _plainly(path: tuple[str | int, ...], detail: ErrorDetails) -> str:
    name, kind, context = dotted(path), detail["type"], detail.get("ctx") or {}
    if kind == "extra_forbidden":
        return f'unknown key "{name}"{nearest(str(path[-1]), keys_at(path[:-1]))}'
    if kind == "missing":
        return f"{name} is missing; it is needed"
    if kind == "value_error":
        said = str(context.get("error", detail["msg"]))
        return f"{name}: {said}" if name else said
    wanted = _WANTED.get(kind)
    if kind == "literal_error":
        wanted = f"one of {context.get('expected', '')}"
    elif kind in ("greater_than_equal", "less_than_equal"):
        wanted = f"at {'least' if kind.startswith('greater') else 'most'} {context.get('ge', context.get('le'))}"
    if wanted is not None:
        return f"{name} is {_shown(detail['input'])}, but must be {wanted}"
    return f"{name} is {_shown(detail['input'])}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


_WANTED = {
    "string_type": 'text in quotes, as in "…"',
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": 'a list, as in ["…", "…"]',
    "dict_type": "a table",
    "model_type": "a table, as in { … }",
    "model_attributes_type": "a table, as in { … }",
    "time_delta_type": 'a duration, as in "3 hours"',
    "float_type": 'a share, as in "10 %"',
    "path_type": "a path in quotes",
}


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else "a table" if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else text[:57] + '…"'
