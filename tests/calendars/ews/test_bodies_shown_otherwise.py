"""Whole nights over HTTP with an Exchange that shows bodies in its own way, and changes the version of events by itself."""

import pytest

from tests.calendars.ews.conftest import Opening
from tests.calendars.ews.other_exchange.habits import Habits, laid_out
from tests.calendars.ews.other_nights import LOGIC, PHYSICS, WEEKS, OtherNights, quiet

pytestmark = pytest.mark.shared


def own_way(text: str, kind: str) -> str:
    """As no converter that we know of."""
    return laid_out(text, kind).upper()


def put_back(nights: OtherNights) -> int:
    """How many events a night updates."""
    summary = nights.night()
    assert summary.exit_code == 0, [report.trouble for report in summary.calendars]
    return sum(report.updated for report in summary.calendars)


@pytest.mark.parametrize("versions", ["settles", "always"])
def test_a_body_that_is_shown_in_an_own_way_is_written_once_more_and_never_again(opening: Opening, versions: str) -> None:
    nights = opening(Habits(body=own_way, change_key="always" if versions == "always" else "settles"))
    nights.night()

    assert put_back(nights) == len(nights.standing())
    quiet(nights)
    quiet(nights)


def test_a_lost_ledger_costs_one_more_write_of_each_body_that_is_shown_in_an_own_way(opening: Opening) -> None:
    nights = opening(Habits(body=own_way, change_key="always"))
    nights.night()
    put_back(nights)
    nights.lose_ledger()

    assert put_back(nights) == len(nights.standing())
    quiet(nights)


def test_one_sign_that_somebody_changed_is_put_back_though_bodies_are_shown_in_an_own_way(opening: Opening) -> None:
    nights = opening(Habits(body=own_way, change_key="always"))
    nights.night()
    put_back(nights)
    ours = nights.exchange.mailboxes[LOGIC].ours[0]
    was = ours.body[0]

    nights.edit(LOGIC, 0, body=was.replace("&amp;", "", 1))

    assert put_back(nights) == 1
    assert nights.exchange.mailboxes[LOGIC].ours[0].body[0] == was
    quiet(nights)


def test_the_same_edit_night_after_night_is_never_taken_for_the_services_way(opening: Opening) -> None:
    nights = opening(Habits(change_key="always"))
    nights.night()
    was = nights.exchange.mailboxes[PHYSICS].ours[0].body[0]
    assert "<p>Optics</p>" in was

    for _ in range(4):
        nights.edit(PHYSICS, 0, body=was.replace("<p>Optics</p>", "<p>Optics?</p>"))

        assert put_back(nights) == 1
        assert nights.exchange.mailboxes[PHYSICS].ours[0].body[0] == was
    quiet(nights)


def test_another_body_in_the_timetable_is_written_and_its_way_found_out_anew(opening: Opening) -> None:
    nights = opening(Habits(body=own_way, change_key="always"))
    nights.night()
    put_back(nights)
    with_another_title = tuple((*meeting[:4], meeting[4].replace("Optics", "Optics!"), *meeting[5:]) for meeting in WEEKS)
    nights.timetable(with_another_title)

    assert put_back(nights) == 3
    assert put_back(nights) == 3, "their bodies are read for the first time, in a way that is not known yet"
    quiet(nights)


def test_a_night_ends_well_though_what_it_put_back_cannot_be_read_again(opening: Opening) -> None:
    nights = opening(Habits(body=own_way, change_key="always"))
    nights.night()
    nights.writes()
    refused = nights.exchange.operations
    refused.spoil = lambda operation, index: "ErrorAccessDenied" if operation == "GetItem" and nights.exchange.asked["UpdateItem"] else ""

    assert put_back(nights) == len(nights.standing())
