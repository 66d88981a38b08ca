"""CreateItem's text says what the events say, each on its own; the new names are what a parser finds in the answer, or none are taken."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.calendars.ews.canned import answer_of, error, item_id, success
from timetable_sync.calendars.ews.backend import _item_ref
from timetable_sync.calendars.ews.create_requests import create_items, created
from timetable_sync.calendars.ews.errors import Complaint
from timetable_sync.calendars.ews.names import MARKER_URI, M, S, T
from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY, enveloped, moment
from timetable_sync.calendars.ews.soap import IncompleteResponse, complaint_of, parse, response_messages
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import ItemRef

MADE = [success("CreateItem", item_id(number)) for number in range(3)]
USUAL = answer_of("CreateItem", *MADE)
REFS = [ItemRef(f"id-{number}", f"ck-{number}") for number in range(3)]


def parsed(content: bytes) -> list[ItemRef | None] | None:
    """By the parser alone; None where anything but three events that were made is said."""
    try:
        messages = response_messages(content, "CreateItem")
        if isinstance(messages, Complaint) or len(messages) != len(REFS) or any(complaint_of(message) for message in messages):
            return None
    except IncompleteResponse:
        return None
    return [_item_ref(message) for message in messages]


def taken(content: bytes) -> list[ItemRef] | None:
    """By the text; None where that leaves it to the parser, or the rest is cut off."""
    try:
        return created(content, len(REFS))
    except IncompleteResponse:
        return None


def test_the_usual_answer_is_taken_from_the_text() -> None:
    assert taken(USUAL) == parsed(USUAL) == REFS


@pytest.mark.parametrize(("messages", "types"), [("m", "t"), ("a", "b"), ("ns-1.m", "ns-1.t")])
def test_the_prefixes_are_exchanges_to_choose(messages: str, types: str) -> None:
    content = re.sub(rb"(</?|xmlns:)m(?=[:=])", rb"\1_" + messages.encode(), USUAL)
    content = re.sub(rb"(</?|xmlns:)t(?=[:=])", rb"\1_" + types.encode(), content)
    assert taken(content) == REFS


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("one event that was refused", answer_of("CreateItem", *MADE[:2], error("CreateItem", "ErrorInvalidRequest"))),
        ("the first that was refused", answer_of("CreateItem", error("CreateItem", "ErrorInvalidRequest"), *MADE[:2])),
        ("too few", answer_of("CreateItem", *MADE[:2])),
        ("too many", answer_of("CreateItem", *MADE, MADE[0])),
        ("a warning", USUAL.replace(b"Success", b"Warning", 1)),
        ("a success with a code", USUAL.replace(b"NoError", b"ErrorServerBusy", 1)),
        ("an event without a name", USUAL.replace(b'<t:ItemId Id="id-1" ChangeKey="ck-1"/>', b"")),
        ("a name with a reference", USUAL.replace(b"id-1", b"id&amp;1")),
        ("a text beside", USUAL.replace(b"<m:ResponseCode>", b"<m:MessageText>x</m:MessageText><m:ResponseCode>", 1)),
        ("another operation's answer", USUAL.replace(b"CreateItem", b"UpdateItem")),
        ("a comment around it", USUAL.replace(b"<s:Body", b"<!-- <s:Body").replace(b"</s:Body>", b"</s:Body> -->")),
        ("events of another namespace", USUAL.replace(b'xmlns:t="http://schemas.microsoft.com', b'xmlns:t="http://example.org')),
        ("messages of another namespace", USUAL.replace(b'xmlns:m="http://schemas.microsoft.com', b'xmlns:m="http://example.org')),
        ("no envelope", USUAL.replace(b"s:Envelope", b"s:Letter")),
        ("a control character", USUAL.replace(b"id-1", b"id\x01")),
        ("a fault beside it", USUAL.replace(b"</s:Body>", b"<s:Fault><faultcode>x</faultcode></s:Fault></s:Body>")),
        ("an empty body before it", USUAL.replace(b"<s:Body ", b"<s:Body/><s:Body ")),
        ("an answer that was cut off in an event", USUAL[: USUAL.index(b"ck-2")]),
        ("a page of HTML", b"<html><body>busy</body></html>"),
        ("nothing", b""),
    ],
)
def test_whatever_else_it_says_is_left_to_the_parser(what: str, content: bytes) -> None:
    assert taken(content) is None, what


def test_an_answer_that_was_cut_off_after_the_last_event_is_none() -> None:
    with pytest.raises(IncompleteResponse):
        created(USUAL[:-12], len(REFS))


@given(
    st.lists(
        st.tuples(st.integers(0, len(USUAL)), st.integers(0, 6), st.binary(max_size=4) | st.sampled_from([b"<", b"&", b'"', b"/>", b"t:"])),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_befalls_an_answer_no_other_names_are_found(wounds: list[tuple[int, int, bytes]]) -> None:
    content = USUAL
    for place, length, other in wounds:
        content = content[:place] + other + content[place + length :]
    found = taken(content)
    assert found is None or found == parsed(content)


START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEXTS = ["", "Logic", "a < b & \"c\" 'd' ]]> &amp; {0} %s", "Übung \U0001f3eb", " two  blanks\nand a line", "carriage\r\nreturn\r"]
#: types.xsd, ItemType and CalendarItemType.
ORDER = [
    *("Subject", "Sensitivity", "Body", "Categories", "ReminderIsSet", "ReminderMinutesBeforeStart", "ExtendedProperty"),
    *("Start", "End", "LegacyFreeBusyStatus", "Location", "StartTimeZone", "EndTimeZone"),
]


@st.composite
def creates(draw: st.DrawFn) -> Create:
    start = START + timedelta(hours=draw(st.integers(0, 3)))
    event = Event(
        draw(st.sampled_from(["a", "b"])),
        start,
        start + timedelta(hours=1),
        draw(st.sampled_from(["Europe/London", "Asia/Tokyo"])),
        draw(st.sampled_from(TEXTS)),
        location=draw(st.sampled_from([None, *TEXTS])),
        body=draw(st.sampled_from([None, *TEXTS])),
        body_kind=draw(st.sampled_from(["text", "html"])),
        categories=draw(st.sampled_from([None, (), ("x",), ("x & z", "y")])),
        busy=draw(st.sampled_from(list(Busy))),
        reminder=draw(st.sampled_from([None, 0, 15])),
        sensitivity=draw(st.sampled_from(list(Sensitivity))),
    )
    return Create(event, draw(st.sampled_from(["marker 1", "marker & 2"])), Reason.TIMETABLE)


def items(changes: list[Create], address: str = "a@example.ac.uk") -> list[etree._Element]:
    array = parse(enveloped(create_items(address, changes), "Exchange2016", address)).find(f"{S}Body/{M}CreateItem/{M}Items")
    assert array is not None
    return list(array)


def one(item: etree._Element, name: str) -> etree._Element:
    (found,) = item.iterchildren(T + name)
    return found


def said(item: etree._Element) -> dict[str, object]:
    """What an item says, by the elements' names; an attribute in the place of a text."""
    found: dict[str, object] = {}
    for child in item:
        name = etree.QName(child).localname
        found[name] = [part.text for part in child] if name == "Categories" else child.get("Id") or child.text or ""
    return found


