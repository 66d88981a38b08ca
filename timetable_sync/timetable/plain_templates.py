"""Templates that are nothing but text, names and a few filters, without Jinja: most are, and are made in a twentieth of the time.

What comes out is what Jinja makes (a test holds both against each other). Jinja counts what a rendering spends (``template_sandbox``), and
this does not: it only makes what is so small that no limit is near, and leaves everything else to Jinja, by giving None.

That no limit is near: of at most 12 values with at most 1,024 characters each, 4 filters make at most 60,000 each, as the upper case of a
character is three at most, and what a slug makes of one 18 before it drops most of them. No text may have more than 65,535; and all of
them, at each of their steps, are less than the 4,000,000 that may be spent.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from jinja2 import nodes
from jinja2.filters import FILTERS
from markupsafe import escape

from timetable_sync.timetable.clean_text import slug
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT, WRITTEN

_MOST_VALUES = 12
_MOST_FILTERS = 4
_LONGEST_VALUE = 1_024
_LONGEST_SEPARATOR = 32
_MOST_TEXTS = 200
_MOST_WRITTEN = LONGEST_TEXT // 4

_FILTERS: Mapping[str, Callable[[str], str]] = {
    "capitalize": str.capitalize,
    "lower": str.lower,
    "slug": slug,
    "title": FILTERS["title"],
    "trim": str.strip,
    "upper": str.upper,
}


class Kind(Enum):
    """What a value is, whatever it says."""

    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"


class Known(NamedTuple):
    """A name that a template may use: its place among the values, their kind, and what makes of a value what the template sees."""

    place: int
    kind: Kind
    read: Callable[[Any], Any]


class _TooMuch(Exception):
    """For Jinja, which counts."""


#: The text that a template makes of values; None where Jinja has to.
Render = Callable[[Sequence[Any]], str | None]


def plain(tree: nodes.Template, known: Mapping[str, Known], *, html: bool) -> Render | None:
    """What renders ``tree`` (of a :class:`~timetable_sync.timetable.template_sandbox.BoundedEnvironment`), or None where only Jinja can."""
    pattern, makes = "", list[Callable[[Sequence[Any]], str]]()
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                pattern += part.data.replace("%", "%%")
                continue
            make = _value(part, known, html=html)
            if make is None:
                return None
            pattern += "%s"
            makes.append(make)
    if len(makes) > _MOST_VALUES or len(pattern) > _MOST_WRITTEN:
        return None

    def render(values: Sequence[Any]) -> str | None:
        try:
            text = pattern % tuple([make(values) for make in makes])
        except _TooMuch:
            return None
        return text if len(text) <= LONGEST_TEXT else None

    return render


def _value(part: nodes.Expr, known: Mapping[str, Known], *, html: bool) -> Callable[[Sequence[Any]], str] | None:
    """What makes the text of one ``{{ … }}``."""
    if not isinstance(part, nodes.Filter) or part.name != WRITTEN:
        return None
    inner, filters = part.node, list[nodes.Filter]()
    while isinstance(inner, nodes.Filter):
        filters.insert(0, inner)
        inner = inner.node
    if not isinstance(inner, nodes.Name) or inner.name not in known or len(filters) > _MOST_FILTERS:
        return None
    place, kind, read = known[inner.name]
    if kind is Kind.NUMBER:
        return None if filters else lambda values: str(_a_number(read(values[place])))
    first: Callable[[Any], str] = _a_text
    if kind is Kind.TEXTS:
        separator = _separator(filters.pop(0)) if filters else None
        if separator is None:
            return None
        first = _joined_by(separator)
    if any(one.name not in _FILTERS or _has_arguments(one) for one in filters):
        return None
    steps = [_FILTERS[one.name] for one in filters]

    def make(values: Sequence[Any]) -> str:
        text = first(read(values[place]))
        for step in steps:
            text = step(text)
        return str(escape(text)) if html else text

    return make


def _a_text(value: Any) -> str:
    if value.__class__ is not str or len(value) > _LONGEST_VALUE:
        raise _TooMuch
    text: str = value
    return text


def _a_number(value: Any) -> int:
    if value.__class__ is not int or not -(10**9) < value < 10**9:
        raise _TooMuch
    number: int = value
    return number


def _joined_by(separator: str) -> Callable[[Any], str]:
    def joined(values: Any) -> str:
        if len(values) > _MOST_TEXTS or any(value.__class__ is not str for value in values):
            raise _TooMuch
        return _a_text(separator.join(values))

    return joined


def _separator(join: nodes.Filter) -> str | None:
    """What stands between the texts, of a "join" that says it in so many words; None of another filter."""
    if join.name != "join" or join.kwargs or join.dyn_args is not None or join.dyn_kwargs is not None or len(join.args) > 1:
        return None
    if not join.args:
        return ""
    said = join.args[0]
    if isinstance(said, nodes.Const) and isinstance(said.value, str) and len(said.value) <= _LONGEST_SEPARATOR:
        return said.value
    return None


def _has_arguments(one: nodes.Filter) -> bool:
    return bool(one.args or one.kwargs) or one.dyn_args is not None or one.dyn_kwargs is not None
