"""Differences: what is compared; habits of services, such as texts that are cut and trimmed in lists, are not taken for an edit."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.builders import event, standing
from timetable_sync.planning.diff import differences, same_text, utf16_length


def test_every_field_that_differs_is_named() -> None:
    lecture = event(categories=("Timetable",))
    party = event(subject="Party", location="Pub", categories=("Fun",), reminder=5, end=lecture.end + timedelta(hours=3))

    assert differences(lecture, standing(party)) == ("end", "subject", "location", "categories", "reminder")


def test_an_all_day_event_differs_in_its_times_even_if_they_look_alike() -> None:
    lecture = event()

    assert differences(lecture, standing(lecture, all_day=True)) == ("start", "end")


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    lecture = event()
    elsewhere = timezone(timedelta(hours=-5))

    assert differences(lecture, standing(lecture, start=lecture.start.astimezone(elsewhere), end=lecture.end.astimezone(elsewhere))) == ()


@pytest.mark.parametrize("listed", [("A", "B"), ("B", "A")])
def test_a_category_named_twice_is_kept_once_by_the_service_and_that_is_no_edit(listed: tuple[str, ...]) -> None:
    assert differences(event(categories=("A", "A", "B")), standing(event(), categories=listed)) == ()


def test_no_categories_of_ours_means_that_there_are_to_be_none() -> None:
    assert differences(event(categories=()), standing(event(), categories=("Fun",))) == ("categories",)


def test_a_long_location_that_the_listing_cut_is_no_edit() -> None:
    lecture = event(location="Aula " * 100)

    assert differences(lecture, standing(lecture, location=("Aula " * 100)[:255])) == ()


def test_the_key_and_the_zone_are_not_listed_and_not_compared() -> None:
    assert differences(event("A", zone="Europe/Prague"), standing(event("B"))) == ()


def listed(text: str) -> str:
    """As Exchange lists it: the first 255 UTF-16 units, one less where a surrogate pair would be cut in two."""
    shown = ""
    for character in text:
        if utf16_length(shown + character) > 255:
            break
        shown += character
    return shown


@given(st.text(st.sampled_from("aé🎓 \u2011"), max_size=600))
def test_a_text_is_recognised_in_its_listing(text: str) -> None:
    assert same_text(text, listed(text))


@pytest.mark.parametrize("text", ["x" * 254, "x" * 255, "x" * 256, "🎓" * 127, "🎓" * 128, "x" + "🎓" * 127, "x" * 254 + "🎓"])
def test_texts_around_the_limit_are_recognised(text: str) -> None:
    assert same_text(text, listed(text))


@pytest.mark.parametrize(
    ("expected", "shown"),
    [("Algorithms", "Algorithm"), ("Algorithms", ""), ("", "Algorithms"), ("x" * 300, "x" * 200), ("x" * 300, "y" * 255), ("a", "A")],
)
def test_a_text_that_someone_changed_is_not_recognised(expected: str, shown: str) -> None:
    assert not same_text(expected, shown)


def test_blanks_at_the_ends_do_not_count() -> None:
    assert same_text("Algorithms ", " Algorithms")
    assert same_text("   ", "")


def test_a_text_cut_behind_a_blank_is_recognised_though_services_trim() -> None:
    text = "x" * 254 + " and more"

    assert same_text(text, text[:255].rstrip())
