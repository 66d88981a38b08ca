"""CreateItem's text: read back by a parser it says what the events say, each on its own, in the schema's order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from timetable_sync.calendars.ews.create_requests import create_items
from timetable_sync.calendars.ews.names import MARKER_URI, M, S, T
from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY, enveloped, moment
from timetable_sync.calendars.ews.soap import parse
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.model.change import Create, Reason
from timetable_sync.model.event import Busy, Event, Sensitivity

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
