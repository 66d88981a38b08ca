"""Templates that no lesson could be shown by are found before there is any lesson, whichever way through them leads there."""

from typing import Any

import pytest

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.config.schema import Settings
from timetable_sync.timetable.template_check import template_problems

NO_TEXT = "rooms is a list, and no text: join it, as in {{ rooms | join(', ') }}"


def with_body(body: str, **event: Any) -> Settings:
    return configuration(event={"body": body, **event})


@pytest.mark.parametrize("kind", ["text", "html"])
@pytest.mark.parametrize(
    "body",
    [
        "{{ rooms }}",
        "{% if cancelled %}{{ rooms }}{% endif %}",
        "{% if title == 'a thing that no made-up lesson is called' %}{% if nth > 7 %}{{ rooms }}{% endif %}{% endif %}",
        "{% for room in rooms if room == 'R' %}{{ rooms }}{% endfor %}",
        "{% macro m(x) %}{{ x }}{{ rooms }}{% endmacro %}",
        "{{ title if title else rooms }}",
        "{% for room in rooms %}{{ start.isoformat }}{% endfor %}",
        "{% set later = start.now() %}{{ title }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m }}",
        "{{ start.astimezone() }}",
        "{{ title.__class__ }}",
    ],
)
def test_what_would_be_refused_of_any_lesson_is_found(body: str, kind: str) -> None:
    ((key, why),) = template_problems(with_body(body, body_kind=kind))
    assert key == "event.body"
    assert why.startswith("cannot be used: ")
    assert "{{ rooms }}" not in body or why.endswith(NO_TEXT)


@pytest.mark.parametrize(
    "body",
    [
        "{{ rooms | join(', ') }} {{ start.strftime('%H:%M') }} {{ start.isoformat() }}",
        "{{ rooms[0] }}{{ rooms[9] }}{{ title.split(':')[1] }}{{ title + 1 }}{{ 1 // nth }}{{ title | int + 'x' }}",
        "{% for rooms in rooms %}{{ rooms }}{% endfor %}",
        "{% set rooms = rooms | join %}{{ rooms }}",
        "{% macro m(rooms) %}{{ rooms }}{% endmacro %}{{ m(title) }}",
        "{% if rooms is string %}{{ rooms }}{% else %}{{ rooms | join }}{% endif %}",
        "{% for room in rooms %}{{ loop.index }}{{ room }}{% endfor %}{{ mailbox }}",
    ],
)
def test_what_fails_of_some_lessons_only_is_left_to_the_night(body: str) -> None:
    assert template_problems(with_body(body)) == []


def test_every_template_is_tried_and_every_mistake_is_told_with_its_key() -> None:
    event = {
        "subject": "{{ titel }}",
        "location": "{{ rooms }}",
        "body": "{{ title | slugg }}",
        "categories": ["Timetable", "{{ calendars }}"],
        "cancelled_subject": "{{ subject }}{{ rooms }}",
        "rules": [{"when": {"type": "Exam"}, "subject": "{{ start.now() }}"}, {"when": {"type": "X"}, "categories": ["{{ rooms }}"]}],
    }
    found = template_problems(configuration(address="{{ rooms }}@groups.example.ac.uk", event=event))
    assert [key for key, _ in found] == [
        "calendars.address",
        "event.subject",
        "event.location",
        "event.body",
        "event.categories",
        "event.rules[1].subject",
        "event.rules[2].categories",
        "event.cancelled_subject",
    ]
    said = dict(found)
    assert said["event.subject"] == 'uses "titel", which is no column; did you mean "title"?'
    assert said["event.body"].startswith("is not a template: ")
    assert said["event.location"] == f"cannot be used: {NO_TEXT}"
    assert said["event.rules[1].subject"] == 'cannot be used: "now" of a datetime is not for templates'


def test_lessons_with_zones_and_columns_of_their_own_are_made_up_as_well() -> None:
    columns = COLUMNS | {"zone": "z", "notes": {"column": "n", "many": True}, "code": "k"}
    assert template_problems(configuration(columns=columns, event={"body": "{{ start }} {{ code }} {{ notes | join }}"})) == []
    ((_, why),) = template_problems(configuration(columns=columns, event={"body": "{{ notes }}"}))
    assert why.endswith("{{ notes | join(', ') }}")
