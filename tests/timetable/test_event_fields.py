"""What events show: templates, rules, and what Exchange and Outlook can hold."""

from datetime import timedelta
from typing import Any

import pytest

from tests.timetable.configurations import configuration
from timetable_sync.errors import UsageError
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.event_fields import EventFields, Fields
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.template_sandbox import LONGEST_TEXT
from timetable_sync.timetable.templates import TemplateFailed, Templates
from timetable_sync.timetable.times import LocalClock

CLOCK = LocalClock("Europe/London")
VARIABLES = Variables([Field("rooms", True), Field("title", False), Field("type", False)])


def looks(**event: Any) -> EventFields:
    return EventFields(configuration(event=event).event, Templates(VARIABLES, CLOCK), VARIABLES, CLOCK)


def values(
    title: str = "Logic",
    type: str = "Lecture",  # the column's name
    rooms: tuple[str, ...] = ("R1",),
    *,
    calendar: str = "COMP101",
    cancelled: bool = False,
) -> tuple[Any, ...]:
    start = CLOCK.start("2026-11-24 09:00") or 0
    lesson = Lesson("2026/27", "A1", "2026-W48", 1, 1, start, start + 3600, cancelled, (calendar,), (rooms, title, type))
    return VARIABLES.values(lesson, calendar)


def test_without_more_an_event_shows_its_title_and_owns_nothing_else() -> None:
    assert looks().fields(values()) == Fields("Logic", None, None, None, Busy.BUSY, None, Sensitivity.NORMAL)


def test_every_field_can_be_a_template() -> None:
    event = looks(
        subject="{{ calendar }} {{ type }}: {{ title }}",
        location="{{ rooms | join(', ') }}",
        body="At {{ start.strftime('%H:%M') }}\n{{ title }}",
        categories=["Timetable", "{{ type }}"],
        busy="tentative",
        reminder="15 minutes",
        sensitivity="private",
    )
    assert event.fields(values(rooms=("R1", "R2"))) == Fields(
        "COMP101 Lecture: Logic", "R1, R2", "At 09:00\nLogic", ("Lecture", "Timetable"), Busy.TENTATIVE, 15, Sensitivity.PRIVATE
    )


def test_an_empty_location_or_body_is_owned_and_empty() -> None:
    fields = looks(location="{{ rooms | join }}", body="{{ '' }}", categories=[]).fields(values(rooms=()))
    assert (fields.location, fields.body, fields.categories) == ("", "", ())


@pytest.mark.parametrize("subject", ["{{ '' }}", "  ", "{% if false %}x{% endif %}", "{{ '\u00a0' }}"])
def test_a_blank_subject_gives_way_to_the_title(subject: str) -> None:
    assert looks(subject=subject).fields(values()).subject == "Logic"


def test_several_titles_are_joined_where_the_subject_gives_way_to_them() -> None:
    variables = Variables([Field("title", True)])
    event = EventFields(configuration(event={"subject": " "}).event, Templates(variables, CLOCK), variables, CLOCK)
    lesson = Lesson("", "A1", "2026-W48", 1, 1, 0, 3_600, False, ("C",), (("Logic", "Sets"),))
    assert event.fields(variables.values(lesson, "C")).subject == "Logic, Sets"


def test_a_long_subject_and_location_are_cut_at_255_as_exchange_counts_and_that_is_said() -> None:
    event = looks(location="{{ rooms | join }}")
    fields = event.fields(values(title="x" * 300, rooms=("\U0001f3eb" * 200,)))
    assert len(fields.subject) == 255
    assert fields.location is not None
    assert len(fields.location.encode("utf-16-le")) // 2 == 254
    assert fields.cut == ("subject", "location")
    assert event.fields(values(title="y" * 255)).cut == ()


def test_a_body_keeps_its_lines_without_blanks_at_their_ends() -> None:
    assert looks(body="\n\n one  \r\n\r\n  two\x0b\n \n").fields(values()).body == "one\n\n  two"


def test_a_body_beyond_reason_is_cut_and_in_html_not_in_the_midst_of_a_tag() -> None:
    text = looks(body="{% for i in range(1000) %}{{ title }}{% endfor %}")
    assert len(text.fields(values(title="x" * 100)).body or "") == LONGEST_TEXT
    assert text.fields(values(title="x" * 100)).cut == ("body",)
    html = (
        looks(body="{% for i in range(1000) %}<p class='some-class'>&amp;&amp;&amp;</p>{% endfor %}", body_kind="html")
        .fields(values())
        .body
    )
    assert html is not None
    assert LONGEST_TEXT - 40 < len(html) <= LONGEST_TEXT
    assert html.count("<") == html.count(">")
    assert html.count("&") == html.count(";")


def test_columns_are_escaped_in_an_html_body_only() -> None:
    event = looks(subject="{{ title }}", body="<b>{{ title }}</b>", body_kind="html")
    fields = event.fields(values(title="A < B & C"))
    assert (fields.subject, fields.body) == ("A < B & C", "<b>A &lt; B &amp; C</b>")


