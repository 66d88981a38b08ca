"""What is taken out of an answer's text is what the parser finds in it, or nothing is taken."""

import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.calendars.contract import WEEK, event, marker
from tests.calendars.ews.canned import CannedServer, listed, listing
from tests.calendars.ews.two_ways import agree, parsed, taken
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.calendars.ews.errors import Complaint
from timetable_sync.calendars.ews.find_item import read_page
from timetable_sync.calendars.ews.find_item_text import set_apart
from timetable_sync.calendars.ews.soap import IncompleteResponse, response_messages
from timetable_sync.model.calendar import Calendar

MARKER = marker(event(1))


USUAL = listing(
    listed(1, marker=MARKER, Subject="Mathematics &amp; Statistics &lt;I&gt;", Location="Große Aula", Categories="<t:String>A</t:String>"),
    listed(2, Subject="a colleague&apos;s own"),
    listed(3, marker="", Categories="<t:String>&lt;b</t:String><t:String>a</t:String><t:String></t:String>"),
    listed(4, marker=MARKER, without="Start"),
)


def test_the_usual_form_is_taken_from_the_text() -> None:
    page = taken(USUAL)
    assert page is not None
    assert page == parsed(USUAL)
    assert [item.subject for item in page.items] == ["Mathematics & Statistics <I>", "a colleague's own", "Event 3", "Event 4"]
    assert [item.categories for item in page.items] == [("A",), (), ("", "<b", "a"), ()]
    assert [item.marker for item in page.items] == [MARKER, None, "", MARKER]


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("a reference by number", listing(listed(1, Subject="a&#10;b"))),
        ("a reference to nothing", listing(listed(1, Subject="&nothing;"))),
        ("a lonely ampersand", listing(listed(1, Subject="a & b"))),
        ("a line end of Windows", listing(listed(1, Subject="a\r\nb"))),
        ("a control character", listing(listed(1, Subject="a\x0bb"))),
        ("a comment", listing("<!-- " + listed(1) + " -->")),
        ("a section", listing(listed(1, Subject="<![CDATA[a < b]]>"))),
        ("the end of a section", listing(listed(1, Subject="a ]]&gt; ]]> b"))),
        ("a blank between events", listing(listed(1) + "\n" + listed(2))),
        (
            "another order",
            listing(
                listed(1)
                .replace("<t:Subject>Event 1</t:Subject>", "")
                .replace("</t:CalendarItem>", "<t:Subject>x</t:Subject></t:CalendarItem>")
            ),
        ),
        ("what was not asked for", listing(listed(1).replace("</t:CalendarItem>", "<t:UID>x</t:UID></t:CalendarItem>"))),
        (
            "two properties",
            listing(listed(1, marker=MARKER).replace("</t:ExtendedProperty>", "</t:ExtendedProperty><t:ExtendedProperty/>")),
        ),
        ("another kind of item", listing(listed(1), '<t:MeetingRequest><t:ItemId Id="x" ChangeKey="y"/></t:MeetingRequest>')),
        ("an event without an id", listing(listed(1, without="ItemId"))),
        (
            "a name of another meaning",
            listing(listed(1, marker=MARKER).replace("FieldURI PropertySetId", 'FieldURI xmlns:t="urn:x" PropertySetId')),
        ),
        (
            "attributes that are none",
            listing(listed(1, marker=MARKER).replace('PropertyType="String"', 'PropertyType="String" PropertyType="String"')),
        ),
        ("another encoding", listing(listed(1)).replace(b"utf-8", b"us-ascii")),
        ("bytes that are no UTF-8", listing(listed(1, Subject="SUBJECT")).replace(b"SUBJECT", b"\xff")),
        ("an answer that was cut off", USUAL[: USUAL.index(b"</t:Items>")]),
        ("an answer that was cut off in an event", USUAL[: USUAL.index(b"ck-2")]),
        ("no events", listing()),
        ("two listings", USUAL.replace(b"</m:RootFolder>", b"</m:RootFolder><m:RootFolder/>")),
        ("a fault", b"<s:Envelope/>"),
    ],
)
def test_any_other_form_is_left_to_the_parser(what: str, content: bytes) -> None:
    apart = set_apart(content)
    # An empty listing is the same either way.
    assert apart is None or (what == "no events" and apart.items == [])


