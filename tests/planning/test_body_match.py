"""Bodies that were read back: what the service does to them is no edit, and what a person does is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.planning.body_match import same_body


@pytest.mark.parametrize(
    ("expected", "kind", "read"),
    [
        ("Dr Who\nDr No", "text", "Dr Who\r\nDr No\r\n"),
        ("Dr Who", "text", "\r\n  Dr Who  \r\n"),
        ("<p>Dr Who</p><p>Dr&nbsp;No</p>", "html", "Dr Who\r\n\r\nDr No\r\n"),
        ("<ul><li>Dr Who</li><li>Dr No</li></ul>", "html", "  *   Dr Who\r\n  *   Dr No\r\n"),
        ("<ol><li>Dr Who</li><li>Dr No</li></ol>", "html", "  1.  Dr Who\r\n  2.  Dr No\r\n"),
        ('<ol type="a"><li>Dr Who</li></ol>', "html", "  a.  Dr Who\r\n"),
        ("<ol><li>Dr Who</li></ol>", "html", "Dr Who"),
        ("Dr Who<hr>Dr No", "html", "Dr Who\r\n________________________________\r\nDr No"),
        ("<b>A</b>bc", "html", "Abc"),
        ('<a href="https://example.ac.uk/x">Notes</a>', "html", "Notes<https://example.ac.uk/x>"),
        ("Notes: https://example.ac.uk/x", "text", "Notes: https://example.ac.uk/x <https://example.ac.uk/x>"),
        ('<p>Map</p><img src="cid:map">', "html", "Map\r\n[cid:map]"),
        ('<img src="https://example.ac.uk/l.png" alt="The crest">Dr Who', "html", "[The crest]Dr Who"),
        ('<img src="https://example.ac.uk/l.png" alt="The crest">Dr Who', "html", "Dr Who"),
        ("<style>p { color: red }</style><p>Dr Who</p>", "html", "Dr Who"),
        ("<head><title>T</title></head>Dr Who", "html", "Dr Who"),
        ("Dvořák &amp; Co", "html", "Dvořák & Co"),
        ("", "text", "\r\n"),
        ("<p></p>", "html", ""),
    ],
    ids=str,
)
def test_what_exchange_makes_of_a_body_is_no_edit(expected: str, kind: str, read: str) -> None:
    assert same_body(expected, "html" if kind == "html" else "text", read)


@pytest.mark.parametrize(
    ("expected", "kind", "read"),
    [
        ("Dr Who", "text", "Dr No"),
        ("Dr Who", "text", ""),
        ("", "text", "Hello"),
        ("<p>A B</p>", "html", "B A"),
        ("Dr Who", "text", "Dr Who!1"),
        ("Dr Who", "text", "1. Dr Who"),
        ("<p>1. Dr Who</p>", "html", "2. Dr Who"),
        ("<ol><li>Room 1</li></ol>", "html", "1. Room 2"),
        ('<img src="l.png" alt="The crest">Dr Who', "html", "[The other crest]Dr Who"),
    ],
)
def test_other_words_are_an_edit(expected: str, kind: str, read: str) -> None:
    assert not same_body(expected, "html" if kind == "html" else "text", read)


@pytest.mark.parametrize(
    "html", ["<![endif[ Dr Who", "<![if !mso]>Dr Who<![endif]>", "<!-- Dr No -->Dr Who", "<p>Dr Who</p", "<p>Dr Who</b></i>"]
)
def test_html_that_no_parser_likes_is_compared_all_the_same(html: str) -> None:
    assert isinstance(same_body(html, "html", "Dr Who"), bool)
    assert not same_body(html, "html", "someone else entirely")


@given(st.text(max_size=60))
def test_any_text_says_what_it_says(text: str) -> None:
    assert same_body(text, "text", text)


@given(st.text(st.sampled_from("<>![]&;/-abc\"'= "), max_size=40))
def test_no_html_stops_a_calendar(html: str) -> None:
    assert same_body(html, "html", "words that are not in it") is False
