"""Jinja2 templates over a lesson's columns: sandboxed, checked before anything is read, an unknown name being an error.

Equal texts are made once: what a template makes depends on the variables that it names, so these are what is remembered by. Nothing
else may have a say, or events would change from night to night: ``random`` and ``lipsum`` are not there, nor is any clock.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

from jinja2 import Template, TemplateError, meta, nodes
from jinja2.exceptions import SecurityError

from timetable_sync.errors import UsageError
from timetable_sync.timetable.clean_text import slug
from timetable_sync.timetable.column_lookup import nearest_or_all
from timetable_sync.timetable.plain_templates import Kind, Known, Render, plain
from timetable_sync.timetable.template_names import Variables, written_outright
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT, allowance
from timetable_sync.timetable.template_values import SteadyEnvironment
from timetable_sync.timetable.times import LocalClock

T = TypeVar("T")

_REMEMBERED = 2_048
_ADVICE = "Templates are Jinja2, as in {{ title }}: docs/timetable.md."


class TemplateFailed(Exception):
    """A template failed for one lesson. ``key`` names it in the configuration, the text says why.

    ``refused`` says that no lesson would have it do better there: it asks for something that is not for templates.
    """

    def __init__(self, key: str, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.key, self.refused = key, refused


def environment(*, autoescape: bool) -> SteadyEnvironment:
    """What the configuration's templates are rendered in."""
    # Lines that hold nothing but a tag leave no empty line behind, as people expect of a body.
    environment = SteadyEnvironment(autoescape=autoescape, trim_blocks=True, lstrip_blocks=True)
    environment.add_filter("slug", slug)
    return environment


class Templates:
    """Compiles the configuration's templates over ``variables``."""

    def __init__(self, variables: Variables, clock: LocalClock) -> None:
        self._variables = variables
        self._clock = clock
        self._text = environment(autoescape=False)
        self._html = environment(autoescape=True)

    def compile(
        self,
        key: str,
        source: str,
        finish: Callable[[str], T],
        *,
        html: bool = False,
        also: Iterable[str] = (),
        remembered: int = _REMEMBERED,
    ) -> "Compiled[T]":
        """The template ``source`` of the configuration's ``key``; ``finish`` makes of each rendered text what is wanted.

        ``also`` are names that are given when it is rendered. The latest ``remembered`` texts are kept. Raises UsageError naming key and
        mistake.
        """
        environment = self._html if html else self._text
        also = tuple(also)
        try:
            tree = environment.parse(source)
            used = meta.find_undeclared_variables(tree) - set(environment.globals)
            template = environment.from_string(source)
        except TemplateError as error:
            said = (error.message or "it cannot be understood").rstrip(".")
            raise UsageError(f"{key} is not a template: {said[:1].lower()}{said[1:]}", _ADVICE) from None
        except RecursionError:
            raise UsageError(f"{key} is not a template: it is nested too deeply", _ADVICE) from None
        known = [*self._variables.names, *also]
        if unknown := sorted(used - set(known)):
            raise UsageError(
                f'{key} uses "{unknown[0]}", which is no column{nearest_or_all(unknown[0], known)}',
                "Mend the template, or name the column in [timetable.columns].",
            )
        names = sorted(used - set(also))
        compiled = Compiled(
            key, template, self._plain(tree, names, also, html=html), names, also, finish, self._variables, self._clock, remembered
        )
        compiled.outright = written_outright(tree)
        return compiled

    def _plain(self, tree: nodes.Template, names: Sequence[str], also: Sequence[str], *, html: bool) -> Render | None:
        known = {
            name: Known(place, kind, self._variables.reader(name, self._clock))
            for place, name in enumerate(names)
            if (kind := self._variables.kind(name)) is not None
        }
        known |= {name: Known(place, Kind.TEXT, _as_it_is) for place, name in enumerate(also, len(names))}
        return plain(tree, known, html=html)


class Compiled(Generic[T]):
    """One template of the configuration. ``used`` are the names of the variables that it looks at, ``places`` theirs among the values.

    ``outright`` are the names that it writes as they are.
    """

    def __init__(
        self,
        key: str,
        template: Template,
        plain: Render | None,
        used: Sequence[str],
        also: Sequence[str],
        finish: Callable[[str], T],
        variables: Variables,
        clock: LocalClock,
        remembered: int,
    ) -> None:
        self.key = key
        self._template, self._plain = template, plain
        self.used = tuple(used)
        self.outright: frozenset[str] = frozenset()
        self.places = {name: variables.places[name] for name in used}
        self._also = also
        self._finish = finish
        self._pick = _picker(list(self.places.values()))
        self._reading = [(name, variables.reader(name, clock)) for name in used]
        self._remembered = lru_cache(remembered)(self._make)

    def render(self, values: Sequence[Any], *also: str) -> T:
        """What it makes of a lesson's ``values`` (:class:`Variables`), and of texts for the further names. Raises TemplateFailed."""
        return self._remembered(self._pick(values), also)

    def _make(self, picked: tuple[Any, ...], also: tuple[str, ...]) -> T:
        text = None if self._plain is None else self._plain((*picked, *also))
        if text is not None:
            return self._finish(text)
        context = {name: read(value) for (name, read), value in zip(self._reading, picked, strict=True)}
        context.update(zip(self._also, also, strict=True))
        return self._finish(rendered(self.key, self._template, context))


def rendered(key: str, template: Template, context: Mapping[str, Any]) -> str:
    """What a template of :func:`environment` makes of ``context``. Raises TemplateFailed."""
    parts, length = [], 0
    try:
        # Piece by piece, so that a loop within a loop ends at the limit and not when memory does.
        with allowance():
            for part in template.generate(context):
                parts.append(part)
                length += len(part)
                if length > 2 * LONGEST_TEXT:
                    break
    except RecursionError:
        raise TemplateFailed(key, "it calls itself without end") from None
    except Exception as error:  # a template may do anything to any value, and one lesson must not stop the others
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise TemplateFailed(key, said, refused=isinstance(error, SecurityError)) from None
    return "".join(parts)


def _picker(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if not places:
        return lambda values: ()
    if len(places) == 1:
        place = places[0]
        return lambda values: (values[place],)
    return itemgetter(*places)


def _as_it_is(value: Any) -> Any:
    return value
