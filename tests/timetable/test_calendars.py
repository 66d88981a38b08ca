"""Calendars' names as mailboxes."""

from typing import Any

import pytest

from timetable_sync.errors import UsageError
from timetable_sync.timetable.calendars import Addresses, NoMailbox, NotAnAddress
from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.templates import TemplateFailed, Templates
from timetable_sync.timetable.times import LocalClock

CLOCK = LocalClock("Europe/London")
VARIABLES = Variables([Field("school", False), Field("title", False)])


def addresses(template: str) -> Addresses:
    return Addresses(template, Templates(VARIABLES, CLOCK))


def values(calendar: str, school: str = "") -> tuple[Any, ...]:
    return VARIABLES.values(Lesson("", "A1", "2026-W48", 1, 1, 0, 60, False, (calendar,), (school, "Logic")), calendar)


def test_an_address_is_lower_case_without_blanks_around_it() -> None:
    assert addresses(" {{ calendar }}@Groups.Example.ac.uk\n").address(values("COMP101")) == "comp101@groups.example.ac.uk"


def test_other_columns_can_take_part() -> None:
    by_school = addresses("{{ calendar }}@{{ school | slug }}.example.ac.uk")
    assert [by_school.address(values("X", school)) for school in ("Law", "Art")] == ["x@law.example.ac.uk", "x@art.example.ac.uk"]


@pytest.mark.parametrize(
    "text",
    ["o'neill@x.ac.uk", "a+b@x.ac.uk", "a.b-c_d@x-y.example", "1@localhost", "a" * 64 + "@x.uk", "a@" + ".".join(["b" * 60] * 4)[:240]],
)
def test_what_exchange_calls_an_address_is_one(text: str) -> None:
    assert addresses("{{ calendar }}").address(values(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "x", "@x.uk", "a@", "a b@x.uk", "a@b@c.uk", ".a@x.uk", "a.@x.uk", "a..b@x.uk", "a@-x.uk", "a@x..uk", "é@x.uk", "a@é.uk",
        "<a@x.uk>", "a@x.uk, b@x.uk", "a@x.uk\nb@x.uk", '"a"@x.uk', "a" * 65 + "@x.uk",
        "a@" + "b" * 64 + ".uk", "a@" + ".".join(["b" * 60] * 5),
        "a@x.uk.", "a@[127.0.0.1]", "a@x_y.uk", "\u212a@x.uk",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_it_was(text: str) -> None:
    with pytest.raises(NotAnAddress) as caught:
        addresses("{{ calendar }}").address(values(text))
    assert text[:20].strip().lower() in str(caught.value)


def test_a_template_that_fails_says_so() -> None:
    with pytest.raises(TemplateFailed):
        addresses("{{ calendar.missing }}@x.uk").address(values("C"))


def test_an_unknown_column_in_the_address_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r'calendars\.address uses "calender", .* "calendar"'):
        addresses("{{ calender }}@x.uk")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_a_calendar_whose_address_comes_out_empty_has_no_mailbox(text: str) -> None:
    with pytest.raises(NoMailbox):
        addresses("{{ calendar }}").address(values(text))


@pytest.mark.parametrize(
    "template", ["{{ school }}-{{ calendar }}@x.uk", "{{ calendar }}@{{ school | lower }}x.uk", "{{ school ~ calendar }}@x.uk"]
)
def test_what_it_is_made_of_must_be_there_though_an_address_comes_out(template: str) -> None:
    made = addresses(template)
    assert made.address(values("C", "law"))
    with pytest.raises(NotAnAddress, match=r"it lacks school, which is empty; .*{{ school \| default\('', true\) }}"):
        made.address(values("C"))


@pytest.mark.parametrize(
    "template", ["{{ school | default('', true) }}{{ calendar }}@x.uk", "{% if school %}{{ school }}-{% endif %}{{ calendar }}@x.uk"]
)
def test_what_may_be_empty_is_said_by_the_template(template: str) -> None:
    assert addresses(template).address(values("C")) == "c@x.uk"


@pytest.mark.parametrize("template", ["{{ mailbox }}", "{{ mailbox }}@x.uk", "tt-{{ mailbox }}@x.uk"])
def test_where_a_mailbox_is_wanted_and_there_is_none_the_calendar_has_none(template: str) -> None:
    with pytest.raises(NoMailbox):
        addresses(template).address(values("C"))
