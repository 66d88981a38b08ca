"""Listed texts: cut at 255 UTF-16 units and trimmed by the service, and still recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.planning.diff import same_text, utf16_length


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
