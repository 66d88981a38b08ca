"""Plain templates: what is made without Jinja is what Jinja makes, to the letter; what Jinja would refuse is left to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError

from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.plain_templates import Kind, Known, plain
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT, allowance
from timetable_sync.timetable.templates import TemplateFailed, Templates, environment
from timetable_sync.timetable.times import LocalClock

KNOWN = {
    name: Known(place, kind, lambda value: value)
    for place, (name, kind) in enumerate({"title": Kind.TEXT, "rooms": Kind.TEXTS, "nth": Kind.NUMBER, "note": Kind.TEXT}.items())
}
#: Letters that grow when their case changes, that a slug takes apart, and that HTML escapes.
LETTERS = st.one_of(st.characters(), st.sampled_from("ßİŉΐﬃﷺ½&<>'\"% ’é"))
TEXT = st.one_of(st.text(LETTERS, max_size=40), st.builds(str.__mul__, LETTERS, st.integers(0, 70_000)))
TEXTS = st.one_of(st.lists(st.text(LETTERS, max_size=12), max_size=6), st.just(["a"] * 250), st.just(["b" * 5_000, "c" * 70_000]))
FILTERS = st.sampled_from(["lower", "upper", "trim", "title", "capitalize", "slug", "join(', ')", "join", "length", "first", "join('<&')"])
EXPRESSION = st.builds(
    lambda name, filters: "{{ " + " | ".join([name, *filters]) + " }}", st.sampled_from(list(KNOWN)), st.lists(FILTERS, max_size=5)
)
LITERAL = st.one_of(
    st.sampled_from(["{# none #}", "{% raw %}{{ title }}{% endraw %}", "\n", "\r\n", " ", "%s", "100%", "%%", "<b>", "{ }"])
)
TEMPLATE = st.lists(st.one_of(EXPRESSION, LITERAL, st.text("ab%é<& \n", max_size=5)), max_size=14).map("".join)


def by_jinja(source: str, values: tuple[Any, ...], *, html: bool) -> str | None:
    """What the sandbox makes; None where it refuses."""
    template, parts, length = environment(autoescape=html).from_string(source), [], 0
    try:
        with allowance():
            for part in template.generate({name: values[known.place] for name, known in KNOWN.items()}):
                parts.append(part)
                length += len(part)
                if length > 2 * LONGEST_TEXT:
                    break
    except Exception as error:
        assert not isinstance(error, AssertionError)
        return None
    return "".join(parts)


@given(source=TEMPLATE, title=TEXT, rooms=TEXTS, nth=st.integers(-9, 10**12), note=TEXT, html=st.booleans())
def test_what_is_made_without_jinja_is_what_jinja_makes(source: str, title: str, rooms: list[str], nth: int, note: str, html: bool) -> None:
    tree = environment(autoescape=html).parse(source)
    render = plain(tree, KNOWN, html=html)
    values = (title, rooms, nth, note)
    if render is not None and (made := render(values)) is not None:
        assert made == by_jinja(source, values, html=html)
        assert type(made) is str


@pytest.mark.parametrize(
    "source",
    [
        "{{ calendar | lower }}@groups.example.ac.uk",
        "{{ calendar }} {{ type }}: {{ title }}",
        "{{ rooms | join(', ') }}",
        "{{ rooms | join }} 100 %",
        "{{ title | trim | slug }}{# why #}",
        "{{ nth }}/{{ duration }}, {{ week }}",
        "always the same",
        "",
    ],
)
@pytest.mark.parametrize("html", [False, True])
def test_the_templates_that_most_have_need_no_jinja(source: str, html: bool) -> None:
    names = ("calendar", "type", "title", "week")
    known = {name: Known(0, Kind.TEXT, str) for name in names} | {"rooms": Known(1, Kind.TEXTS, list)}
    known |= {name: Known(2, Kind.NUMBER, int) for name in ("nth", "duration")}
    render = plain(environment(autoescape=html).parse(source), known, html=html)
    assert render is not None
    assert render(("Logic", ("R1", "R2"), 3)) is not None


@pytest.mark.parametrize(
    "source",
    [
        "{% if title %}x{% endif %}",
        "{{ title.strip() }}",
        "{{ title ~ note }}",
        "{{ title or note }}",
        "{{ rooms }}",
        "{{ rooms | lower }}",
        "{{ rooms | join(title) }}",
        "{{ rooms | join(', ', attribute='x') }}",
        "{{ title | join(', ') }}",
        "{{ title | trim('x') }}",
        "{{ title | replace('a', 'b') }}",
        "{{ nth | upper }}",
        "{{ start }}",
        "{{ 'x' }}",
        "{% set x = title %}{{ x }}",
        "{% filter upper %}{{ title }}{% endfilter %}",
        "{{ title | lower | lower | lower | lower | lower }}",
        "{{ title }}" * 13,
        "x" * 10_000,
    ],
)
def test_what_is_more_than_text_names_and_filters_is_left_to_jinja(source: str) -> None:
    assert plain(environment(autoescape=False).parse(source), KNOWN, html=False) is None


@pytest.mark.parametrize(
    "values", [("x" * 1_025, [], 1, ""), ("x", ["r"] * 201, 1, ""), ("x", ["r" * 600] * 2, 1, ""), ("x", [], 10**9, "")]
)
def test_values_that_could_come_near_a_limit_are_left_to_jinja(values: tuple[Any, ...]) -> None:
    render = plain(environment(autoescape=False).parse("{{ title }}{{ rooms | join }}{{ nth }}"), KNOWN, html=False)
    assert render is not None
    assert render(values) is None


def test_a_text_that_the_sandbox_refuses_is_refused_in_a_plain_template_too() -> None:
    variables, clock = Variables([Field("title", False)]), LocalClock("Europe/London")
    template = Templates(variables, clock).compile("event.subject", "{{ title }}", str)
    with pytest.raises(TemplateFailed, match="longer than one may be"):
        template.render(variables.values(Lesson("", "A", "W", 1, 1, 0, 60, False, ("C",), ("x" * 70_000,)), "C"))


def test_an_unknown_name_is_nothing_that_is_plain() -> None:
    assert plain(environment(autoescape=False).parse("{{ tittle }}"), KNOWN, html=False) is None
    with pytest.raises(TemplateError):
        environment(autoescape=False).from_string("{{ title | slugg }}")
