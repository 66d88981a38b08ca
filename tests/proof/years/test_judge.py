"""The judge claims of a ledger only what it must know."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.proof.years.configurations import Configuration
from tests.proof.years.expectation import span_of
from tests.proof.years.judge import Judge, Wrong, equal_to_timetable
from tests.proof.years.seen import Content, Effect, Seen
from tests.proof.years.worlds import Asked

A = "a@groups.example.ac.uk"
NOW = datetime(2026, 10, 23, 1, tzinfo=UTC)
ASKED = Asked(Configuration(), NOW, ())
SPAN = span_of(ASKED.configuration, NOW)


def maths(start: datetime) -> Seen:
    content = Content(start, start + timedelta(hours=1), "Lesson", "R1", None, (), "busy", None, "normal")
    return Seen("item-1", content, all_day=False, marker="1 mapaaa abcdefghijklmnop timetable/2026%2F27/maths/2026-W43/1", whole=None)


def judge_of(settled: Seen) -> Judge:
    judge = Judge()
    assert settled.key is not None
    judge.settled = {A: {settled.key: settled.content}}
    return judge


def judge_of_written(items: list[Seen]) -> Judge:
    """One that saw how nights wrote these."""
    judge = Judge()
    judge.written = {item.id: item.content for item in items}
    return judge


WITHIN, BEYOND = maths(NOW + timedelta(hours=7)), maths(SPAN.end)


@pytest.mark.parametrize(("before", "after"), [(BEYOND, BEYOND), (BEYOND, WITHIN), (WITHIN, BEYOND)])
def test_an_event_that_lay_beyond_the_window_while_a_night_read_may_be_forgotten(before: Seen, after: Seen) -> None:
    """A person had moved it there; that night it was found deleted, and with it the last that was known of a calendar which had left."""
    judge = judge_of(WITHIN)
    judge.some_night(ASKED, {A: [before]}, {A: [after]})
    assert judge.known(SPAN) == set()


def test_an_event_that_stood_in_the_window_all_night_stays_known() -> None:
    judge = judge_of(WITHIN)
    judge.some_night(ASKED, {A: [WITHIN]}, {A: [WITHIN]})
    assert judge.known(SPAN) == {A}


def test_an_event_that_a_person_moved_beyond_the_window_may_be_a_copy_once_the_window_reaches_it() -> None:
    """The night between did not see it: no ledger knows it any more, and what a person moved is not as it was written."""
    moved, later = replace(BEYOND, id="item-2"), replace(ASKED, now=NOW + timedelta(days=2))
    for whole in (True, False):
        judge = judge_of_written([replace(moved, content=WITHIN.content)])
        judge.certain = {moved.id}
        assert judge.is_ours(moved)
        if whole:
            judge.whole_night(ASKED, {A: [moved]})
        else:
            judge.some_night(ASKED, {A: [moved]}, {A: [moved]})
        assert not judge.is_ours(moved)
        assert equal_to_timetable(judge, later, {A: [moved]}, ()) == 0


def test_a_guard_counts_one_more_where_a_person_may_have_moved_it_into_the_window_meanwhile() -> None:
    """Six stood as the night began, and a seventh came before the calendar was read: of seven two may be deleted, of six one."""
    six = [replace(WITHIN, id=f"item-{number}", marker=f"{WITHIN.marker}{number}") for number in range(1, 7)]
    deleted = [Effect(A, item, None) for item in six[:2]]
    asked = replace(ASKED, configuration=Configuration(narrow=True))
    judge_of_written(six).night(replace(asked, meanwhile=lambda: None), {A: six}, deleted)
    with pytest.raises(Wrong, match="2 of 6 events"):
        judge_of_written(six).night(asked, {A: six}, deleted)


def test_a_guard_counts_an_event_once_however_many_copies_of_it_are_cleaned_up() -> None:
    copies = [replace(WITHIN, id=f"item-{number}") for number in range(6)]
    asked = replace(ASKED, configuration=Configuration(narrow=True))
    judge_of_written(copies).night(asked, {A: copies}, [Effect(A, item, None) for item in copies[1:]])
