"""Text that is safe to show and still tells differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.summaries import NASTY
from timetable_sync.reports.sanitize import encodable, legible, legible_lines, shortened

any_text = st.text(alphabet=st.characters(codec=None), max_size=80)


def test_ordinary_text_of_any_script_stays_as_it_is() -> None:
    for text in ("Algorithms I", "Математика", "שיעור", "代数", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a\u00a0b"):
        assert legible(text) == text


def test_control_characters_become_signs() -> None:
    assert legible("a\x1b[31mb\x00") == "a\u241b[31mb\u2400"
    assert legible("a\x7fb\x9b") == "a\u2421b\u27e8U+009B\u27e9"


def test_line_ends_become_a_sign_and_tabs_a_blank() -> None:
    assert legible("a\r\nb\nc\u2028d\te") == "a\u23ceb\u23cec\u23ced e"


def test_lines_can_be_kept() -> None:
    assert legible_lines("a\r\nb\u2029c\x07") == "a\nb\nc\u2407"


def test_an_override_of_the_writing_direction_is_shown_and_has_no_effect() -> None:
    assert legible("\u202eevil") == "\u27e8U+202E\u27e9evil"


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_are_one_printable_line(text: str) -> None:
    shown = legible(text)
    assert "\n" not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(any_text)
def test_any_text_can_be_shown_and_encoded(text: str) -> None:
    shown = legible(text)
    assert len(shown.encode("utf-8").decode("utf-8").splitlines()) <= 1
    assert not any(char < " " or "\x7f" <= char < "\xa0" for char in shown)
    assert len(encodable(text).encode("utf-8").decode("utf-8")) == len(text)


def test_what_is_shortened_says_how_long_it_was() -> None:
    assert shortened("lecture " * 625, 10) == "lecture le… (5,000 characters)"
    assert shortened("short", 10) == "short"