def test_categories_lose_what_outlook_takes_for_separators_blanks_and_doubles() -> None:
    event = looks(categories=["Exam, written; final", " ", "timetable", "Timetable", "{{ type }}", "x" * 300])
    categories = event.fields(values(type="")).categories
    assert categories == ("Exam written final", "Timetable", "x" * 255)


def test_rules_on_calendar_win_over_rules_on_type_and_those_over_others_and_then_the_later_one() -> None:
    event = looks(
        rules=[
            {"when": {"calendar": "COMP*"}, "busy": "free"},
            {"when": {"type": "Lecture"}, "busy": "tentative", "reminder": "1 day", "sensitivity": "private"},
            {"when": {"title": "*"}, "busy": "out-of-office", "reminder": "2 days", "sensitivity": "personal", "subject": "T"},
            {"when": {"type": ["Exam", "Lec*"]}, "sensitivity": "confidential"},
        ]
    )
    fields = event.fields(values())
    assert (fields.busy, fields.reminder, fields.sensitivity, fields.subject) == (Busy.FREE, 1440, Sensitivity.CONFIDENTIAL, "T")


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"type": "Lecture"}, True),
        ({"type": "lecture"}, False),
        ({"type": "L*e"}, True),
        ({"type": ["Exam", "Lecture"]}, True),
        ({"type": "Lecture", "title": "Sets"}, False),
        ({"type": "Lecture", "title": "Logic [A]"}, True),
        ({"rooms": "R2"}, True),
        ({"rooms": ["X*", "R1"]}, True),
        ({"rooms": "R3"}, False),
        ({"calendar": "COMP???"}, True),
        ({"cancelled": "false"}, True),
        ({"start": "2026-11-24*"}, True),
        ({"start": "* 09:00"}, True),
        ({"week": "2026-W4[89]"}, True),
        ({"duration": "60"}, True),
    ],
)
def test_a_rule_holds_by_value_pattern_or_list_and_for_a_set_if_one_of_it_fits(when: dict[str, Any], holds: bool) -> None:
    event = looks(rules=[{"when": when, "busy": "free"}])
    assert (event.fields(values(title="Logic [A]", rooms=("R1", "R2"))).busy is Busy.FREE) == holds


def test_a_rule_can_ask_for_an_empty_column() -> None:
    event = looks(rules=[{"when": {"rooms": ""}, "categories": ["No room"]}, {"when": {"type": ""}, "busy": "free"}])
    assert event.fields(values(rooms=(), type=""))[3:5] == (("No room",), Busy.FREE)
    assert event.fields(values())[3:5] == (None, Busy.BUSY)


def test_a_rule_can_put_a_reminder_off_again() -> None:
    event = looks(reminder="15 minutes", rules=[{"when": {"type": "Lecture"}, "reminder": "off"}])
    assert [event.fields(values(type=kind)).reminder for kind in ("Lecture", "Exam")] == [None, 15]


def test_a_rule_that_names_no_column_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r'event\.rules\[2\]\.when names "tpye", .* "type"'):
        looks(rules=[{"when": {"type": "x"}, "busy": "free"}, {"when": {"tpye": "x"}, "busy": "free"}])


def test_a_template_of_a_rule_is_checked_and_named_by_its_place() -> None:
    with pytest.raises(UsageError, match=r'event\.rules\[1\]\.location uses "romos"'):
        looks(rules=[{"when": {"type": "x"}, "location": "{{ romos }}"}])


def test_a_cancelled_lesson_is_shown_so_and_is_free_whatever_the_rules_say() -> None:
    event = looks(
        subject="{{ type }}: {{ title }}",
        cancelled_subject="ENTFÄLLT {{ subject }} ({{ calendar }})",
        reminder="1 hour",
        rules=[{"when": {"type": "Lecture"}, "busy": "busy", "reminder": "2 hours"}],
    )
    assert event.fields(values(cancelled=True)) == Fields(
        "ENTFÄLLT Lecture: Logic (COMP101)", None, None, None, Busy.FREE, None, Sensitivity.NORMAL
    )


def test_the_subject_of_a_cancelled_lesson_is_cut_after_the_word() -> None:
    subject = looks().fields(values(title="x" * 300, cancelled=True)).subject
    assert subject.startswith("Cancelled: x")
    assert len(subject) == 255


def test_a_template_that_fails_for_one_lesson_fails_for_that_one() -> None:
    event = looks(location="{{ rooms[0] }}")
    assert event.fields(values()).location == "R1"
    with pytest.raises(TemplateFailed) as caught:
        event.fields(values(rooms=()))
    assert caught.value.key == "event.location"
    assert event.fields(values()).location == "R1"


def test_reminders_are_in_minutes() -> None:
    assert looks(reminder=timedelta(hours=3)).fields(values()).reminder == 180
