"""Templates that would take all time or all memory end early, and the same on every machine; ordinary ones notice nothing."""

import resource
import time
from datetime import datetime

import pytest
from jinja2 import TemplateError

from timetable_sync.timetable.template_sandbox import BoundedEnvironment, allowance

VALUES = {"title": "Logic & <i>", "rooms": ["R1", "R2"], "start": datetime(2026, 1, 2, 3)}  # noqa: DTZ001 - what it shows has no zone

BOMBS = [
    "{{ range(10**9) }}",
    "{{ 'x' * 10**9 }}",
    "{{ 'x'.center(10**9) }}",
    "{{ 'x' | center(10**9) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ 'a\t'.expandtabs(10**9) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (10**9, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 10**9) }}",
    "{{ start.strftime('%1000000000d') }}",
    "{{ (1).to_bytes(10**9, 'big') }}",
    "{{ ('a' * 30000) | replace('a', 'b' * 30000) }}",
    "{{ ('a,' * 10000).split(',') | join('b' * 30000) }}",
    "{{ title.join(['a' * 30000] * 30000) }}",
    "{{ ('a\n' * 10000) | indent(30000) }}",
    "{{ ['a'] | batch(10**9, 'x') | list }}",
    "{{ rooms | tojson(indent=10**9) }}",
    "{% filter center(10**9) %}abc{% endfilter %}",
    "{{ 9 ** 16 ** 16 }}",
    "{% set a = ['x'] * 30000 %}{% set b = [a] * 30000 %}{{ b }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set n = namespace() %}" + "{% set n = namespace(a=n, b=n) %}" * 40 + "{{ n }}",
    "{% set n = namespace(x='a') %}{% for i in range(1000) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x=10**9) %}{% for i in range(1000) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% set x %}{% for a in range(1000) %}{% for b in range(1000) %}" + "y" * 5_000 + "{% endfor %}{% endfor %}{% endset %}{{ x }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "{% set f = cycler('a') %}{% for a in range(1000) %}{% for b in range(1000) %}{% set _ = f.next() %}{% endfor %}{% endfor %}",
]


def rendered(source: str, *, autoescape: bool = False) -> str:
    template = BoundedEnvironment(autoescape=autoescape).from_string(source)
    with allowance():
        return "".join(template.generate(VALUES))


@pytest.mark.parametrize("autoescape", [False, True])
@pytest.mark.parametrize("source", BOMBS)
def test_a_template_that_would_take_all_time_or_memory_is_refused_early(source: str, autoescape: bool) -> None:
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((TemplateError, RecursionError)):
        rendered(source, autoescape=autoescape)
    assert time.process_time() - began < 10
    # In kilobytes, and only what went beyond all that the process had used before.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_it_is_refused_at_the_same_step_each_time() -> None:
    """A limit in seconds would let one lesson fail on a busy night and not on another."""
    template = BoundedEnvironment().from_string("{% for a in range(1000) %}{% for b in range(1000) %}.{% endfor %}{% endfor %}")
    lengths = set()
    for _ in range(3):
        parts: list[str] = []
        with allowance(), pytest.raises(TemplateError):
            parts.extend(iter(template.generate(VALUES)))
        lengths.add(sum(map(len, parts)))
    assert len(lengths) == 1


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ rooms | map('lower') | join('; ') }} {{ rooms | length }} {{ (rooms | first)[:1] }}", "r1; r2 2 R"),
        ("{% for r in rooms %}{{ loop.index }}/{{ loop.length }} {{ r }}{{ ', ' if not loop.last }}{% endfor %}", "1/2 R1, 2/2 R2"),
        (
            "{{ start.strftime('%d %b %Y') }} {{ '%02d' % 5 }} {{ '{:>3}'.format('x') }} {{ '%.2f' | format(1.005) }}",
            "02 Jan 2026 05   x 1.00",
        ),
        ("{{ [3, 1] | sort | join(', ') }} {{ [1, 2, 3] | sum }} {{ 20261124 }} {{ missing | default('-') }}", "1, 3 6 20261124 -"),
        ("{% set x %}{{ title }}!{% endset %}{{ x | upper }}{% filter lower %}ABC{% endfilter %}", "LOGIC & <I>!abc"),
        ("{% macro room(r) %}[{{ r }}]{% endmacro %}{% for r in rooms %}{{ room(r) }}{% endfor %}", "[R1][R2]"),
        (
            "{{ title ~ 5 ~ rooms }}{{ title.replace('Logic', 'Law') }}{{ start.replace(year=2027).year }}",
            "Logic & <i>5['R1', 'R2']Law & <i>2027",
        ),
        ("{% for a in range(3) %}{% for b in range(2) %}{{ a * b }}{% endfor %}{% else %}none{% endfor %}", "000102"),
    ],
)
def test_ordinary_templates_notice_nothing(source: str, text: str) -> None:
    assert rendered(source) == text


def test_escaping_is_as_it_was() -> None:
    assert rendered("<b>{{ title }}</b>{% for r in rooms %}<i>{{ '<' ~ r }}</i>{% endfor %}", autoescape=True) == (
        "<b>Logic &amp; &lt;i&gt;</b><i>&lt;R1</i><i>&lt;R2</i>"
    )
