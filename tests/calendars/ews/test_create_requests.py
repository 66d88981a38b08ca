"""The names of new events out of an answer's text are what the parser finds in it, or none are taken."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calendars.ews.canned import answer_of, error, item_id, success
from timetable_sync.calendars.ews.backend import _item_ref
from timetable_sync.calendars.ews.create_requests import created
from timetable_sync.calendars.ews.errors import Complaint
from timetable_sync.calendars.ews.soap import IncompleteResponse, complaint_of, response_messages
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