def expected(change: Create) -> dict[str, object]:
    event = change.after
    zone = windows_zone(event.zone)
    found: dict[str, object] = {"Subject": event.subject, "Sensitivity": SENSITIVITY[event.sensitivity]}
    if event.body is not None:
        found["Body"] = event.body
    if event.categories:
        found["Categories"] = list(event.categories)
    found["ReminderIsSet"] = "false" if event.reminder is None else "true"
    if event.reminder is not None:
        found["ReminderMinutesBeforeStart"] = str(event.reminder)
    found |= {"ExtendedProperty": "", "Start": moment(event.start), "End": moment(event.end), "LegacyFreeBusyStatus": BUSY[event.busy]}
    if event.location:
        found["Location"] = event.location
    return found | {"StartTimeZone": zone, "EndTimeZone": zone}


@given(st.lists(creates(), max_size=12))
def test_every_event_says_what_it_is_whatever_stands_beside_it(changes: list[Create]) -> None:
    for item, change in zip(items(changes), changes, strict=True):
        assert said(item) == expected(change)
        assert list(said(item)) == [name for name in ORDER if name in said(item)]


@given(creates())
def test_the_marker_and_the_kind_of_body_are_named(change: Create) -> None:
    (item,) = items([change])
    uri, value = one(item, "ExtendedProperty")
    assert (dict(uri.items()), value.text) == (MARKER_URI, change.marker)
    if change.after.body is not None:
        assert one(item, "Body").get("BodyType") == ("HTML" if change.after.body_kind == "html" else "Text")


def test_it_goes_into_the_calendar_of_the_mailbox_and_to_nobody_else() -> None:
    root = parse(enveloped(create_items("o'hara&sons@example.ac.uk", []), "Exchange2016", "b@example.ac.uk"))
    create = root.find(f"{S}Body/{M}CreateItem")

    assert create is not None
    assert dict(create.items()) == {"MessageDisposition": "SaveOnly", "SendMeetingInvitations": "SendToNone"}
    folder = create.find(f"{M}SavedItemFolderId/{T}DistinguishedFolderId")
    assert folder is not None and folder.get("Id") == "calendar"
    assert folder.findtext(f"{T}Mailbox/{T}EmailAddress") == "o'hara&sons@example.ac.uk"


def test_events_that_are_alike_keep_their_own_texts() -> None:
    first = Event("a", START, START + timedelta(hours=1), "Europe/London", "Logic", "R1", "Dr Boole")
    second = replace(first, key="b", subject="Sets", location="R2", body="Dr Cantor", start=START - timedelta(hours=1))
    written = [
        etree.tostring(item) for item in items([Create(event, f"marker of {event.key}", Reason.TIMETABLE) for event in (first, second)])
    ]
    for text in (b"Sets", b"R2", b"Dr Cantor", b"marker of b", b"08:00:00Z"):
        assert text in written[1] and text not in written[0]
