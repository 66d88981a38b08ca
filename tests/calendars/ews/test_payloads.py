"""Requests' XML: events that are alike are copied from each other, and that must not show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from timetable_sync.calendars.ews.payloads import create_items
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Busy, Event, Sensitivity

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEXTS = ["", "Logic", "a < b & \"c\" 'd' ]]>", "Übung \U0001f3eb", " two  blanks\nand a line"]


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
        categories=draw(st.sampled_from([None, (), ("x",), ("x", "y")])),
        busy=draw(st.sampled_from([Busy.BUSY, Busy.FREE])),
        reminder=draw(st.sampled_from([None, 0, 15])),
        sensitivity=draw(st.sampled_from([Sensitivity.NORMAL, Sensitivity.PRIVATE])),
    )
    return Create(event, draw(st.sampled_from(["marker 1", "marker & 2"])), Reason.TIMETABLE)


def items(changes: list[Create]) -> list[bytes]:
    *_, array = create_items("a@example.ac.uk", changes)
    return [etree.tostring(item) for item in array]


@given(st.lists(creates(), max_size=12))
def test_an_event_among_others_is_written_as_it_would_be_alone(changes: list[Create]) -> None:
    assert items(changes) == [item for change in changes for item in items([change])]


def test_events_that_are_alike_keep_their_own_texts() -> None:
    first = Event("a", START, START + timedelta(hours=1), "Europe/London", "Logic", "R1", "Dr Boole")
    second = replace(first, key="b", subject="Sets", location="R2", body="Dr Cantor", start=START - timedelta(hours=1))
    written = items([Create(event, f"marker of {event.key}", Reason.TIMETABLE) for event in (first, second)])
    for text in (b"Sets", b"R2", b"Dr Cantor", b"marker of b", b"08:00:00Z"):
        assert text in written[1] and text not in written[0]
