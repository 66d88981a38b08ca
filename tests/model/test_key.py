"""Keys: the same event has the same text every night, whatever the source calls it, and fits a marker."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from timetable_sync.model.key import LONGEST_KEY, OWN, EventKey, digested, iso_week, source_prefix

#: Any text at all: emoji, slashes, blanks, control characters, and halves of surrogate pairs.
ANYTHING = st.text(st.characters(codec=None), max_size=40)
WEEKS = st.one_of(st.just(OWN), st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(iso_week))
KEYS = st.builds(EventKey, ANYTHING, ANYTHING, ANYTHING, WEEKS, st.integers(1, 999))


@given(KEYS)
@example(EventKey("timetable", "2026/27", "COMP101/LEC 01 🎓", "2026-W48", 1))
@example(EventKey("t", "\ud83d", "\udc93", OWN, 1))
@example(EventKey("", "", "", OWN, 1))
def test_a_key_is_printable_ascii_of_limited_length_and_gives_the_same_text_once_it_is_parsed(key: EventKey) -> None:
    text = key.text()

    assert len(text) <= LONGEST_KEY
    assert all("!" <= character <= "~" for character in text)
    again = EventKey.parse(text)
    assert again is not None
    assert again.text() == text
    assert (again.week, again.nth) == (key.week, key.nth)


@pytest.mark.parametrize("long", ["x" * 5000, "🎓" * 5000, "/" * 5000, "\ud83d" * 5000, "ü" * 200])
def test_a_part_of_thousands_of_characters_is_replaced_by_its_digest(long: str) -> None:
    for key in (
        EventKey(long, "p", "a", OWN, 1),
        EventKey("s", long, "a", OWN, 1),
        EventKey("s", "p", long, OWN, 1),
        EventKey(long, long, long, OWN, 1),
    ):
        assert len(key.text()) <= LONGEST_KEY
        assert digested(long) in key.text()
        assert EventKey.parse(key.text()) is not None


@given(
    st.text(min_size=150, max_size=400), st.text(max_size=40), st.lists(st.tuples(WEEKS, st.integers(1, 9_999_999)), min_size=2, max_size=5)
)
def test_all_meetings_of_an_activity_have_the_same_form(activity: str, period: str, meetings: list[tuple[str, int]]) -> None:
    parsed = [EventKey.parse(EventKey("timetable", period, activity, week, nth).text()) for week, nth in meetings]

    assert len({key.activity for key in parsed if key is not None}) == 1
    assert None not in parsed


@given(st.lists(KEYS, min_size=2, max_size=2, unique=True))
def test_different_keys_have_different_texts(keys: list[EventKey]) -> None:
    assert keys[0].text() != keys[1].text()


def test_parts_that_only_look_alike_once_they_are_joined_are_told_apart() -> None:
    assert EventKey("s", "a/b", "c", OWN, 1).text() != EventKey("s", "a", "b/c", OWN, 1).text()


def test_an_ordinary_key_can_be_read_by_a_person() -> None:
    assert EventKey("timetable", "2026/27", "COMP101-LEC-01", "2026-W48", 2).text() == "timetable/2026%2F27/COMP101-LEC-01/2026-W48/2"


@pytest.mark.parametrize(
    "text", ["", "a/b/c", "s/p/a/own/x", "s/p/a/own/0", "s/p/a/own/²", "s/p/a/own/" + "9" * 5000, "s/p/%FF/own/1", "s/p/a/b/own/1"]
)
def test_what_is_no_key_parses_to_none_and_does_not_raise(text: str) -> None:
    assert EventKey.parse(text) is None


@given(ANYTHING, ANYTHING)
def test_only_the_keys_of_a_source_begin_with_its_prefix(one: str, other: str) -> None:
    text = EventKey(one, "p", "a", OWN, 1).text()

    assert text.startswith(source_prefix(one))
    assert text.startswith(source_prefix(other)) == (one == other)


@pytest.mark.parametrize(
    ("day", "week"),
    [(date(2026, 11, 23), "2026-W48"), (date(2027, 1, 3), "2026-W53"), (date(2024, 12, 30), "2025-W01"), (date(2026, 1, 1), "2026-W01")],
)
def test_weeks_are_iso_weeks_also_around_new_year(day: date, week: str) -> None:
    assert iso_week(day) == week
