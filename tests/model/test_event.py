"""An event's fingerprint: equal content has an equal one, and whatever we own changes it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.builders import DAY, event, key
from timetable_sync.model.event import Busy, Sensitivity

BASE = event(body="Dr Who", categories=("Timetable",))


@pytest.mark.parametrize(
    "changed",
    [
        {"start": BASE.start + timedelta(minutes=1)},
        {"end": BASE.end + DAY},
        {"zone": "Europe/Prague"},
        {"subject": "Logic"},
        {"location": ""},
        {"location": None},
        {"body": ""},
        {"body": None},
        {"body_kind": "html"},
        {"categories": ()},
        {"categories": None},
        {"categories": ("Exam", "Timetable")},
        {"busy": Busy.FREE},
        {"reminder": 0},
        {"reminder": 15},
        {"sensitivity": Sensitivity.PRIVATE},
    ],
    ids=str,
)
def test_every_owned_field_and_owning_it_changes_the_fingerprint(changed: dict[str, Any]) -> None:
    assert replace(BASE, **changed).fingerprint() != BASE.fingerprint()


def test_the_key_does_not_change_the_fingerprint() -> None:
    assert replace(BASE, key=key("OTHER")).fingerprint() == BASE.fingerprint()


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_any_text_has_a_fingerprint_of_sixteen_characters(subject: str, body: str) -> None:
    fingerprint = replace(BASE, subject=subject, body=body).fingerprint()

    assert len(fingerprint) == 16
    assert set(fingerprint) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_an_empty_list_of_categories_is_owned_and_no_list_is_not() -> None:
    assert event(categories=()).fingerprint() != event(categories=None).fingerprint()


def test_the_digest_is_that_of_earlier_versions() -> None:
    """It stands in the markers of calendars: another one for the same content would have every event written anew."""
    assert event(categories=("a", "b")).fingerprint() == "oeovu3m64vnwgpgc"


def test_an_event_that_is_made_of_another_has_a_fingerprint_of_its_own() -> None:
    known = replace(BASE).with_fingerprint("a" * 16)

    assert known.fingerprint() == "a" * 16
    assert known == BASE
    assert replace(known, subject="Logic").fingerprint() == replace(BASE, subject="Logic").fingerprint()
