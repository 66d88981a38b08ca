"""The marker: what an event itself says of us. It fits the property, and whatever is damaged is not taken for absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.test_key import KEYS
from tests.planning.builders import event
from timetable_sync.model.key import EventKey
from timetable_sync.model.marker import LONGEST_MARKER, PROPERTY_NAME, PROPERTY_SET, Marker, MarkerNotUnderstood

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
SIX, SIXTEEN = st.text(BASE32, min_size=6, max_size=6), st.text(BASE32, min_size=16, max_size=16)


@given(KEYS, SIX, SIXTEEN)
def test_a_marker_of_any_key_fits_the_property_and_parses_back(key: EventKey, mapping: str, fingerprint: str) -> None:
    marker = Marker(mapping, fingerprint, key.text())

    assert len(marker.text()) <= LONGEST_MARKER
    assert Marker.parse(marker.text()) == marker


def test_the_longest_possible_marker_is_not_cut_by_listings() -> None:
    key = EventKey("🎓" * 5000, "/" * 5000, "x" * 5000, "2026-W48", 9_999_999_999)

    assert len(Marker("a" * 6, "b" * 16, key.text()).text()) <= LONGEST_MARKER


GOOD = Marker("mapaaa", "f" * 16, "timetable/p/a/own/1").text()


@pytest.mark.parametrize(
    "text",
    ["", GOOD.replace("1 ", "2 ", 1), GOOD[:20], GOOD + " ", GOOD + "\n", "x" + GOOD, GOOD.upper(), GOOD.replace("/p/", "/ü/")],
    ids=["empty", "newer version", "cut", "blank behind", "line end behind", "damaged", "upper case", "not ASCII"],
)
def test_a_marker_of_a_newer_version_or_a_damaged_one_is_refused_and_not_taken_for_absent(text: str) -> None:
    with pytest.raises(MarkerNotUnderstood):
        Marker.parse(text)


def test_the_property_is_never_renamed_as_all_events_would_become_foreign() -> None:
    assert (PROPERTY_SET, PROPERTY_NAME) == ("4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "TimetableSync")


def test_the_form_of_key_fingerprint_and_marker_does_not_change_unnoticed() -> None:
    """Written out, since events in calendars bear them: another form would rewrite, or make anew, everything that stands."""
    made = event(body="Dr Who", categories=("Timetable",), reminder=15)

    assert Marker("mapaaa", made.fingerprint(), made.key).text() == "1 mapaaa pv53sb6237cp6pol timetable/2026%2F27/LEC1/2026-W48/1"
