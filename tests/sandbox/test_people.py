"""People's hands in the calendars, and that the sandbox shows an item bit for bit."""

from datetime import UTC, datetime

import pytest
import requests

from tests.sandbox.asking import WITH_MARKER, Ews, envelope, event, marked, set_field
from timetable_sync.sandbox.client import SandboxRefused

FORTNIGHTLY = (
    "<t:Recurrence><t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Wednesday</t:DaysOfWeek></t:WeeklyRecurrence>"
    "<t:EndDateRecurrence><t:StartDate>2026-10-05</t:StartDate><t:EndDate>2026-10-21</t:EndDate></t:EndDateRecurrence></t:Recurrence>"
)
OCTOBER = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")


def test_a_colleagues_appointment_is_foreign_and_stays_as_it_is(ews: Ews) -> None:
    client = ews.sandbox.client
    item_id = client.add_appointment(
        ews.mailbox, "Dentist", datetime(2026, 10, 5, 9, tzinfo=UTC), "2026-10-05T10:00:00Z", location="Town", categories=["Private"]
    )
    before = client.events(ews.mailbox)
    assert before[0]["id"] == item_id
    assert before[0]["modified_by"] == "A colleague"
    found = ews.view(*OCTOBER, shape=WITH_MARKER)
    assert found.texts("//t:Subject") == ["Dentist"]
    assert found.all("//t:ExtendedProperty") == []
    ews.get(item_id)
    ews.made(event())
    assert client.events(ews.mailbox)[0] == before[0]


def test_an_edit_changes_the_change_key_but_not_the_marker(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event(early=marked("1 x")))
    edited = ews.sandbox.client.edit_event(ews.mailbox, item_id, subject="Mine", start="2026-10-06T09:00:00Z", end="2026-10-06T10:00:00Z")
    assert edited["change_key"] != key
    assert edited["extended"][0][3] == "1 x"
    found = ews.view(*OCTOBER, shape=WITH_MARKER)
    assert found.texts("//t:Subject | //t:Start") == ["Mine", "2026-10-06T09:00:00Z"]
    without = ews.sandbox.client.edit_event(ews.mailbox, item_id, subject=None)
    assert without["subject"] == ""


def test_a_colleague_deletes_softly_or_for_good(ews: Ews) -> None:
    client = ews.sandbox.client
    for number, hard in enumerate((False, True)):
        ((item_id, _),) = ews.made(event(str(number)))
        client.delete_event(ews.mailbox, item_id, hard=hard)
    assert client.events(ews.mailbox) == []
    assert [one["subject"] for one in client.deleted_items(ews.mailbox)] == ["0"]


def test_a_copy_carries_the_marker_along(ews: Ews) -> None:
    client = ews.sandbox.client
    client.add_mailbox("other@example.ac.uk", "shared")
    ((item_id, _),) = ews.made(event(early=marked("1 x")))
    here = client.copy_event(ews.mailbox, item_id, start="2026-10-06T09:00:00Z", end="2026-10-06T10:00:00Z")
    there = client.copy_event(ews.mailbox, item_id, to="other@example.ac.uk")
    assert len({item_id, here, there}) == 3
    assert ews.view(*OCTOBER, shape=WITH_MARKER).texts("//t:ExtendedProperty/t:Value") == ["1 x", "1 x"]
    assert client.events("other@example.ac.uk")[0]["extended"][0][3] == "1 x"


def test_a_series_shows_its_occurrences_in_a_view_and_its_master_in_a_page(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event(early=marked("1 x")))
    ews.sandbox.client.make_series(ews.mailbox, item_id, count=3)
    shape = WITH_MARKER.replace("</t:AdditionalProperties>", '<t:FieldURI FieldURI="calendar:CalendarItemType"/></t:AdditionalProperties>')
    view = ews.view(*OCTOBER, shape=shape)
    assert view.texts("//t:Start") == ["2026-10-05T09:00:00Z", "2026-10-12T09:00:00Z", "2026-10-19T09:00:00Z"]
    assert view.texts("//t:CalendarItemType") == ["Occurrence"] * 3
    assert view.texts("//t:ExtendedProperty/t:Value") == ["1 x"] * 3
    assert len({one.get("Id") for one in view.all("//t:ItemId")} | {item_id}) == 4
    page = ews.find('<m:IndexedPageItemView Offset="0" BasePoint="Beginning"/>', shape=shape)
    assert page.texts("//t:CalendarItemType") == ["RecurringMaster"]


