"""What templates write is text, a number or a date, and the same each night and on every machine; else a lesson is set aside."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.timetable.configurations import configuration
from tests.timetable.test_templates import CLOCK, VARIABLES, values
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable
from timetable_sync.timetable.templates import Compiled, TemplateFailed, Templates

#: What is no text, each as an expression, behind what has to stand before it.
NO_TEXT = [
    "rooms",
    "calendars",
    "rooms | list",
    "rooms | map('upper')",
    "rooms | select",
    "rooms | reverse",
    "rooms | unique",
    "rooms | batch(2)",
    "rooms | groupby(0)",
    "rooms | default('-')",
    "[rooms | first]",
    "(title, note)",
    "{'a': title}",
    "dict(a=title)",
    "dict(a=title).items()",
    "range(3)",
    "range",
    "dict",
    "namespace(a=1)",
    "cycler('a')",
    "joiner(', ')",
    "none",
    "self",
    "start.isoformat",
    "start.strftime",
    "start['isoformat']",
    "start | attr('isoformat')",
    "start.date",
    "start.tzinfo",
    "start.timetuple()",
    "title.upper",
    "title.format",
    "title.encode()",
    "title.split()",
    "'{}'.format",
    "rooms.count",
    "(-8) ** 0.5",
]

#: Ways to write a value.
WAYS = [
    "{{ X }}",
    "{{ title if not title else X }}",
    "{{ title ~ (X) }}",
    "{{ (X) | string }}",
    "{{ (X) | upper }}",
    "{{ (X) | trim }}",
    "{{ (X) | replace('a', 'b') }}",
    "{{ title | replace('o', X) }}",
    "{{ (X) | safe }}",
    "{{ (X) | e }}",
    "{{ (X) | pprint }}",
    "{{ (X) | slug }}",
    "{{ (X) | center(20) }}",
    "{{ (X) | wordcount }}",
    "{{ '%s' % (X,) }}",
    "{{ '%(a)s' % {'a': X} }}",
    "{{ '%s' | format(X) }}",
    "{{ '{}'.format(X) }}",
    "{{ '{a!r}'.format(a=X) }}",
    "{{ '{a}'.format_map({'a': X}) }}",
    "{{ [title, X] | join(', ') }}",
    "{{ rooms | join(X) }}",
    "{{ (title | safe) % (X,) }}",
    "{{ (title | safe).join([X]) }}",
    "{{ (title | safe).replace('o', X) }}",
    "{% set x = X %}{{ x }}",
    "{% set x %}{{ X }}{% endset %}{{ x }}",
    "{% for x in [X] %}{{ x }}{% endfor %}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(X) }}",
    "{% filter upper %}{{ X }}{% endfilter %}",
    "{% set n = namespace(x=X) %}{{ n.x }}",
    "{% with x = X %}{{ x }}{% endwith %}",
]


TEMPLATES = Templates(VARIABLES, CLOCK)


def compiled(source: str, **more: Any) -> Compiled[str]:
    return TEMPLATES.compile("event.body", source, str, **more)


def reason(source: str, **more: Any) -> str:
    with pytest.raises(TemplateFailed) as caught:
        compiled(source, **more).render(values())
    assert " at 0x" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_text_is_written_in_no_way(way: str, html: bool) -> None:
    for expression in NO_TEXT:
        if "split" in expression and way == "{{ rooms | join(X) }}":
            continue
        assert reason(way.replace("X", expression), html=html)


@pytest.mark.parametrize(
    "source",
    [
        "{% macro room(r) %}[{{ r }}]{% endmacro %}{{ room }}",
        "{% macro m() %}{{ caller }}{% endmacro %}{% call m() %}x{% endcall %}",
        "{% macro m() %}{{ varargs }}{% endmacro %}{{ m(1) }}",
        "{% macro m() %}{{ kwargs }}{% endmacro %}{{ m(a=1) }}",
        "{% for r in rooms %}{{ loop }}{% endfor %}",
        "{% for r in rooms %}{{ loop.cycle }}{% endfor %}",
        "{% block b %}{% endblock %}{{ self.b }}",
        "{{ rooms | join(attribute='upper') }}",
        "{{ rooms | join(', ', 'upper') }}",
        "{{ title | join(attribute='upper') }}",
        "{{ rooms | map(attribute='upper') | join }}",
        "{{ '{0.upper}'.format(title) }}",
        "{{ '{0.isoformat}'.format(start) }}",
        "{{ '{0}{1}'.format(title, rooms) }}",
        "{{ ('{0.upper}' | safe).format(title) }}",
        "{{ [title.upper] | tojson }}",
        "{{ {'a': title.upper} | xmlattr }}",
        "{{ {'a': title.upper} | urlencode }}",
        "{{ title is sameas 'Logic' }}",
    ],
)
def test_nor_are_those_that_only_templates_make(source: str) -> None:
    assert reason(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ rooms }}", "rooms is a list, and no text: join it, as in {{ rooms | join(', ') }}"),
        ("{{ rooms | map('upper') }}", "this is a list, and no text: join it, as in {{ rooms | join(', ') }}"),
        ("{{ start.isoformat }}", "isoformat is no text: call it, as in isoformat()"),
        ("{% macro room(r) %}{% endmacro %}{{ room }}", "room is a macro, and no text: call it, as in room()"),
        ("{{ start.now() }}", '"now" of a datetime is not for templates'),
        ("{{ none }}", "none is no text"),
    ],
)
def test_what_to_write_instead_is_said(source: str, said: str) -> None:
    assert reason(source) == said


@pytest.mark.parametrize(
    "source",
    [
        "{{ start.now() }}",
        "{{ start.today() }}",
        "{{ start.utcnow() }}",
        "{{ start.date().today() }}",
        "{{ start['now']() }}",
        "{{ (start | attr('now'))() }}",
        "{{ [start] | map(attribute='now') | first }}",
        "{{ '{0.now}'.format(start) }}",
        "{% set d = start.now() %}x{{ d }}",
        "{% if start.now() > start %}x{% endif %}",
        "{{ start.fromtimestamp(0) }}",
        "{{ start.utcfromtimestamp(0) }}",
        "{{ start.date().fromtimestamp(0) }}",
        "{{ start.astimezone() }}",
        "{{ start.astimezone(none) }}",
        "{{ start.astimezone(tz=none) }}",
        "{{ start.replace(tzinfo=none).astimezone(start.tzinfo) }}",
        "{{ start.replace(tzinfo=none).timestamp() }}",
        "{{ start.fromisoformat('2026-11-24').timestamp() }}",
        "{{ start.strftime('%s') }}",
        "{{ start.strftime('%H %-s') }}",
        "{{ start.date().strftime('%Es') }}",
        "{{ start.time().strftime('%s') }}",
        "{{ '{:%s}'.format(start) }}",
        "{{ ('{:%s}' | safe).format(start) }}",
        "{{ start.strptime('GMT', '%Z') }}",
        "{{ start.tzinfo.clear_cache() }}",
        "{{ start.tzinfo.no_cache('Europe/London') }}",
        "{{ start.max }}",
    ],
)
def test_nothing_asks_this_machines_clock_or_its_zone(source: str) -> None:
    assert reason(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ start }} {{ start.date() }} {{ start.time() }}", "2026-11-24 09:00:00+00:00 2026-11-24 09:00:00"),
        ("{{ end - start }} {{ (end - start).total_seconds() }}", "1:30:00 5400.0"),
        ("{{ start.isoformat() }} {{ start.isocalendar().week }} {{ start.isoweekday() }}", "2026-11-24T09:00:00+00:00 48 2"),
        ("{{ start.strftime('%d.%m. %H:%M %Z %%s') }}", "24.11. 09:00 GMT %s"),
        ("{{ '{:%H:%M}'.format(start) }} {{ '{0.hour:02d}h {1}'.format(start, title) }}", "09:00 09h Logic"),
        ("{{ start.replace(hour=8) }} {{ start.timestamp() | int }}", "2026-11-24 08:00:00+00:00 1795510800"),
        ("{{ start.astimezone(end.tzinfo).tzname() }} {{ start.utcoffset() }}", "GMT 0:00:00"),
        ("{{ start.strptime('24.12.2026', '%d.%m.%Y').strftime('%j') }}", "358"),
        ("{{ start.fromisoformat('2026-12-24').date() }} {{ start.ctime() }}", "2026-12-24 Tue Nov 24 09:00:00 2026"),
        ("{{ cancelled }} {{ nth + 0.5 }} {{ duration // 60 }}", "False 2.5 1"),
        ("{{ rooms | map('lower') | join('; ') }} {{ ', '.join(rooms) }} {{ rooms | sort(reverse=true) | first }}", "r1; r2 R1, R2 R2"),
        ("{{ rooms | tojson }} {{ rooms | length }} {{ rooms | unique | list | count }}", '["R1", "R2"] 2 2'),
        ("{{ [1, start.date(), title] | join(' ') }} {{ '%s %05.1f' % (title, 1) }}", "1 2026-11-24 Logic Logic 001.0"),
        ("{{ title.split(none, 1) | join }} {{ title.startswith(('L', 'M')) }}", "Logic True"),
        ("{{ '{0[0]}'.format(rooms) }} {{ '%(a)s' % {'a': title} }}", "R1 Logic"),
        ("{% set j = joiner(', ') %}{% for r in rooms %}{{ j() }}{{ r }}{% endfor %}", "R1, R2"),
        ("{% set c = cycler('a', 'b') %}{% for r in rooms %}{{ c.next() }}{{ loop.cycle('x', 'y') }}{% endfor %}", "axby"),
        ("{% macro m(r) %}[{{ r }}{{ caller() }}]{% endmacro %}{% call m(title) %}!{% endcall %}", "[Logic!]"),
        ("{% for r in rooms if r is not sameas none %}{{ loop.index }}{{ r }}{% endfor %}", "1R12R2"),
        ("{{ note }}{{ 'x' if note }}{{ (title if note) | default('-') }}", "-"),
        ("{{ title | replace('o', 'u') | upper | truncate(3, true, '') }} {{ title | wordwrap(3) | length }}", "LUGIC 6"),
    ],
)
def test_ordinary_templates_notice_nothing(source: str, text: str) -> None:
    assert compiled(source).render(values()) == text


def test_escaping_is_as_it_was() -> None:
    source = "<b>{{ title }}</b>{{ rooms | join('<br>' | safe) }}{{ ('<i>%s</i>' | safe) % title }}{{ ('{}' | safe).format(note) }}"
    made = compiled(source, html=True).render(values(title="a & b", rooms=("<1>", "2"), note="'"))
    assert made == "<b>a &amp; b</b>&lt;1&gt;<br>2<i>a &amp; b</i>&#39;"


@pytest.mark.parametrize("key", ["location", "body", "subject", "categories"])
def test_the_lessons_that_it_is_of_are_set_aside_and_others_stand(key: str) -> None:
    source = "{{ title if rooms | length < 2 else rooms }}"
    event = {key: [source] if key == "categories" else source}
    rows = "SELECT column1 AS activity, 'COMP101' AS module, '2026-11-24 09:00' AS starts, '2026-11-24 10:00' AS ends, 'Logic' AS title,"
    query = f"{rows} 'Lecture' AS type, column2 AS room FROM (VALUES ('A1', 'R1'), ('A2', 'R1'), ('A2', 'R2'))"
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
    with read_timetable(configuration("sqlite://", query, event=event), window) as reading:
        assert [bad.reason for bad in reading.bad_rows.examples] == ["this is a list, and no text: join it, as in {{ rooms | join(', ') }}"]
        assert reading.bad_rows.examples[0].column == f"event.{key}"
        assert [event.key for calendar in reading.calendars() for event in reading.events(calendar)] == [
            "timetable/2026%2F27/A1/2026-W48/1"
        ]


def test_it_is_the_same_on_every_machine(tmp_path: Path) -> None:
    """In whatever zone, with whatever seed of hashes, a process makes the same of each template here."""
    sources = [source for way in WAYS for source in (way.replace("X", "title ~ start"), way.replace("X", "duration"))]
    script = tmp_path / "render.py"
    script.write_text(
        "from tests.timetable.test_template_values import compiled\nfrom tests.timetable.test_templates import values\n"
        f"print([compiled(source).render(values(title='%s')) for source in {sources!r}])\n",
        "utf-8",
    )
    said = {
        subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": locale},
            check=True,
            capture_output=True,
        ).stdout
        for zone, seed, locale in (("UTC", "1", "C"), ("Asia/Kolkata", "2", "C.UTF-8"))
    }
    assert len(said) == 1
