"""Differences: what is compared, and that the habits of services are not taken for somebody's edit."""

from datetime import timedelta, timezone

import pytest

from tests.planning.builders import event, standing
from timetable_sync.planning.diff import differences


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
