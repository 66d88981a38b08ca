"""Templates: checked before anything is read, sandboxed, and the same whenever they are rendered."""

from typing import Any

import pytest

from timetable_sync.errors import UsageError
from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT
from timetable_sync.timetable.templates import Compiled, TemplateFailed, Templates
from timetable_sync.timetable.times import LocalClock

CLOCK = LocalClock("Europe/London")
VARIABLES = Variables([Field("rooms", True), Field("title", False), Field("note", False)])
START = CLOCK.start("2026-11-24 09:00") or 0


def compiled(source: str, **more: Any) -> Compiled[str]:
    return Templates(VARIABLES, CLOCK).compile("event.subject", source, str, **more)


def values(title: str = "Logic", rooms: tuple[str, ...] = ("R1", "R2"), note: str = "", calendar: str = "COMP101") -> tuple[Any, ...]:
    lesson = Lesson("2026/27", "A1", "2026-W48", 2, 7, START, START + 5400, False, ("COMP101", "MATH7"), (rooms, title, note))
    return VARIABLES.values(lesson, calendar)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ calendar }}: {{ title }}", "COMP101: Logic"),
        ("{{ rooms | join(', ') }}", "R1, R2"),
        ("{{ rooms[0] }}", "R1"),
        ("{{ start.strftime('%a %H:%M') }}-{{ end.strftime('%H:%M %Z') }}", "Tue 09:00-10:30 GMT"),
        ("{{ duration }} min", "90 min"),
        ("{{ period }} {{ activity }} {{ key }} {{ week }} {{ nth }}", "2026/27 A1 A1 2026-W48 2"),
        ("{{ calendars | join('+') }}", "COMP101+MATH7"),
        ("{% if cancelled %}gone{% else %}on{% endif %}", "on"),
        ("{{ note }}{{ 'x' if note }}", ""),
        ("{{ note or title }}", "Logic"),
        ("{{ 'Génie civil' | slug }}", "genie-civil"),
        ("{% for room in rooms %}\n  {% if loop.first %}\nin {% endif %}\n{{ room }}\n{% endfor %}\n", "in R1\nR2\n"),
        ("{{ 3 * 4 }}{{ 2 ** 3 }}{{ 'ab' * 2 }}", "128abab"),
        ("constant", "constant"),
    ],
)
def test_a_template_sees_the_columns_and_what_is_always_there(source: str, text: str) -> None:
    assert compiled(source).render(values()) == text


def test_a_missing_value_is_empty_and_no_error() -> None:
    assert compiled("[{{ note }}|{{ rooms | join }}|{{ title | upper }}]").render(values(rooms=(), title="")) == "[||]"


def test_an_unknown_name_is_a_usage_error_with_key_and_nearest_column() -> None:
    with pytest.raises(UsageError) as caught:
        compiled("{{ tittle }}")
    assert caught.value.message == 'event.subject uses "tittle", which is no column; did you mean "title"?'


@pytest.mark.parametrize("source", ["{{ title", "{% for %}", "{{ title | slugg }}", "{% include 'x' %}{% endif %}", "{{ title | random }}"])
def test_a_template_that_cannot_be_parsed_is_a_usage_error_with_its_key(source: str) -> None:
    with pytest.raises(UsageError, match=r"^event\.subject is not a template: \S"):
        compiled(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ rooms[9] }}",
        "{{ title.nothing }}",
        "{{ title + 1 }}",
        "{{ 1 / 0 }}",
        "{{ title.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{% include 'x' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ range(100000) | list | length }}",
        "{{ 'x' * 100000000 }}",
        "{{ [0] * 100000000 }}",
        "{{ 100000000 * 'x' }}",
        "{{ 9 ** 999999 }}",
        "{{ 'a' ** 2 }}",
        "{{ start.strftime }}{{ rooms.append('R9') }}",
    ],
)
def test_what_fails_or_is_not_allowed_fails_for_this_lesson_with_a_line_that_says_so(source: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        compiled(source).render(values())
    assert caught.value.key == "event.subject"
    assert 0 < len(str(caught.value)) <= 200
    assert "\n" not in str(caught.value)


def test_a_loop_within_a_loop_ends_at_the_limit() -> None:
    bomb = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}xxxxxxxxxx{% endfor %}{% endfor %}{% endfor %}"
    assert LONGEST_TEXT < len(compiled(bomb).render(values())) < 3 * LONGEST_TEXT


def test_nothing_random_is_at_hand() -> None:
    for source in ("{{ rooms | random }}", "{{ lipsum() }}"):
        with pytest.raises(UsageError):
            compiled(source)


def test_columns_are_escaped_in_html_and_the_template_is_not() -> None:
    template = compiled("<b>{{ title }}</b>", html=True)
    assert template.render(values(title="<script> & 'co'")) == "<b>&lt;script&gt; &amp; &#39;co&#39;</b>"


def test_what_looks_like_a_template_in_a_column_is_text() -> None:
    assert compiled("{{ title }}").render(values(title="{{ 7 * 7 }}{% raw %}")) == "{{ 7 * 7 }}{% raw %}"


def test_further_names_are_given_when_it_is_rendered() -> None:
    template = compiled("Cancelled: {{ subject }}", also=("subject",))
    assert [template.render(values(), text) for text in ("one", "two", "one")] == ["Cancelled: one", "Cancelled: two", "Cancelled: one"]


def test_equal_values_are_rendered_once() -> None:
    made: list[str] = []

    def finish(text: str) -> str:
        made.append(text)
        return text

    template = Templates(VARIABLES, CLOCK).compile("event.subject", "{{ title }}", finish)
    assert [template.render(values(note=note)) for note in "abc"] == ["Logic"] * 3
    assert made == ["Logic"]


def test_a_column_of_the_sites_own_comes_before_a_name_that_is_always_there() -> None:
    variables = Variables([Field("title", False), Field("week", False)])
    lesson = Lesson("", "A1", "2026-W48", 1, 1, START, START + 60, False, ("C",), ("Logic", "teaching week 9"))
    template = Templates(variables, CLOCK).compile("event.subject", "{{ week }}", str)
    assert template.render(variables.values(lesson, "C")) == "teaching week 9"


def test_the_week_is_the_iso_week_where_keys_are_the_sources_own_too() -> None:
    lesson = Lesson("", "id-7", "own", 1, 1, START, START + 60, False, ("C",), ((), "Logic", ""))
    assert compiled("{{ week }} {{ key }}").render(VARIABLES.values(lesson, "C")) == "2026-W48 id-7"
