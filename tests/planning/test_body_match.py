"""Bodies that were read back: what the service does to them is no edit, and what a person does is."""

from html import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from timetable_sync.planning.body_match import rendering_of, same_body
from timetable_sync.sandbox.ews.bodies import laid_out

SAFE = "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.ac.uk%2Fx&data=05%7C02%7Cabc&reserved=0"


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
        ("C++ in room 1.2 (today)", "text", "C++ in room 1.2\r\n(today) \r\n"),
        ("Dr\u00a0Who\u00ad", "text", "\u200bDr Who"),
        ("Dvor\u0301ak", "text", "Dvo\u0155ak"),
        ("Name: ____", "text", "Name: ____"),
        ("see https://example.ac.uk/x.", "text", f"see {SAFE}."),
        ("see https://example.ac.uk/x.", "text", "see https://example.ac.uk/x <https://example.ac.uk/x> ."),
        ("see www.example.ac.uk", "text", "see www.example.ac.uk<http://www.example.ac.uk/>"),
        ("ask who@example.ac.uk!", "text", "ask who@example.ac.uk<mailto:who@example.ac.uk>!"),
        ('<a href="https://Example.ac.uk">Notes</a> here', "html", "Notes<https://example.ac.uk/> here"),
        ('<a href="HTTPS://example.ac.uk/%7ewho?a b">Notes</a>', "html", "Notes<https://example.ac.uk/~who?a%20b>"),
        ('<a href="https://example.ac.uk/x">Notes</a>, please', "html", f"Notes<{SAFE}>, please"),
        ('<a href="https://example.ac.uk/x">https://example.ac.uk/x</a>', "html", "https://example.ac.uk/x"),
        ('<a href="https://example.ac.uk/x">https://example.ac.uk/x</a>', "html", "https://example.ac.uk/x <https://example.ac.uk/x>"),
        ('<a href="mailto:who@example.ac.uk">who@example.ac.uk</a>', "html", "who@example.ac.uk<mailto:who@example.ac.uk>"),
        ('<a href="#below">Below</a>', "html", "Below"),
        ('<a href="https://example.ac.uk/x"><img src="map.png" alt="The  map"></a>', "html", "[The map]<https://example.ac.uk/x>"),
        ('<img src="pictures/map.png">Dr Who', "html", "[X]Dr Who"),
        ('<img src="https://example.ac.uk/m.png">Dr Who', "html", "[https://example.ac.uk/m.png]Dr Who"),
        ("<ol><li>A</li><li>B<ul><li>C</li></ul></li></ol>", "html", "  1.  A\r\n  2.  B\r\n     *   C\r\n"),
        ('<ol start="4" type="i"><li>A</li><li>B</li></ol>', "html", "iv.\tA\r\nv.\tB\r\n"),
        ("<table><tr><td>Room</td><td>1.2</td></tr></table>", "html", "Room    1.2\r\n"),
        ("<table><td>Room</td>1.2</table>", "html", "Room1.2\r\n"),
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
        ('<img src="https://example.ac.uk/m.png">Dr Who', "html", "[https://example.ac.uk/n.png]Dr Who"),
        ("Room 1.2", "text", "Room 12"),
        ("Room 1 2", "text", "Room 12"),
        ("C++", "text", "C"),
        ("C++", "html", "C#"),
        ("Fee: -5", "text", "Fee: 5"),
        ("Fee: €5", "text", "Fee: £5"),
        ("10:00–11:00", "text", "10:00-11:00"),
        ("Is it on?", "text", "Is it on!"),
        ("Exam 👍", "text", "Exam 👎"),
        ("Name: ____", "text", "Name:"),
        ("Bring paper", "text", "Bring paper\r\n________________________________\r\n"),
        ("<p>Room</p><p>12</p>", "html", "Room12"),
        ("<p>Not <b>here</b></p>", "html", "Nothere"),
        ("<ol><li>A</li><li>B</li></ol>", "html", "  1.  A\r\n  3.  B"),
        ("<ul><li>A</li></ul>", "html", "  1.  A"),
        ("see https://example.ac.uk/x", "text", "see https://example.ac.uk/y"),
        ("see https://example.ac.uk/x", "text", "see https://example.ac.uk/x<https://example.ac.uk/y>"),
        ("see https://example.ac.uk/y", "text", f"see {SAFE}"),
        ("see https://example.ac.uk/x", "text", f"see {SAFE.replace('outlook.com', 'example.com')}"),
        ('<a href="https://meet.example.ac.uk/1">Join</a>', "html", "Join<https://meet.example.ac.uk/2>"),
        ('<a href="https://meet.example.ac.uk/1">Join</a>', "html", "Join"),
        ("Join", "html", "Join<https://meet.example.ac.uk/2>"),
        ('<a href="https://example.ac.uk/a%2Fb">Join</a>', "html", "Join<https://example.ac.uk/a/b>"),
        ('<a href="https://example.ac.uk/x">Join</a>', "html", "Join<https://example.ac.uk/X>"),
        ('<a href="https://example.ac.uk/x">Join</a>', "html", "Join<http://example.ac.uk/x>"),
        ('<a href="https://example.ac.uk/x">https://example.ac.uk/x</a>', "html", "https://example.ac.uk/x<https://example.ac.uk/y>"),
        ('<a href="mailto:who@example.ac.uk">who@example.ac.uk</a>', "html", "who@example.ac.uk<mailto:no@example.ac.uk>"),
    ],
)
def test_one_other_sign_or_target_is_an_edit(expected: str, kind: str, read: str) -> None:
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


