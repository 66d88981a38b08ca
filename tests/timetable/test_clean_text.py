"""What cleaning does to the texts that real timetables hold, and to names as parts of mail addresses."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from timetable_sync.timetable.clean_text import clean_name, clean_prose, cut, fit_for_xml, slug, utf16_length


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("C S 101", "c-s-101"),
        ("COMP101", "comp101"),
        ("LAWS4251_S2", "laws4251_s2"),
        ("Génie civil & énergie", "genie-civil-and-energie"),
        ("Straße, Ærø & Łódź", "strasse-aero-and-lodz"),
        ("C++", "c-plus-plus"),
        ("a..b", "a.b"),
        (".-a-.", "a"),
        ("a - . - b", "a.b"),
        ("İstanbul", "istanbul"),
        ("Алгебра", "algebra"),
        ("Щёкино", "shchekino"),
        ("Λογική", "logiki"),
        ("ﬁrst ２", "first-2"),
        ("数学", ""),
        ("", ""),
        (None, "none"),
        (101, "101"),
    ],
)
def test_a_name_becomes_what_an_address_can_hold(name: object, part: str) -> None:
    assert slug(name) == part


@given(st.text(max_size=40))
def test_a_slug_is_a_part_of_an_address_or_nothing_and_stays_what_it_is(text: str) -> None:
    part = slug(text)
    assert re.fullmatch(r"|[a-z0-9_]+([.-]+[a-z0-9_]+)*", part), part
    assert ".." not in part
    assert slug(part) == part


BOTH = pytest.mark.parametrize("clean", [clean_name, clean_prose])


@BOTH
@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("LAWS4251_S2\xa0Artificial Intelligence", "LAWS4251_S2 Artificial Intelligence"),
        ("Lec  ", "Lec"),
        (" online live", "online live"),
        ("a\t \r\nb", "a b"),
        ("a\u2003b\u3000c\u202fd\u2028e\x85f", "a b c d e f"),
        ("30\u201135", "30-35"),
        ("week 1 \u2013 3", "week 1 \u2013 3"),
        ("Cafe\u0301", "Café"),
        ("be\x00ll\x07", "bell"),
        ("a\ud800b", "ab"),
        ("x\ufffey\uffff", "xy"),
        ("\u202eevil\u202c \u2066x\u2069\u200e", "evil x"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tri\xadple", "triple"),
        ("Cafe\u200b\u0301", "Café"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Алгебра и геометрия", "Алгебра и геометрия"),
    ],
)
def test_blanks_hyphens_and_invisible_characters_are_made_plain(clean: object, raw: str, cleaned: str) -> None:
    assert callable(clean)
    assert clean(raw) == cleaned


@BOTH
@pytest.mark.parametrize("raw", ["", "   ", "\xa0", "          ", "\u200b", "\x00", "\u3000\u2003\t"])
def test_a_text_of_blanks_alone_is_no_text(clean: object, raw: str) -> None:
    assert callable(clean)
    assert clean(raw) is None


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Law &amp; Economics", "Law & Economics"),
        ("Algebra<br />and Geometry", "Algebra and Geometry"),
        ("<p>First</p><p>Second</p>", "First Second"),
        ("<b>Bold</b>er <SPAN class='x'>too</SPAN>", "Bolder too"),
        ("a&nbsp;&nbsp;b", "a b"),
        ("&#8211;&#x2013;", "\u2013\u2013"),
        ("R&D, AT&T", "R&D, AT&T"),
        ("a<b and c>d", "a<b and c>d"),
        ("1 <br/ > 2", "1 <br/ > 2"),
        ('<a href="https://x/?a=1" target=_blank>room</a>', "room"),
        ("Using std::vector<int>", "Using std::vector<int>"),
        ("The &lt;b&gt; tag", "The <b> tag"),
        ("&copyright", "&copyright"),
        ("x<!-- hidden -->y", "xy"),
        ("<br>", None),
        ("&#0;&#xD800;x", "\ufffd\ufffdx"),
    ],
)
def test_markup_in_a_description_becomes_text(raw: str, cleaned: str | None) -> None:
    assert clean_prose(raw) == cleaned


def test_markup_in_a_name_is_left_alone() -> None:
    assert clean_name("A&amp;B <b>") == "A&amp;B <b>"


@given(st.text(st.characters(codec=None, categories=None), max_size=300))
def test_cleaned_text_is_settled_and_can_stand_in_xml(raw: str) -> None:
    cleaned = clean_name(raw)
    assert cleaned is None or (cleaned.strip() == cleaned != "")
    if cleaned is not None:
        assert clean_name(cleaned) == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)
        element = etree.Element("t")
        element.text = cleaned
        assert etree.fromstring(etree.tostring(element)).text == cleaned


@given(st.text(st.characters(codec=None, categories=None), max_size=100))
def test_a_body_keeps_its_lines_and_can_stand_in_xml(raw: str) -> None:
    element = etree.Element("t")
    element.text = fit_for_xml("one\r\ntwo" + raw)
    assert element.text.startswith("one\ntwo")
    assert etree.fromstring(etree.tostring(element)).text == element.text


@given(st.text(max_size=600), st.integers(1, 255))
def test_a_cut_text_is_never_longer_than_exchange_counts(text: str, longest: int) -> None:
    assert utf16_length(cut(text, longest)) <= longest
    assert text.startswith(cut(text, longest))


def test_an_accent_is_not_cut_off_its_letter() -> None:
    assert cut("a" * 9 + "q\u0301", 10) == "a" * 9
    assert cut("a" * 10 + "x", 10) == "a" * 10


def test_a_family_of_emoji_is_not_cut_apart() -> None:
    family = "\U0001f469\u200d\U0001f467"
    assert cut("ab" + family, 5) == "ab"
    assert cut("ab" + family, 7) == "ab" + family
