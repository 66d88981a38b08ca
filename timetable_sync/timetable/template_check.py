"""Try the configuration's templates on made-up lessons, so that what is wrong with one is known before there is any. Reads nothing.

Found is what would be refused of any lesson: names that there are not, what is no text, what asks the clock. Each is tried as a whole, and
each of its ``{{ … }}`` alone, as no made-up lesson takes every way through it. What fails of some lessons only, a night tells.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import Environment, Template, meta, nodes

from timetable_sync.config.schema import Settings
from timetable_sync.config.sections.event import Look
from timetable_sync.errors import UsageError
from timetable_sync.timetable.calendars import ADDRESS_KEY as ADDRESS
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.templates import TemplateFailed, Templates, environment, rendered
from timetable_sync.timetable.times import LocalClock

_START = 1_795_510_800  # 24 November 2026, 09:00 in London
#: Who asks what a value is knows what is written where it is another one.
_ASKING = frozenset(("string", "iterable", "sequence", "mapping", "callable", "number", "none"))


class _Written(NamedTuple):
    """A template of the configuration: its key, what names are given to it besides."""

    key: str
    source: str
    html: bool = False
    also: tuple[str, ...] = ()


def template_problems(settings: Settings) -> list[tuple[str, str]]:
    """The key of each template that cannot be used, and why: a sentence that goes on after the key."""
    variables, clock = (
        Variables(fields_of(settings.timetable), zoned="zone" in settings.timetable.columns),
        LocalClock(settings.timetable.time_zone),
    )
    templates, lessons, problems = Templates(variables, clock), _lessons(settings), list[tuple[str, str]]()
    for written in _templates_of(settings):
        try:
            templates.compile(written.key, written.source, str, html=written.html, also=written.also)
        except UsageError as error:
            problems.append((written.key, error.message.removeprefix(written.key).strip()))
            continue
        if why := _refusal(written, lessons):
            problems.append((written.key, f"cannot be used: {why}"))
    return problems


def _templates_of(settings: Settings) -> Iterator[_Written]:
    yield _Written(ADDRESS, settings.calendars.address)
    event = settings.event
    html = event.body_kind == "html"
    looks: list[tuple[str, Look]] = [("event", event), *((f"event.rules[{number}]", rule) for number, rule in enumerate(event.rules, 1))]
    for key, look in looks:
        for name, source in (("subject", look.subject), ("location", look.location), ("body", look.body)):
            if source is not None:
                yield _Written(f"{key}.{name}", source, html and name == "body")
        for source in look.categories or ():
            yield _Written(f"{key}.categories", source)
    yield _Written("event.cancelled_subject", event.cancelled_subject, also=("subject",))


def _refusal(written: _Written, lessons: Iterable[Mapping[str, Any]]) -> str:
    """Why it would be refused, or ""."""
    text = environment(autoescape=written.html)
    templates = [text.from_string(written.source), *_parts(text, written.source, {name for lesson in lessons for name in lesson})]
    for template in templates:
        for lesson in lessons:
            try:
                rendered(written.key, template, lesson)
            except TemplateFailed as error:
                if error.refused:
                    return str(error)
    return ""


def _parts(text: Environment, source: str, given: Collection[str]) -> Iterator[Template]:
    """Each ``{{ … }}`` alone that looks at nothing that the template itself names."""
    tree = text.parse(source)
    if any(test.name in _ASKING for test in tree.find_all(nodes.Test)):
        return
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"} | {macro.name for macro in tree.find_all(nodes.Macro)}
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            alone = nodes.Template([nodes.Output([part], lineno=output.lineno)], lineno=output.lineno)
            alone.set_environment(text)
            looked_at = meta.find_undeclared_variables(alone) - set(text.globals)
            if not isinstance(part, nodes.TemplateData) and looked_at <= set(given) - own:
                yield text.from_string(alone)


def _variables(settings: Settings) -> Variables:
    return Variables(fields_of(settings.timetable), zoned="zone" in settings.timetable.columns)


def _lessons(settings: Settings) -> list[dict[str, Any]]:
    """What templates see of lessons that have everything, and of such that have nothing, some of them cancelled."""
    fields, variables, clock = fields_of(settings.timetable), _variables(settings), LocalClock(settings.timetable.time_zone)
    zones = () if variables.zone is None else ("",)
    variables.set_mailboxes({"COMP101": "comp101@groups.example.ac.uk"})
    seen = []
    for filled, cancelled in ((True, False), (False, True), (True, True), (False, False)):
        texts = ("101 A", "B 102", "C") if filled else ()
        own = tuple(texts if field.several else " ".join(texts[:1]) for field in fields)
        calendars = ("COMP101", "MATH7") if filled else ("COMP101",)
        lesson = Lesson("2026/27", "A1", "2026-W48", 1, 1, _START, _START + 3_000, cancelled, calendars, (*own, *zones))
        values = variables.values(lesson, calendars[0])
        given = {name: variables.reader(name, clock)(values[place]) for name, place in variables.places.items()}
        seen.append({"subject": "Logic", **given})
    return seen
