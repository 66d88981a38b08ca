"""XML from outside: whole or not at all, nothing fetched, nothing expanded, people's odd characters survived."""

import pytest

from tests.calendars.ews.canned import answer_of, envelope, error, fault, listed, listing, success
from timetable_sync.calendars.ews.errors import Complaint
from timetable_sync.calendars.ews.soap import IncompleteResponse, complaint_of, parse, response_messages


def test_a_document_that_is_cut_off_is_none() -> None:
    # exchangelib's parser recovers, and makes a shorter listing of it.
    whole = listing(*(listed(number) for number in range(20)))
    for length in range(len(whole) // 2, len(whole), 97):
        with pytest.raises(IncompleteResponse):
            parse(whole[:length])
    # Nor does it spoil the next one, which the same parser reads.
    assert isinstance(response_messages(whole, "FindItem"), list)


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x y="&a;"/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16"),
        # UTF-7 writes the document type in bytes that are none.
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x [+ADwAIQ-ENTITY a "b">]><x y="&a;"/>',
        b"\xef\xbb\xbf <?xml version='1.0' encoding = 'UTF-7' ?><x/>",
        b"<x>&undeclared;</x>",
        b"",
        b"<html><br></html>",
    ],
)
def test_what_is_not_the_xml_that_exchange_writes_is_refused(content: bytes) -> None:
    with pytest.raises(IncompleteResponse):
        parse(content)


def test_characters_that_xml_does_not_know_cost_only_themselves() -> None:
    # Exchange passes them on in subjects that people wrote: &#x1F; and the like.
    for odd in (b"&#x1F;", b"&#11;", b"&#xFFFE;", b"&#xD83D;", b"\x0b", b"\x1f", b"\xef\xbf\xbe"):
        root = parse(b"<x><y>a" + odd + b"b&#x41;&amp;\xc3\xa9&#x1F33B;</y><z>whole</z></x>")
        assert root.findtext("y") == "a\ufffdbA&é\U0001f33b"
        assert root.findtext("z") == "whole"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf" + listing()).tag.endswith("Envelope")


def test_a_fault_is_a_complaint_with_its_hint() -> None:
    assert response_messages(fault("ErrorServerBusy", values={"BackOffMilliseconds": "1500"}), "FindItem") == Complaint(
        "ErrorServerBusy", "It went wrong.", 1.5
    )


def test_a_fault_without_detail_is_told_by_its_code() -> None:
    bare = envelope("<s:Fault><faultcode>a:ErrorInvalidRequest</faultcode><faultstring>no</faultstring></s:Fault>")
    assert response_messages(bare, "FindItem") == Complaint("ErrorInvalidRequest", "no")


@pytest.mark.parametrize("value", ["soon", "", "-5", "9" * 400, "9" * 5_000])
def test_a_hint_that_cannot_be_read_is_none_or_nothing(value: str) -> None:
    complaint = response_messages(fault("ErrorServerBusy", values={"BackOffMilliseconds": value}), "FindItem")
    assert isinstance(complaint, Complaint)
    assert complaint.wait in (None, 0.0)


def test_a_hint_inside_a_200_is_read_too() -> None:
    messages = response_messages(
        answer_of("FindItem", error("FindItem", "ErrorServerBusy", values={"BackOffMilliseconds": "250"})), "FindItem"
    )
    assert isinstance(messages, list)
    complaint = complaint_of(messages[0])
    assert complaint is not None
    assert complaint.wait == 0.25


def test_a_success_is_no_complaint() -> None:
    messages = response_messages(answer_of("DeleteItem", success("DeleteItem")), "DeleteItem")
    assert isinstance(messages, list)
    assert complaint_of(messages[0]) is None
