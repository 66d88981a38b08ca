"""Creating, changing and deleting: what Exchange does with it, and what it refuses."""

import re

import pytest

from tests.sandbox.asking import MARKER, Ews, event, marked, set_field

ATTENDEES = (
    "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>a@example.ac.uk</t:EmailAddress></t:Mailbox></t:Attendee>"
    "<t:Attendee><t:Mailbox><t:EmailAddress>b@example.ac.uk</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>"
)


def stored(ews: Ews) -> dict[str, object]:
    events = ews.sandbox.client.events(ews.mailbox)
    assert len(events) == 1
    return events[0]


# -- creating


def test_what_is_created_is_stored_as_it_was_given(ews: Ews) -> None:
    early = (
        '<t:Sensitivity>Private</t:Sensitivity><t:Body BodyType="HTML">&lt;p&gt;Ā &amp;amp; b&lt;/p&gt;</t:Body>'
        "<t:Categories><t:String>Timetable</t:String><t:String>Exam</t:String></t:Categories><t:Importance>High</t:Importance>"
        "<t:ReminderIsSet>false</t:ReminderIsSet><t:ReminderMinutesBeforeStart>0</t:ReminderMinutesBeforeStart>" + marked("1 x")
    )
    ews.made(event("Café – 北", "2026-10-05T09:00:00+01:00", "2026-10-05T10:00:00+01:00", early=early,
                   late="<t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus><t:Location>Hall</t:Location>"))  # fmt: skip
    found = stored(ews)
    expected = {
        "subject": "Café – 北", "start": "2026-10-05T08:00:00Z", "end": "2026-10-05T09:00:00Z", "sensitivity": "Private",
        "body": "<p>Ā &amp; b</p>", "body_type": "HTML", "categories": ["Timetable", "Exam"], "importance": "High",
        "reminder_is_set": False, "reminder_minutes": 0, "busy": "Free", "location": "Hall", "type": "Single", "attendees": [],
        "extended": [["4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "name:TimetableSync", "String", "1 x"]],
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_what_is_left_out_is_as_exchange_sets_it(ews: Ews) -> None:
    ews.made(event())
    found = stored(ews)
    assert (found["reminder_is_set"], found["reminder_minutes"]) == (True, 15)
    assert (found["busy"], found["sensitivity"], found["importance"], found["all_day"]) == ("Busy", "Normal", "Normal", False)


def test_ids_look_like_exchanges(ews: Ews) -> None:
    ids = ews.made(*(event(str(number)) for number in range(30)))
    assert len(set(ids)) == 30
    together = "".join(one for one, _ in ids)
    assert "/" in together
    assert "+" in together
    assert all(re.fullmatch(r"AAMk[A-Za-z0-9+/]{140,180}={0,2}", one) for one, _ in ids)
    assert all(key.startswith("DwAAABYAAA") for _, key in ids)


def test_ids_tell_capitals_from_small_letters(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    assert ews.get(item_id).codes == ["NoError"]
    assert ews.get(item_id[:100] + item_id[100:].swapcase()).codes == ["ErrorItemNotFound"]
    assert ews.get("AAMkA").codes == ["ErrorInvalidIdMalformed"]
    assert ews.get("not an id at all").codes == ["ErrorInvalidIdMalformed"]
    assert ews.get("").codes == ["ErrorInvalidIdEmpty"]


def test_an_item_of_another_mailbox_is_not_found(ews: Ews) -> None:
    ews.sandbox.client.add_mailbox("other@example.ac.uk")
    ((item_id, _),) = Ews(ews.sandbox, ews.token, "other@example.ac.uk").made(event())
    assert ews.get(item_id).codes == ["ErrorItemNotFound"]
    assert ews.delete(item_id).codes == ["ErrorItemNotFound"]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (event(start="2026-10-05T10:00:00Z", end="2026-10-05T09:00:00Z"), "ErrorCalendarEndDateIsEarlierThanStartDate"),
        (event(start="2026-10-05T10:00:00Z", end="2032-10-05T09:00:00Z"), "ErrorCalendarDurationIsTooLong"),
        (event("x" * 256), "ErrorInvalidValueForProperty"),
        (event(late=f"<t:Location>{'x' * 256}</t:Location>"), "ErrorInvalidValueForProperty"),
        ("<t:Subject>x</t:Subject><t:Start>2026-10-05T10:00:00Z</t:Start>", "ErrorRequiredPropertyMissing"),
        (event(start="1500-10-05T10:00:00Z"), "ErrorCalendarOutOfRange"),
        (event(late='<t:StartTimeZone Id="Europe/London"/>'), "ErrorTimeZone"),
        (event(early="<t:DateTimeCreated>2026-10-05T10:00:00Z</t:DateTimeCreated>"), "ErrorInvalidPropertySet"),
        (event(late="<t:IsCancelled>true</t:IsCancelled>"), "ErrorInvalidPropertySet"),
        (
            event(
                early=f"<t:ExtendedProperty><t:ExtendedFieldURI {MARKER}/><t:Values><t:Value>1</t:Value></t:Values></t:ExtendedProperty>"
            ),
            "ErrorInvalidExtendedPropertyValue",
        ),
        (event(early=marked("x").replace('"String"', '"Integer"')), "ErrorInvalidExtendedPropertyValue"),
        (event(early=marked("x").replace("PropertySetId=", 'PropertyTag="0x10" PropertySetId=')), "ErrorInvalidExtendedProperty"),
        (event(early=marked("x").replace(MARKER, 'PropertyTag="0x8001" PropertyType="String"')), "ErrorNoPropertyTagForCustomProperties"),
        (event(early=marked("x").replace(MARKER, 'PropertyName="x" PropertyType="String"')), "ErrorInvalidExtendedProperty"),
    ],
)
def test_an_item_that_does_not_hold_together_is_refused_alone(ews: Ews, item: str, code: str) -> None:
    answer = ews.create(event("first"), item, event("third"))
    assert answer.codes == ["NoError", code, "NoError"]
    assert [one["subject"] for one in ews.sandbox.client.events(ews.mailbox)] == ["first", "third"]


def test_a_subject_of_255_characters_is_taken(ews: Ews) -> None:
    ews.made(event("x" * 255))
    assert stored(ews)["subject"] == "x" * 255


def test_an_event_without_length_is_taken(ews: Ews) -> None:
    ews.made(event(end="2026-10-05T09:00:00Z"))
    assert stored(ews)["end"] == "2026-10-05T09:00:00Z"


def test_a_create_that_does_not_say_whom_to_invite_is_refused(ews: Ews) -> None:
    assert ews.create(event(), send="").codes == ["ErrorSendMeetingInvitationsRequired"]
    assert ews.sandbox.client.events(ews.mailbox) == []


def test_items_of_other_kinds_or_for_other_folders_are_refused(ews: Ews) -> None:
    folder = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="{}"/></m:SavedItemFolderId>'
    whole = '<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone">{}<m:Items>{}</m:Items></m:CreateItem>'
    item = f"<t:CalendarItem>{event()}</t:CalendarItem>"
    assert ews.ask(whole.format("", "<t:Message/>")).codes == ["ErrorInvalidItemForOperationCreateItem"]
    assert ews.ask(whole.format(folder.format("deleteditems"), item)).codes == ["ErrorCannotCreateCalendarItemInNonCalendarFolder"]
    assert ews.ask(whole.format(folder.format("inbox"), item)).codes == ["ErrorFolderNotFound"]


def test_times_without_an_offset_are_in_the_zone_of_the_item_then_of_the_context_then_utc(ews: Ews) -> None:
    context = '<t:TimeZoneContext><t:TimeZoneDefinition Id="AUS Eastern Standard Time"/></t:TimeZoneContext>'
    naive = event(start="2026-10-05T09:00:00", end="2026-10-05T10:00:00")
    ews.create(naive)
    ews.create(naive, header=context)
    ews.create(naive + '<t:StartTimeZone Id="GMT Standard Time"/>', header=context)
    found = ews.sandbox.client.events(ews.mailbox)
    assert [one["start"] for one in found] == ["2026-10-05T09:00:00Z", "2026-10-04T22:00:00Z", "2026-10-05T08:00:00Z"]
    assert [one["time_zone"] for one in found] == ["UTC", "AUS Eastern Standard Time", "GMT Standard Time"]


def test_an_event_of_whole_days_is_stretched_to_midnights(ews: Ews) -> None:
    ews.made(event(start="2026-10-05T09:00:00Z", end="2026-10-06T10:00:00Z", late="<t:IsAllDayEvent>true</t:IsAllDayEvent>"))
    found = stored(ews)
    assert (found["start"], found["end"]) == ("2026-10-05T00:00:00Z", "2026-10-07T00:00:00Z")


# -- mail


@pytest.mark.parametrize(("send", "mails"), [("SendToNone", 0), ("SendOnlyToAll", 2), ("SendToAllAndSaveCopy", 2)])
def test_invitations_are_counted(ews: Ews, send: str, mails: int) -> None:
    ews.create(event(late=ATTENDEES), event("nobody invited"), send=f' SendMeetingInvitations="{send}"')
    assert ews.sandbox.client.mails() == mails


def test_updates_and_cancellations_are_counted(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event(late=ATTENDEES))
    ews.update(item_id, key, set_field("item:Subject", "<t:Subject>x</t:Subject>"),
               send=' SendMeetingInvitationsOrCancellations="SendToAllAndSaveCopy"')  # fmt: skip
    ews.delete(item_id, send=' SendMeetingCancellations="SendOnlyToAll"')
    assert [one["kind"] for one in ews.sandbox.client.mail_list()] == ["update"] * 2 + ["cancellation"] * 2
    assert {one["to"] for one in ews.sandbox.client.mail_list()} == {"a@example.ac.uk", "b@example.ac.uk"}


# -- changing


def test_an_update_changes_what_it_names_and_nothing_else(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event(early=marked("1 x"), late="<t:Location>Hall</t:Location>"))
    before = stored(ews)
    answer = ews.update(item_id, key, set_field("calendar:Location", "<t:Location>Room</t:Location>"))
    after = stored(ews)
    assert answer.one("//t:ItemId").get("Id") == item_id
    assert answer.one("//t:ItemId").get("ChangeKey") == after["change_key"] != key
    changing = {"location", "change_key", "modified", "modified_by", "fields"}
    assert {name: value for name, value in after.items() if name not in changing} == {
        name: value for name, value in before.items() if name not in changing
    }
    assert after["location"] == "Room"


def test_start_and_end_move_together(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event())
    later = set_field("calendar:Start", "<t:Start>2026-10-07T12:00:00Z</t:Start>") + set_field(
        "calendar:End", "<t:End>2026-10-07T13:00:00Z</t:End>"
    )
    assert ews.update(item_id, key, later).codes == ["NoError"]
    assert len(ews.view("2026-10-07T00:00:00Z", "2026-10-08T00:00:00Z").all("//t:CalendarItem")) == 1
    assert ews.view("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z").all("//t:CalendarItem") == []


def test_a_start_after_the_end_that_stays_is_refused_and_nothing_changes(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event())
    before = stored(ews)
    answer = ews.update(item_id, key, set_field("calendar:Start", "<t:Start>2026-10-07T12:00:00Z</t:Start>"))
    assert answer.codes == ["ErrorCalendarEndDateIsEarlierThanStartDate"]
    assert stored(ews) == before


def test_properties_are_set_appended_to_and_taken_away(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event(early='<t:Body BodyType="Text">one</t:Body><t:Categories><t:String>A</t:String></t:Categories>'))
    updates = (
        '<t:AppendToItemField><t:FieldURI FieldURI="item:Body"/><t:CalendarItem><t:Body BodyType="Text"> two</t:Body></t:CalendarItem>'
        '</t:AppendToItemField><t:DeleteItemField><t:FieldURI FieldURI="item:Categories"/></t:DeleteItemField>'
        f"<t:SetItemField><t:ExtendedFieldURI {MARKER}/><t:CalendarItem>{marked('1 y')}</t:CalendarItem></t:SetItemField>"
    )
    assert ews.update(item_id, key, updates).codes == ["NoError"]
    found = stored(ews)
    assert (found["body"], found["categories"]) == ("one two", [])
    assert found["extended"] == [["4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "name:TimetableSync", "String", "1 y"]]
    gone = f"<t:DeleteItemField><t:ExtendedFieldURI {MARKER}/></t:DeleteItemField>"
    assert ews.update(item_id, str(found["change_key"]), gone).codes == ["NoError"]
    assert stored(ews)["extended"] == []


@pytest.mark.parametrize(
    ("updates", "code"),
    [
        (set_field("item:Subject", "<t:Location>x</t:Location>"), "ErrorUpdatePropertyMismatch"),
        (set_field("item:Subject", ""), "ErrorIncorrectUpdatePropertyCount"),
        (set_field("item:Subject", "<t:Subject>x</t:Subject><t:Location>x</t:Location>"), "ErrorIncorrectUpdatePropertyCount"),
        (set_field("item:Subject", f"<t:Subject>{'x' * 256}</t:Subject>"), "ErrorInvalidValueForProperty"),
        ('<t:DeleteItemField><t:FieldURI FieldURI="calendar:Start"/></t:DeleteItemField>', "ErrorInvalidPropertyDelete"),
        (set_field("item:Subject", "<t:Subject>x</t:Subject>").replace("SetItem", "AppendToItem"), "ErrorInvalidPropertyAppend"),
        (
            f"<t:SetItemField><t:ExtendedFieldURI {MARKER}/><t:CalendarItem>{marked('x').replace('TimetableSync', 'Other')}"
            "</t:CalendarItem></t:SetItemField>",
            "ErrorUpdatePropertyMismatch",
        ),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_nothing_changes(ews: Ews, updates: str, code: str) -> None:
    ((item_id, key),) = ews.made(event())
    before = stored(ews)
    assert ews.update(item_id, key, updates).codes == [code]
    assert stored(ews) == before


def test_an_update_that_does_not_say_whom_to_tell_is_refused(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event())
    answer = ews.update(item_id, key, set_field("item:Subject", "<t:Subject>x</t:Subject>"), send="")
    assert answer.codes == ["ErrorSendMeetingInvitationsOrCancellationsRequired"]


@pytest.mark.parametrize(
    ("resolution", "stale", "none"),
    [
        ("NeverOverwrite", "ErrorIrresolvableConflict", "ErrorChangeKeyRequired"),
        ("AutoResolve", "NoError", "ErrorChangeKeyRequired"),
        ("AlwaysOverwrite", "NoError", "NoError"),
    ],
)
def test_change_keys_guard_against_lost_changes(ews: Ews, resolution: str, stale: str, none: str) -> None:
    ((item_id, key),) = ews.made(event())
    ews.sandbox.client.edit_event(ews.mailbox, item_id, location="Elsewhere")
    subject = set_field("item:Subject", "<t:Subject>x</t:Subject>")
    assert ews.update(item_id, key, subject, resolution=resolution).codes == [stale]
    assert ews.update(item_id, None, subject, resolution=resolution).codes == [none]
    assert ews.update(item_id, "nonsense", subject, resolution=resolution).codes == ["ErrorInvalidChangeKey"]
    assert stored(ews)["location"] == "Elsewhere"


def test_every_modification_makes_another_change_key(ews: Ews) -> None:
    ((item_id, key),) = ews.made(event())
    keys = {key}
    for number in range(5):
        answer = ews.update(item_id, key, set_field("item:Subject", f"<t:Subject>{number}</t:Subject>"))
        key = answer.one("//t:ItemId").get("ChangeKey")
        keys.add(key)
    assert len(keys) == 6


# -- deleting


def test_deleted_means_moved_to_deleted_items(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event("gone", early=marked("1 x")))
    assert ews.delete(item_id).codes == ["NoError"]
    assert ews.sandbox.client.events(ews.mailbox) == []
    (found,) = ews.sandbox.client.deleted_items(ews.mailbox)
    assert found["subject"] == "gone"
    assert found["extended"][0][3] == "1 x"
    assert found["id"] != item_id
    assert ews.get(item_id).codes == ["ErrorItemNotFound"]
    assert ews.get(str(found["id"])).codes == ["NoError"]


@pytest.mark.parametrize("how", ["HardDelete", "SoftDelete"])
def test_a_harder_delete_leaves_nothing_in_deleted_items(ews: Ews, how: str) -> None:
    ((item_id, _),) = ews.made(event())
    assert ews.delete(item_id, how=how).codes == ["NoError"]
    assert ews.sandbox.client.events(ews.mailbox) == ews.sandbox.client.deleted_items(ews.mailbox) == []


def test_a_delete_that_does_not_say_whom_to_tell_is_refused(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    assert ews.delete(item_id, send="").codes == ["ErrorSendMeetingCancellationsRequired"]
    assert len(ews.sandbox.client.events(ews.mailbox)) == 1


def test_each_delete_is_answered_for_itself(ews: Ews) -> None:
    made = [one for one, _ in ews.made(event("a"), event("b"))]
    assert ews.delete(made[0], made[0], made[1]).codes == ["NoError", "ErrorItemNotFound", "NoError"]


def test_a_deleted_item_cannot_be_changed(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    ews.delete(item_id)
    (found,) = ews.sandbox.client.deleted_items(ews.mailbox)
    answer = ews.update(str(found["id"]), str(found["change_key"]), set_field("item:Subject", "<t:Subject>x</t:Subject>"))
    assert answer.codes == ["ErrorCalendarCannotUpdateDeletedItem"]
