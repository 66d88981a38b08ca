"""Writes: one outcome a change, whatever comes back; nothing mailed, nothing lost, nothing sent twice."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.calendars.contract import HOUR, MONDAY, creating, deleting, errors, event, updating
from tests.calendars.ews.canned import CannedServer, answer_of, envelope, error, fault, item_id, success
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.errors import BackendError, CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import Marker
from timetable_sync.model.snapshot import ItemRef, RemoteEvent


def standing(number: int, **fields: object) -> RemoteEvent:
    """An event of ours that was read."""
    of = event(number)
    given: dict[str, object] = {
        "item": ItemRef(f"id-{number}", f"ck-{number}"),
        "marker": Marker("abcdef", of.fingerprint(), of.key),
        "start": of.start,
        "end": of.end,
        "subject": of.subject,
        "location": "",
        "categories": (),
        "busy": Busy.BUSY,
        "reminder": None,
        "sensitivity": Sensitivity.NORMAL,
    }
    return RemoteEvent(**{**given, **fields})  # type: ignore[arg-type]  # built from names


def created(*results: str) -> bytes:
    """CreateItem's answer."""
    return answer_of("CreateItem", *results)


def test_every_items_error_is_an_outcome_and_the_others_are_kept(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # exchangelib's bulk_create raises for codes it does not expect and loses the results of events that exist.
    server.answer(
        created(
            success("CreateItem", item_id(1)),
            error("CreateItem", "ErrorInvalidPropertySet"),
            error("CreateItem", "ErrorServerBusy", values={"BackOffMilliseconds": "4000"}),
            error("CreateItem", "ErrorSomethingNew", text="A code that nobody knows."),
            error("CreateItem", "ErrorTimeoutExpired"),
            error("CreateItem", "ErrorAccessDenied"),
            success("CreateItem", item_id(7)),
        )
    )
    outcomes = backend.apply(calendar, creating(*(event(number) for number in range(1, 8))))
    assert errors(outcomes) == [None, EventRejected, TransientError, EventRejected, OutcomeUnknown, CalendarError, None]
    assert [outcome.item for outcome in outcomes if outcome.item] == [ItemRef("id-1", "ck-1"), ItemRef("id-7", "ck-7")]
    assert isinstance(outcomes[2].error, TransientError)
    assert outcomes[2].error.wait == 4.0
    assert outcomes[3].error is not None
    assert "ErrorSomethingNew: A code that nobody knows." in outcomes[3].error.message
    assert len(server.asked) == 1


def test_one_busy_item_does_not_send_the_batch_again(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # Under exchangelib's FaultTolerance it did: six events for four.
    server.answer(created(success("CreateItem", item_id(1)), error("CreateItem", "ErrorServerBusy")))
    assert errors(backend.apply(calendar, creating(event(1), event(2)))) == [None, TransientError]
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", ["ErrorInvalidRequest", "ErrorInvalidServerVersion", "ErrorIncorrectSchemaVersion"])
def test_a_request_that_is_refused_is_not_tried_under_another_version(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str
) -> None:
    # exchangelib sends it again for each older version it knows.
    server.answer(fault(code), 500)
    assert None not in errors(backend.apply(calendar, creating(event(1))))
    assert len(server.asked) == 1


def test_an_item_after_a_stop_was_not_done(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(created(success("CreateItem", item_id(1)), error("CreateItem", "ErrorBatchProcessingStopped", kind="Warning")))
    assert errors(backend.apply(calendar, creating(event(1), event(2)))) == [None, TransientError]


def test_a_result_that_is_missing_makes_all_unclear(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # Which one is missing cannot be told; an id taken for another event's would be written to.
    server.answer(created(success("CreateItem", item_id(1))))
    assert errors(backend.apply(calendar, creating(event(1), event(2)))) == [OutcomeUnknown, OutcomeUnknown]
    server.answer(created(*(success("CreateItem", item_id(n)) for n in range(3))))
    assert errors(backend.apply(calendar, creating(event(1), event(2)))) == [OutcomeUnknown, OutcomeUnknown]


@pytest.mark.parametrize(
    "body",
    [
        envelope(""),
        envelope("<m:FindItemResponse/>"),
        envelope("<m:CreateItemResponse/>"),
        answer_of("CreateItem", success("UpdateItem", item_id(1))),
        created('<m:CreateItemResponseMessage ResponseClass="Success"/>'),
        created(
            '<m:CreateItemResponseMessage ResponseClass="Error"><m:ResponseCode>NoError</m:ResponseCode></m:CreateItemResponseMessage>'
        ),
        created("<m:CreateItemResponseMessage><m:ResponseCode>NoError</m:ResponseCode></m:CreateItemResponseMessage>"),
        created(success("CreateItem")),
        created(success("CreateItem", "<m:Items/>")),
        created(success("CreateItem", "<m:Items><t:CalendarItem/></m:Items>")),
        created(success("CreateItem", '<m:Items><t:CalendarItem><t:ItemId Id="x"/></t:CalendarItem></m:Items>')),
        b"<s:Envelope>cut off",
        created(success("CreateItem", item_id(1)))[:-12],
        b"<?xml version='1.0'?><Envelope/>",
    ],
)
def test_an_answer_that_lacks_something_leaves_a_create_unclear(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, body: bytes
) -> None:
    server.answer(body)
    assert errors(backend.apply(calendar, creating(event(1)))) == [OutcomeUnknown]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ErrorTimeoutExpired", OutcomeUnknown),
        ("ErrorInternalServerError", OutcomeUnknown),
        ("ErrorInternalServerTransientError", OutcomeUnknown),
        ("ErrorConnectionFailed", OutcomeUnknown),
        ("ErrorMailboxFailover", OutcomeUnknown),
        ("ErrorNonExistentMailbox", CalendarError),
        ("ErrorAccountDisabled", CalendarError),
        ("ErrorMailboxConfiguration", CalendarError),
        ("ErrorFolderNotFound", CalendarError),
        ("ErrorAccessDenied", CalendarError),
        ("ErrorImpersonateUserDenied", CalendarError),
        ("ErrorImpersonationDenied", ServiceError),
        ("ErrorSchemaValidation", EventRejected),
        ("ErrorSomethingNew", CalendarError),
    ],
)
def test_a_fault_of_the_whole_request_is_every_changes_outcome(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str, kind: type[BackendError]
) -> None:
    server.answer(fault(code), 500)
    outcomes = backend.apply(calendar, creating(event(1), event(2)))
    assert errors(outcomes) == [kind, kind]
    assert outcomes[0].error is not None
    assert code in outcomes[0].error.message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "code",
    [
        "ErrorServerBusy",
        "ErrorTooManyObjectsOpened",
        "ErrorExceededConnectionCount",
        "ErrorMailboxStoreUnavailable",
        "ErrorMailboxMoveInProgress",
        "ErrorADUnavailable",
    ],
)
def test_a_fault_that_says_nothing_was_begun_is_believed_but_for_a_create(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str
) -> None:
    server.answer(fault(code), 500)
    assert errors(backend.apply(calendar, [updating(standing(1), event(1))])) == [TransientError]
    server.answer(fault(code), 500)
    assert errors(backend.apply(calendar, creating(event(1), event(2)))) == [OutcomeUnknown, OutcomeUnknown]


@pytest.mark.parametrize("code", ["ErrorItemNotFound", "ErrorIrresolvableConflict", "ErrorStaleObject", "ErrorInvalidChangeKey"])
def test_what_changed_meanwhile_is_stale(server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str) -> None:
    server.answer(answer_of("UpdateItem", error("UpdateItem", code)))
    assert errors(backend.apply(calendar, [updating(standing(1), event(1))])) == [ConflictError]
    server.answer(answer_of("DeleteItem", error("DeleteItem", code)))
    assert errors(backend.apply(calendar, [deleting(standing(1))])) == [ConflictError]


def test_the_code_behind_the_code_counts(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    inner = {"InnerErrorResponseCode": "ErrorQuotaExceeded", "InnerErrorMessageText": "full"}
    server.answer(created(error("CreateItem", "ErrorInternalServerError", values=inner)))
    assert errors(backend.apply(calendar, creating(event(1)))) == [CalendarError]


def test_an_update_and_a_delete_that_are_done(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(
        answer_of("UpdateItem", success("UpdateItem", item_id(5) + "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"))
    )
    outcome = backend.apply(calendar, [updating(standing(1), event(1))])[0]
    assert (outcome.error, outcome.item) == (None, ItemRef("id-5", "ck-5"))
    server.answer(answer_of("DeleteItem", success("DeleteItem")))
    outcome = backend.apply(calendar, [deleting(standing(1))])[0]
    assert (outcome.error, outcome.item) == (None, None)


def test_nothing_is_mailed_and_nothing_deleted_for_good(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    for change in (*creating(event(1)), updating(standing(1), event(1)), deleting(standing(1))):
        server.answer(status=400)
        backend.apply(calendar, [change])
    create, update, delete = server.asked
    assert dict(create.find("//m:CreateItem").attrib) == {"MessageDisposition": "SaveOnly", "SendMeetingInvitations": "SendToNone"}
    assert dict(update.find("//m:UpdateItem").attrib) == {
        "ConflictResolution": "NeverOverwrite",
        "MessageDisposition": "SaveOnly",
        "SendMeetingInvitationsOrCancellations": "SendToNone",
        "SuppressReadReceipts": "true",
    }
    assert dict(delete.find("//m:DeleteItem").attrib) == {
        "DeleteType": "MoveToDeletedItems",
        "SendMeetingCancellations": "SendToNone",
        "SuppressReadReceipts": "true",
    }
    for asked in (update, delete):
        assert dict(asked.find("//t:ItemId").attrib) == {"Id": "id-1", "ChangeKey": "ck-1"}
    assert create.find("//m:SavedItemFolderId/t:DistinguishedFolderId[@Id='calendar']/t:Mailbox/t:EmailAddress").text == calendar.address


def test_only_owned_fields_are_written(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    for change in (*creating(event(1)), updating(standing(1), event(1))):
        server.answer(status=400)
        backend.apply(calendar, [change])
    for asked in server.asked:
        for name in ("Body", "Location", "Categories", "IsAllDayEvent"):
            assert asked.find(f"//t:{name}") is None
        assert (
            asked.find("//t:FieldURI[contains(@FieldURI, 'ody') or contains(@FieldURI, 'ocation') or contains(@FieldURI, 'ategor')]")
            is None
        )


def test_an_all_day_event_that_is_put_right_stops_lasting_all_day_first(
    server: CannedServer, backend: EwsBackend, calendar: Calendar
) -> None:
    server.answer(status=400)
    backend.apply(calendar, [updating(standing(1, all_day=True), event(1))])
    fields = [uri.get("FieldURI") for uri in server.asked[0].root.iter("{*}FieldURI")]
    assert fields.index("calendar:IsAllDayEvent") < fields.index("calendar:Start")
    assert server.asked[0].find("//t:IsAllDayEvent").text == "false"


def test_times_are_written_in_utc_with_windows_name_of_the_zone(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # EWSDateTime.from_datetime drops fold: 02:30 on its second pass became an hour wrong.
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    server.answer(status=400)
    backend.apply(calendar, creating(event(1, second, zone="Europe/Berlin")))
    asked = server.asked[0]
    assert asked.find("//t:Start").text == "2026-10-25T01:30:00Z"
    assert asked.find("//t:End").text == "2026-10-25T02:30:00Z"
    assert asked.find("//t:StartTimeZone/@Id") == asked.find("//t:EndTimeZone/@Id") == "W. Europe Standard Time"


def test_one_bad_event_never_costs_the_others(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # exchangelib raised for the item at place 221 of 250 after two chunks were sent.
    bad = [
        event(11, subject="a\x00b"),
        event(12, subject="lone \ud83d surrogate"),
        event(13, body="bell \x07"),
        event(14, location="not a character \uffff"),
        event(15, categories=("fine", "esc \x1b")),
        event(16, subject="x" * 256),
        event(17, end=MONDAY),
        event(18, end=MONDAY - HOUR),
        event(19, MONDAY + timedelta(microseconds=1)),
        event(20, MONDAY.replace(tzinfo=None)),
        event(21, zone="Mars/Olympus_Mons"),
        event(22, reminder=-1),
        event(23, reminder=2_629_801),
        event(24, categories=("",)),
        event(25, subject="\U0001f33b" * 128),
        event(26, location="x" * 256),
    ]
    good = [event(1), event(2, subject="\U0001f33b" * 127, location="é" * 255)]
    changes = creating(good[0], *bad, good[1])
    server.answer(created(success("CreateItem", item_id(1)), success("CreateItem", item_id(2))))
    outcomes = backend.apply(calendar, changes)
    assert errors(outcomes) == [None, *[EventRejected] * len(bad), None]
    assert [outcome.change for outcome in outcomes] == changes
    for outcome in outcomes[1:-1]:
        assert outcome.error is not None
        assert calendar.address in outcome.error.message
        outcome.error.message.encode()


def test_a_batch_of_bad_events_sends_nothing(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    change = updating(standing(1), event(1, subject="\x00"))
    assert errors(backend.apply(calendar, [change])) == [EventRejected]
    assert errors(backend.apply(calendar, [deleting(standing(1, item=ItemRef("", "")))])) == [EventRejected]
    assert server.asked == []


def test_a_batch_is_one_request(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(created(*(success("CreateItem", item_id(n)) for n in range(25))))
    assert errors(backend.apply(calendar, creating(*(event(n) for n in range(25))))) == [None] * 25
    assert len(server.asked) == 1
    assert server.asked[0].root.xpath("count(//*[local-name()='CalendarItem'])") == 25.0