Inline = tuple[str, str]
"""A word, and where it links to; empty for nowhere."""

#: Not what a list's label could be taken for.
_WORDS = st.builds(str.__add__, st.sampled_from("bdghX"), st.text(st.sampled_from("abX019.,;:+#/()!?'\"&<>=_é€–[]%"), max_size=6))
_TARGETS = st.sampled_from(["", "", "", "https://meet.example.ac.uk/1", "mailto:who@example.ac.uk", "https://example.ac.uk/?a=1&b=c%20d"])
_BLOCKS = st.lists(
    st.tuples(
        st.sampled_from(["<p>{}</p>", "<div>{}</div>", "<ol><li>{}</li></ol>", "<ul><li>{}</li></ul>", "<h2>{}</h2><hr>", "{}<br>"]),
        st.lists(st.tuples(_WORDS, _TARGETS), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def _written(blocks: list[tuple[str, list[Inline]]]) -> str:
    def inline(word: str, target: str) -> str:
        return f'<a href="{escape(target)}">{escape(word)}</a>' if target else escape(word)

    return "".join(frame.replace("{}", " ".join(inline(*one) for one in inlines)) for frame, inlines in blocks)


@given(_BLOCKS)
def test_html_as_exchange_lays_it_out_is_no_edit(blocks: list[tuple[str, list[Inline]]]) -> None:
    html = _written(blocks)
    assert same_body(html, "html", laid_out(html))


@given(_BLOCKS, st.data())
def test_html_in_which_somebody_changed_one_sign_or_target_is_an_edit(blocks: list[tuple[str, list[Inline]]], data: st.DataObject) -> None:
    nth = data.draw(st.integers(0, len(blocks) - 1))
    frame, inlines = blocks[nth]
    at = data.draw(st.integers(0, len(inlines) - 1))
    word, target = inlines[at]
    if target and data.draw(st.booleans()):
        changed = (word, data.draw(_TARGETS.filter(lambda other: other != target)))
    else:
        sign = data.draw(st.integers(0, len(word) - 1))
        changed = (word[:sign] + data.draw(st.sampled_from(["", "z", "7", "*", "~"])) + word[sign + 1 :], target)
    edited = [*blocks[:nth], (frame, [*inlines[:at], changed, *inlines[at + 1 :]]), *blocks[nth + 1 :]]
    assert not same_body(_written(blocks), "html", laid_out(_written(edited)))


@given(st.lists(_WORDS | st.sampled_from(["https://example.ac.uk/x.", "who@example.ac.uk,", "(www.example.ac.uk)"]), min_size=1), st.data())
def test_a_text_in_which_somebody_changed_one_sign_is_an_edit(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    at = data.draw(st.integers(0, len(text) - 1))
    edited = text[:at] + data.draw(st.sampled_from(["", "z", "7", "*", " "])) + text[at + 1 :]
    assume(edited.split() != words)
    assert same_body(text, "text", text.replace(" ", " \r\n") + "\r\n")
    assert not same_body(text, "text", edited)


def test_a_rendering_is_that_of_one_body_shown_in_one_way() -> None:
    known = rendering_of("Room 1.2", "text", "~ Room 1.2 ~")
    assert rendering_of("Room 1.2", "text", "~  Room 1.2 ~\r\n") == known
    others = [("Room 1.3", "text", "~ Room 1.2 ~"), ("Room 1.2", "html", "~ Room 1.2 ~"), ("Room 1.2", "text", "~ Room 12 ~")]
    assert known not in [rendering_of(body, "html" if kind == "html" else "text", read) for body, kind, read in others]
