"""Jinja2 templates over a lesson's columns: sandboxed, checked before anything is read, an unknown name being an error."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from timetable_sync.errors import UsageError
from timetable_sync.timetable.names import nearest

#: No rendered text may be longer; Exchange would take more, people would not read it.
LONGEST_TEXT = 32_768

_NOT_IN_ADDRESS = re.compile(r"[^a-z0-9._-]+")


class TemplateFailed(Exception):
    """A template failed for one lesson. Its text says which and why."""


def slug(text: object) -> str:
    """``text`` as a part of a mail address: lower case, everything but a-z, 0-9, dot, hyphen and underscore a hyphen."""
    return _NOT_IN_ADDRESS.sub("-", str(text).casefold()).strip("-.")


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=autoescape)
    environment.filters["slug"] = slug
    return environment


class Templates:
    """Compiles the configuration's templates. ``names`` are the variables that every template may use."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(set(names))
        self._text = _environment(autoescape=False)
        self._html = _environment(autoescape=True)

    def names_in(self, source: str) -> set[str]:
        """The variables that a template which compiles uses."""
        return meta.find_undeclared_variables(self._text.parse(source))

    def compile(self, key: str, source: str, *, html: bool = False, also: Iterable[str] = ()) -> "Compiled":
        """The template ``source`` of the configuration's ``key``. ``also`` are further names. Raises UsageError naming key and mistake."""
        environment = self._html if html else self._text
        known = [*self._names, *also]
        try:
            unknown = sorted(meta.find_undeclared_variables(environment.parse(source)) - set(known) - set(environment.globals))
            template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise UsageError(f"{key} is not a template: {error.message}", "Templates are Jinja2, as in {{ title }}.") from None
        except TemplateError as error:
            raise UsageError(f"{key} is not a template: {error}", "Templates are Jinja2, as in {{ title }}.") from None
        if unknown:
            raise UsageError(
                f'{key} uses "{unknown[0]}", which no column is called{nearest(unknown[0], known)}',
                "Name the column in [timetable.columns], or mend the template.",
            )
        return Compiled(key, template)


class Compiled:
    """One template of the configuration."""

    def __init__(self, key: str, template: Template) -> None:
        self.key = key
        self._template = template

    def render(self, columns: Mapping[str, Any]) -> str:
        """The text for a lesson. Raises TemplateFailed."""
        parts, length = [], 0
        try:
            # Piece by piece, so that a loop over range(10**5) ends at the limit and not when memory does.
            for part in self._template.generate(columns):
                parts.append(part)
                length += len(part)
                if length > LONGEST_TEXT:
                    raise TemplateFailed(f"{self.key} gives more than {LONGEST_TEXT} characters")
        except TemplateFailed:
            raise
        except RecursionError:
            raise TemplateFailed(f"{self.key} calls itself without end") from None
        except Exception as error:  # a template may do anything to any value, and one lesson must not stop the others
            raise TemplateFailed(f"{self.key}: {error}") from None
        return "".join(parts)
