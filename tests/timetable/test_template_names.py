"""Names that a template writes as they are, and names for which it says what stands in their place."""

import pytest

from timetable_sync.timetable.template_names import written_outright
from timetable_sync.timetable.templates import environment


@pytest.mark.parametrize(
    "template",
    [
        "{{ school }}",
        "tt-{{ school | lower | replace(' ', '-') }}@x.uk",
        "{{ school.lower() }}",
        "{{ school[:4] }}",
        "{{ school ~ '@x.uk' }}",
        "{{ 'tt-' + school }}",
        "{{ (school | trim).upper() }}",
        "{% if calendar %}x{% endif %}{{ school }}",
    ],
)
def test_it_is_written_outright(template: str) -> None:
    assert written_outright(environment(autoescape=False).parse(template)) == {"school"}


@pytest.mark.parametrize(
    "template",
    [
        "{{ school | default('', true) }}",
        "{{ school or 'all' }}",
        "{{ '-' ~ school if school else '' }}",
        "{% if school %}-{{ school }}{% endif %}",
        "{{ school | length }}",
        "{{ 'x' if school == 'CS' else 'y' }}",
        "{% for one in school %}{{ one }}{% endfor %}",
    ],
)
def test_it_may_be_empty(template: str) -> None:
    assert written_outright(environment(autoescape=False).parse(template)) == frozenset()