@pytest.mark.parametrize("prefix", ["t", "typ", "T-1.x", "ns0"])
def test_the_prefix_is_exchanges_to_choose(prefix: str) -> None:
    content = re.sub(rb"(</?|xmlns:)t\b(?=[:=])", lambda found: found[1] + prefix.encode(), USUAL)
    page = taken(content)
    assert page is not None
    assert page.items == parsed(USUAL).items


@pytest.mark.parametrize("total", [b"4", b"0"])
def test_events_in_another_namespace_are_no_listing(total: bytes) -> None:
    content = USUAL.replace(b'xmlns:t="http://schemas.microsoft.com', b'xmlns:t="http://example.org')
    content = content.replace(b'TotalItemsInView="4"', b'TotalItemsInView="%b"' % total)
    assert set_apart(content) is not None
    for read in (taken, parsed):
        with pytest.raises(IncompleteResponse, match="holds no items"):
            read(content)


def test_items_in_two_places_are_an_error() -> None:
    content = USUAL.replace(b"<t:Items>", b'<u:Items xmlns:u="urn:x"><t:CalendarItem/></u:Items><t:Items>', 1)
    assert set_apart(content) is None
    apart = set_apart(USUAL)
    assert apart is not None
    messages = response_messages(USUAL, "FindItem")
    assert not isinstance(messages, Complaint)
    with pytest.raises(IncompleteResponse, match="two places"):
        read_page(messages[0], apart.items)


def test_a_listing_that_announces_more_is_not_whole_either_way() -> None:
    content = USUAL.replace(b'TotalItemsInView="4"', b'TotalItemsInView="5"')
    for read in (taken, parsed):
        with pytest.raises(IncompleteResponse, match="announces 5 items and holds 4"):
            read(content)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["&amp;", "&#13;", "]]>", "</t:String><t:String>", "</t:CalendarItem>", "RootFolder", "<!--", "\r", "\ufffe", "&bogus;", " "]
)
WRITTEN = TEXTS.map(escape) | TEXTS
ITEMS = st.builds(
    lambda number, subject, location, categories, marked, lacking, busy: listed(
        number,
        marker=marked,
        without=lacking,
        Subject=subject,
        Location=location,
        Categories="".join(f"<t:String>{category}</t:String>" for category in categories),
        LegacyFreeBusyStatus=busy,
    ),
    st.integers(0, 9),
    WRITTEN,
    WRITTEN,
    st.lists(WRITTEN, max_size=3),
    st.sampled_from([None, MARKER, "", "2 a new form", f" {MARKER}\n"]),
    st.sampled_from(["", "", "", "Subject", "Start", "DateTimeCreated", "CalendarItemType", "ItemId"]),
    st.sampled_from(["Busy", "Free", "NoData", "Sleeping", ""]),
)


@given(st.lists(ITEMS, max_size=4))
@example([listed(1, Subject="&lt;/t:String&gt;", Categories="<t:String>&lt;/t:String&gt;&lt;t:String&gt;</t:String>")])
def test_whatever_stands_in_an_event_both_ways_agree(items: list[str]) -> None:
    agree(listing(*items))


@given(
    st.lists(
        st.tuples(st.integers(0, len(USUAL)), st.integers(0, 6), st.binary(max_size=6) | st.sampled_from([b"<", b"&", b'"', b"/>", b"t:"]))
    )
)
def test_whatever_befalls_an_answer_both_ways_agree(wounds: list[tuple[int, int, bytes]]) -> None:
    content = USUAL
    for place, length, other in wounds[:3]:
        content = content[:place] + other + content[place + length :]
    agree(content)


def test_an_answer_of_either_form_gives_the_same_snapshot(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    one, other = listed(1, marker=MARKER, Subject="A &amp; B"), listed(2)
    server.answer(listing(one, other))
    server.answer(listing(one + "\n", other))
    assert set_apart(listing(one, other)) is not None
    assert set_apart(listing(one + "\n", other)) is None
    assert backend.snapshot(calendar, WEEK) == backend.snapshot(calendar, WEEK)