def test_a_series_keeps_its_wall_clock_when_the_clocks_change(ews: Ews) -> None:
    ((item_id, _),) = ews.made(
        event(start="2026-10-19T08:00:00Z", end="2026-10-19T09:00:00Z", late='<t:StartTimeZone Id="GMT Standard Time"/>')
    )
    ews.sandbox.client.make_series(ews.mailbox, item_id, count=2)
    assert ews.view(*OCTOBER, shape=WITH_MARKER).texts("//t:Start") == ["2026-10-19T08:00:00Z", "2026-10-26T09:00:00Z"]


def test_one_occurrence_can_be_changed_or_deleted_by_itself(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    ews.sandbox.client.make_series(ews.mailbox, item_id, pattern="Daily", count=4)
    first, second, third, _ = [(one.get("Id"), one.get("ChangeKey")) for one in ews.view(*OCTOBER).all("//t:ItemId")]
    assert ews.delete(first[0]).codes == ["NoError"]
    ews.sandbox.client.edit_event(ews.mailbox, second[0], subject="Moved", start="2026-10-06T15:00:00Z", end="2026-10-06T16:00:00Z")
    key = ews.view(*OCTOBER).all("//t:ItemId")[0].get("ChangeKey")
    assert ews.update(third[0], key, set_field("calendar:Location", "<t:Location>Attic</t:Location>")).codes == ["NoError"]
    view = ews.view(*OCTOBER, shape=WITH_MARKER)
    assert view.texts("//t:Start") == ["2026-10-06T15:00:00Z", "2026-10-07T09:00:00Z", "2026-10-08T09:00:00Z"]
    assert view.texts("//t:Subject") == ["Moved", "Lecture", "Lecture"]
    assert view.texts("//t:Location") == ["Attic"]
    assert ews.get(first[0]).codes == ["ErrorItemNotFound"]


def test_a_series_can_be_made_by_a_request(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event(late=FORTNIGHTLY))
    days = [one[8:10] for one in ews.view(*OCTOBER, shape=WITH_MARKER).texts("//t:Start")]
    assert days == ["05", "07", "19", "21"]
    assert ews.get(item_id).texts("//t:Recurrence//t:DaysOfWeek") == ["Monday Wednesday"]
    yearly = FORTNIGHTLY.replace("WeeklyRecurrence", "AbsoluteYearlyRecurrence").replace(
        "<t:Interval>2</t:Interval><t:DaysOfWeek>Monday Wednesday</t:DaysOfWeek>", "<t:DayOfMonth>1</t:DayOfMonth><t:Month>May</t:Month>"
    )
    assert ews.create(event(late=yearly)).codes == ["ErrorUnsupportedRecurrence"]


def test_an_attendee_makes_it_a_meeting_and_sends_nothing(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    found = ews.sandbox.client.add_attendee(ews.mailbox, item_id, "student@example.ac.uk")
    assert found["attendees"] == [{"address": "student@example.ac.uk", "name": "student@example.ac.uk"}]
    assert ews.get(item_id).texts("//t:IsMeeting | //t:Attendee//t:EmailAddress") == ["true", "student@example.ac.uk"]
    assert ews.sandbox.client.mails() == 0


def test_the_control_api_says_what_it_cannot_do(ews: Ews) -> None:
    client = ews.sandbox.client
    with pytest.raises(SandboxRefused, match="no mailbox"):
        client.events("nobody@example.ac.uk")
    with pytest.raises(SandboxRefused, match="no event"):
        client.edit_event(ews.mailbox, "AAA", subject="x")
    ((item_id, _),) = ews.made(event())
    with pytest.raises(SandboxRefused, match="no field 'colour'"):
        client.edit_event(ews.mailbox, item_id, colour="red")
    with pytest.raises(SandboxRefused, match="one of group, shared, user, room"):
        client.add_mailboxes([{"address": "x@example.ac.uk", "kind": "public"}])
    with pytest.raises(SandboxRefused, match="no snapshot"):
        client.restore("never")


def test_mailboxes_of_every_kind_can_be_added_and_removed(ews: Ews) -> None:
    client = ews.sandbox.client
    client.add_mailboxes([{"address": "room@example.ac.uk", "kind": "room"}, "G2@example.ac.uk"])
    client.add_mailboxes(["s1@example.ac.uk"], "shared")
    kinds = {one["address"]: one["kind"] for one in client.mailboxes()}
    assert kinds == {ews.mailbox: "group", "room@example.ac.uk": "room", "G2@example.ac.uk": "group", "s1@example.ac.uk": "shared"}
    assert client.remove_mailbox("g2@example.ac.uk")
    assert not client.remove_mailbox("g2@example.ac.uk")
    assert set(client.all_events()) == set(kinds) - {"G2@example.ac.uk"}


def test_a_snapshot_brings_everything_back(ews: Ews) -> None:
    client = ews.sandbox.client
    ((item_id, key),) = ews.made(event(early=marked("1 x")))
    client.add_appointment(ews.mailbox, "Dentist", "2026-10-05T09:00:00Z", "2026-10-05T10:00:00Z")
    client.snapshot("before")
    before = client.all_events()
    ews.delete(item_id)
    ews.made(event("later"))
    client.restore("before")
    assert client.all_events() == before
    assert client.deleted_items(ews.mailbox) == []
    assert ews.update(item_id, key, set_field("item:Subject", "<t:Subject>x</t:Subject>")).codes == ["NoError"]
    ((fresh, _),) = ews.made(event("new"))
    assert fresh not in {one["id"] for one in before[ews.mailbox]}


def test_what_people_paste_comes_out_as_exchange_hands_it_out_even_where_xml_forbids_it(ews: Ews) -> None:
    ews.sandbox.client.add_appointment(ews.mailbox, "soft\x0bbreak", "2026-10-05T09:00:00Z", "2026-10-05T10:00:00Z")
    payload = envelope(
        f'<m:FindItem Traversal="Shallow"><m:ItemShape>{WITH_MARKER}</m:ItemShape><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>',
        mailbox=ews.mailbox,
    )
    headers = {"Content-Type": "text/xml", "Authorization": f"Bearer {ews.token}", "X-AnchorMailbox": ews.mailbox}
    answer = requests.post(ews.sandbox.client.ews_url, data=payload, headers=headers, timeout=20)
    assert "<t:Subject>soft&#xB;break</t:Subject>" in answer.text


def test_a_view_of_an_event_is_never_an_old_one(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event("one"))
    client = ews.sandbox.client
    seen = [client.events(ews.mailbox)[0]["subject"]]
    ews.update(item_id, key, set_field("item:Subject", "<t:Subject>two</t:Subject>"))
    seen.append(client.all_events()[ews.mailbox][0]["subject"])
    client.edit_event(ews.mailbox, item_id, subject="three")
    seen.append(client.events(ews.mailbox)[0]["subject"])
    ews.delete(item_id)
    seen.append(client.deleted_items(ews.mailbox)[0]["subject"])
    assert seen == ["one", "two", "three", "three"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (("<t:Interval>2<", "<t:Interval>0<"), "ErrorCalendarInvalidRecurrence"),
        (("Monday Wednesday", ""), "ErrorCalendarInvalidDayForWeeklyRecurrence"),
        (("2026-10-21", "2026-10-04"), "ErrorRecurrenceHasNoOccurrence"),
        (("2026-10-05<", "-0044-03-15<"), "ErrorCalendarOutOfRange"),
        (("2026-10-21", "12026-10-21"), "ErrorCalendarOutOfRange"),
    ],
)
def test_a_series_that_cannot_be_is_refused(ews: Ews, spoil: tuple[str, str], code: str) -> None:
    assert ews.create(event(late=FORTNIGHTLY.replace(*spoil))).codes == [code]
