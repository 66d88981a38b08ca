"""Readings: whole, or an error; never a shorter list."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import pairwise

import pytest

from tests.calendars.contract import WEEK, event, marker
from tests.calendars.ews.canned import Asked, Canned, CannedServer, answer_of, envelope, error, fault, listed, listing, success
from tests.calendars.ews.conftest import OpenedOn
from timetable_sync.calendars.ews import transport
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.calendars.ews.paging import LONGEST_VIEW
from timetable_sync.errors import BackendError, CalendarError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.last_full_read import CTag
from timetable_sync.model.marker import NOT_UNDERSTOOD, PROPERTY_NAME, PROPERTY_SET
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.model.window import Window

MARKER = marker(event(1))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def views(server: CannedServer) -> list[Window]:
    """The views that were asked for."""
    found = [asked.find("//m:CalendarView") for asked in server.asked]
    return [Window(moment(view.get("StartDate")), moment(view.get("EndDate"))) for view in found]


def overlapping(events: dict[int, tuple[datetime, datetime]], limit: int = 1000) -> CannedServer:
    """Makes a server list ``events`` as Exchange does: what overlaps the view, at most ``limit``."""

    def list_them(asked: Asked) -> Canned:
        view = asked.find("//m:CalendarView")
        begin, until = moment(view.get("StartDate")), moment(view.get("EndDate"))
        inside = [
            listed(number, start.strftime("%Y-%m-%dT%H:%M:%SZ"), marker=marker(event(number)), End=end.strftime("%Y-%m-%dT%H:%M:%SZ"))
            for number, (start, end) in events.items()
            if start < until and end > begin
        ]
        return Canned(listing(*inside[:limit], last="true" if len(inside) <= limit else "false", total=len(inside)))

    server = CannedServer()
    server.always = list_them
    return server


def test_what_is_asked_for_is_just_what_is_needed(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    asked = server.asked[0]
    assert asked.find("//m:FindItem/@Traversal") == "Shallow"
    assert asked.find("//t:BaseShape").text == "IdOnly"
    assert {uri.get("FieldURI") for uri in asked.root.iter("{*}FieldURI")} == {
        "item:Subject",
        "item:Sensitivity",
        "item:Categories",
        "item:DateTimeCreated",
        "item:ReminderIsSet",
        "item:ReminderMinutesBeforeStart",
        "calendar:Start",
        "calendar:End",
        "calendar:IsAllDayEvent",
        "calendar:LegacyFreeBusyStatus",
        "calendar:Location",
        "calendar:CalendarItemType",
    }
    assert dict(asked.find("//t:ExtendedFieldURI").attrib) == {
        "PropertySetId": PROPERTY_SET,
        "PropertyName": PROPERTY_NAME,
        "PropertyType": "String",
    }
    assert asked.find("//m:ParentFolderIds/t:DistinguishedFolderId[@Id='calendar']/t:Mailbox/t:EmailAddress").text == calendar.address
    # A CalendarView takes no restriction, and group mailboxes refuse SyncFolderItems.
    assert asked.find("//m:Restriction") is None
    assert b"SyncFolder" not in asked.body


def test_one_request_reads_an_event_with_all_its_fields(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    # exchangelib's .only() with categories, location or a property becomes FindItem and a GetItem for each 100.
    server.answer(
        listing(
            listed(
                1,
                marker=MARKER,
                Subject="Maths &amp; more",
                Location="Room 1",
                Categories="<t:String>Timetable</t:String><t:String>Exam</t:String>",
                LegacyFreeBusyStatus="WorkingElsewhere",
                Sensitivity="Confidential",
                ReminderIsSet="true",
                ReminderMinutesBeforeStart="1440",
                End="2026-11-24T10:00:00Z",
                DateTimeCreated="2026-11-01T12:34:56Z",
            )
        )
    )
    (one,) = backend.snapshot(calendar, WEEK).ours
    assert one.item == ItemRef("id-1", "ck-1")
    assert one.marker.text() == MARKER
    assert (one.start, one.end) == (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))
    assert (one.subject, one.location, one.categories) == ("Maths & more", "Room 1", ("Exam", "Timetable"))
    assert (one.busy, one.sensitivity, one.reminder) == (Busy.WORKING_ELSEWHERE, Sensitivity.CONFIDENTIAL, 1440)
    assert one.created == datetime(2026, 11, 1, 12, 34, 56, tzinfo=UTC)
    assert (one.series, one.all_day) == (False, False)
    assert len(server.asked) == 1


def test_series_and_days_are_seen(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(
        listing(
            listed(1, marker=MARKER, CalendarItemType="Occurrence"),
            listed(2, marker=MARKER, CalendarItemType="Exception"),
            listed(3, marker=MARKER, IsAllDayEvent="true"),
        )
    )
    ours = {one.item.id: one for one in backend.snapshot(calendar, WEEK).ours}
    assert [ours[f"id-{n}"].series for n in (1, 2, 3)] == [True, True, False]
    assert [ours[f"id-{n}"].all_day for n in (1, 2, 3)] == [False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T09:00:00Z",
        "2026-11-24T20:00:00+11:00",
        "2026-11-24T09:00:00",
        "2026-11-24T09:00:00.0000000Z",
        "2026-11-24T04:00:00-05:00",
    ],
)
def test_times_are_understood_in_every_form(server: CannedServer, backend: EwsBackend, calendar: Calendar, text: str) -> None:
    server.answer(listing(listed(1, text, marker=MARKER)))
    (one,) = backend.snapshot(calendar, WEEK).ours
    assert one.start == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert one.start.tzinfo is UTC


def test_the_marker_is_found_whatever_the_case_of_its_set(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    item = listed(1, marker=MARKER).replace(PROPERTY_SET, PROPERTY_SET.upper())
    other = listed(2, marker=MARKER).replace(PROPERTY_NAME, "SomethingElse")
    server.answer(listing(item, other))
    snapshot = backend.snapshot(calendar, WEEK)
    assert [one.item.id for one in snapshot.ours] == ["id-1"]
    assert snapshot.foreign == 1


def test_a_foreign_event_may_lack_anything_but_its_time(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    bare = '<t:CalendarItem><t:ItemId Id="x" ChangeKey="y"/><t:Start>2026-11-24T09:00:00Z</t:Start></t:CalendarItem>'
    server.answer(listing(bare, listed(1, marker=MARKER)))
    snapshot = backend.snapshot(calendar, WEEK)
    assert (len(snapshot.ours), snapshot.foreign) == (1, 1)


def test_an_empty_time_of_creation_is_none(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    for empty in ("<t:DateTimeCreated></t:DateTimeCreated>", "<t:DateTimeCreated/>", ""):
        server.answer(listing(re.sub("<t:DateTimeCreated>.*</t:DateTimeCreated>", empty, listed(1, marker=MARKER))))
        assert [standing.created for standing in backend.snapshot(calendar, WEEK).ours] == [None]


FIELDS = {
    "End": ("later", "end"),
    "LegacyFreeBusyStatus": ("Sleeping", "busy"),
    "ReminderIsSet": ("maybe", "reminder"),
    "ReminderMinutesBeforeStart": ("soon", "reminder"),
    "Sensitivity": ("Secret", "sensitivity"),
    "IsAllDayEvent": ("perhaps", "all_day"),
    "CalendarItemType": ("Something", "series"),
}


@pytest.mark.parametrize("form", ["by its text", "by the parser"])
@pytest.mark.parametrize("lacking", [False, True])
@pytest.mark.parametrize(("name", "text", "missing"), [(name, *known) for name, known in FIELDS.items()])
def test_each_field_that_is_not_there_or_cannot_be_read_is_named(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, name: str, text: str, missing: str, lacking: bool, form: str
) -> None:
    given = {"ReminderIsSet": "true"} | ({} if lacking else {name: text})
    odd = listed(1, marker=MARKER, without=name if lacking else "", **given)
    server.answer(listing(odd, listed(2, marker=marker(event(2))) + ("" if form == "by its text" else "\n")))
    snapshot = backend.snapshot(calendar, WEEK)
    assert [(one.item.id, one.missing) for one in snapshot.ours] == [("id-1", frozenset({missing})), ("id-2", frozenset())]


def test_a_time_of_creation_that_cannot_be_read_is_none(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing(listed(1, marker=MARKER, DateTimeCreated="once")))
    (standing,) = backend.snapshot(calendar, WEEK).ours
    assert (standing.created, standing.missing) == (None, frozenset())


@pytest.mark.parametrize("minutes", ["--5", "9" * 5_000])
def test_a_number_of_minutes_that_is_none_is_missing(server: CannedServer, backend: EwsBackend, calendar: Calendar, minutes: str) -> None:
    server.answer(listing(listed(1, marker=MARKER, ReminderIsSet="true", ReminderMinutesBeforeStart=minutes)))
    assert [one.missing for one in backend.snapshot(calendar, WEEK).ours] == [{"reminder"}]


def test_what_is_no_event_is_passed_over(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(listing('<t:MeetingRequest><t:ItemId Id="x" ChangeKey="y"/></t:MeetingRequest>', listed(1, marker=MARKER)))
    snapshot = backend.snapshot(calendar, WEEK)
    assert (len(snapshot.ours), snapshot.foreign) == (1, 0)


@pytest.mark.parametrize("start", ["yesterday", "0001-01-01T00:00:00+14:00", ""])
def test_an_event_of_ours_without_a_start_is_set_apart(server: CannedServer, backend: EwsBackend, calendar: Calendar, start: str) -> None:
    server.answer(listing(listed(1, start, marker=MARKER), listed(2, marker=marker(event(2))), listed(3, start)))
    snapshot = backend.snapshot(calendar, WEEK)
    assert [one.item.id for one in snapshot.ours] == ["id-2"]
    assert [(one.item.id, one.marker.text(), one.missing) for one in snapshot.unreadable] == [("id-1", MARKER, frozenset({"start"}))]
    # Without a marker it is nobody's of ours, whatever it lacks.
    assert snapshot.foreign == 1


@pytest.mark.parametrize("named", ["", '<t:ItemId Id="id-1"/>', '<t:ItemId ChangeKey="ck-1"/>', '<t:ItemId Id="" ChangeKey=""/>'])
def test_an_event_of_ours_that_has_no_name_is_set_apart(server: CannedServer, backend: EwsBackend, calendar: Calendar, named: str) -> None:
    whole = '<t:ItemId Id="id-1" ChangeKey="ck-1"/>'
    nameless = listed(1, marker=MARKER).replace(whole, named)
    server.answer(listing(nameless, listed(2, marker=marker(event(2))), listed(3, without="ItemId"), listed(4, without="ItemId")))
    snapshot = backend.snapshot(calendar, WEEK)
    assert [one.item.id for one in snapshot.ours] == ["id-2"]
    assert [one.marker.text() for one in snapshot.unreadable] == [MARKER]
    assert snapshot.foreign == 2


def test_a_listing_without_times_and_markers_is_none(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    """A server that gives ids and nothing more would have all of ours taken for others', and made anew."""
    bare = [f'<t:CalendarItem><t:ItemId Id="id-{number}" ChangeKey="y"/></t:CalendarItem>' for number in range(3)]
    for form in ("", "\n"):
        server.answer(listing(*bare, form, total=3))
        with pytest.raises(TransientError, match="neither times nor markers"):
            backend.snapshot(calendar, WEEK)


WHOLE = listing(listed(1, marker=MARKER), listed(2, marker=marker(event(2))))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        envelope(""),
        envelope("<m:FindItemResponse/>"),
        envelope("<m:FindItemResponse><m:ResponseMessages/></m:FindItemResponse>"),
        answer_of("FindItem", success("FindItem")),
        answer_of("FindItem", success("FindItem", "<m:RootFolder/>")),
        answer_of("FindItem", success("FindItem", '<m:RootFolder TotalItemsInView="0"><t:Items/></m:RootFolder>')),
        answer_of("FindItem", success("FindItem", '<m:RootFolder TotalItemsInView="2" IncludesLastItemInRange="true"/>')),
        answer_of("GetItem", success("GetItem")),
        answer_of("FindItem", success("FindItem"), success("FindItem")),
        answer_of("FindItem", '<m:FindItemResponseMessage ResponseClass="Warning"/>'),
        WHOLE.replace(b'IncludesLastItemInRange="true"', b""),
        WHOLE.replace(b'IncludesLastItemInRange="true"', b'IncludesLastItemInRange="perhaps"'),
        WHOLE.replace(b'TotalItemsInView="2"', b'TotalItemsInView="3"'),
        WHOLE.replace(b'TotalItemsInView="2"', b'TotalItemsInView="' + b"9" * 5_000 + b'"'),
        WHOLE[: WHOLE.index(b'<t:ItemId Id="id-2"')],
        WHOLE[: WHOLE.index(b"</t:Items>")],
        WHOLE[:-12],
        WHOLE.replace(b"</t:CalendarItem>", b"", 1),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(server: CannedServer, backend: EwsBackend, calendar: Calendar, body: bytes) -> None:
    server.answer(listing())
    backend.snapshot(calendar, WEEK)
    server.answer(body)
    with pytest.raises(TransientError):
        backend.snapshot(calendar, WEEK)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ErrorServerBusy", TransientError),
        ("ErrorInternalServerError", TransientError),
        ("ErrorTimeoutExpired", TransientError),
        ("ErrorMailboxMoveInProgress", TransientError),
        ("ErrorNonExistentMailbox", CalendarError),
        ("ErrorAccessDenied", CalendarError),
        ("ErrorCorruptData", CalendarError),
        ("ErrorSomethingNew", CalendarError),
    ],
)
def test_an_error_answer_is_never_an_empty_calendar(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str, kind: type[BackendError]
) -> None:
    # Peers read it so, and created everything twice or deleted it.
    server.answer(answer_of("FindItem", error("FindItem", code)))
    with pytest.raises(kind, match=code):
        backend.snapshot(calendar, WEEK)
    server.answer(fault(code), 500)
    with pytest.raises(kind, match=code):
        backend.snapshot(calendar, WEEK)


def test_an_empty_listing_that_says_so_is_empty(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(answer_of("FindItem", success("FindItem", '<m:RootFolder TotalItemsInView="0" IncludesLastItemInRange="true"/>')))
    assert backend.snapshot(calendar, WEEK).ours == ()


def test_a_window_of_years_is_read_by_views_of_at_most_two(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    window = Window(WEEK.start, WEEK.start + timedelta(days=365 * 5))
    server.always = lambda _: Canned(listing())
    backend.snapshot(calendar, window)
    asked = views(server)
    assert all(view.end - view.start <= timedelta(days=730) for view in asked)
    assert len(asked) == -(-365 * 5 // LONGEST_VIEW.days)
    assert asked[0].start <= window.start
    assert asked[-1].end >= window.end
    assert all(second.start <= first.end for first, second in pairwise(asked))


def test_a_window_that_begins_within_a_second_is_covered(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    window = Window(WEEK.start + timedelta(microseconds=700_000), WEEK.end + timedelta(microseconds=700_000))
    server.answer(listing())
    backend.snapshot(calendar, window)
    (view,) = views(server)
    assert view.start <= window.start
    assert view.end >= window.end


def test_more_than_exchange_lists_at_once_is_read_by_cutting_time(opened_on: OpenedOn, calendar: Calendar) -> None:
    day = timedelta(days=1)
    events = {n: (WEEK.start + n * timedelta(hours=3), WEEK.start + n * timedelta(hours=3) + day) for n in range(300)}
    with overlapping(events, limit=100) as server:
        snapshot = opened_on(server).snapshot(calendar, Window(WEEK.start, WEEK.start + timedelta(days=60)))
        assert sorted(one.item.id for one in snapshot.ours) == sorted(f"id-{n}" for n in events)
        assert 5 <= len(server.asked) <= 15


@pytest.mark.parametrize("code", ["ErrorExceededFindCountLimit", "ErrorCalendarViewRangeTooBig"])
@pytest.mark.parametrize("as_fault", [True, False])
def test_a_view_that_is_refused_for_its_size_is_cut_too(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str, *, as_fault: bool
) -> None:
    if as_fault:
        server.answer(fault(code), 500)
    else:
        server.answer(answer_of("FindItem", error("FindItem", code)))
    server.answer(listing(listed(1, "2026-11-24T09:00:00Z", marker=MARKER)))
    server.answer(listing(listed(2, "2026-11-28T09:00:00Z", marker=marker(event(2)))))
    assert [one.item.id for one in backend.snapshot(calendar, WEEK).ours] == ["id-1", "id-2"]
    whole, first, second = views(server)
    assert (first.start, second.end) == (whole.start, whole.end)


def test_an_event_that_overlaps_a_cut_comes_twice_and_counts_once(opened_on: OpenedOn, calendar: Calendar) -> None:
    middle = WEEK.start + timedelta(days=3.5)
    events = {n: (middle - timedelta(minutes=n + 1), middle + timedelta(hours=1)) for n in range(5)}
    events |= {n: (WEEK.start + timedelta(hours=n), WEEK.start + timedelta(hours=n + 1)) for n in range(10, 16)}
    with overlapping(events, limit=7) as server:
        snapshot = opened_on(server).snapshot(calendar, WEEK)
    assert len(snapshot.ours) == len(events)


def test_a_page_that_is_not_the_last_is_never_taken_for_all(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    for value in ("false", "0"):
        server.answer(listing(listed(1, marker=MARKER), last=value))
        server.answer(listing(listed(1, marker=MARKER)))
        server.answer(listing(listed(2, "2026-11-28T09:00:00Z", marker=marker(event(2)))))
        assert len(backend.snapshot(calendar, WEEK).ours) == 2
    for value in ("true", "1"):
        server.answer(listing(listed(1, marker=MARKER), last=value))
        assert len(backend.snapshot(calendar, WEEK).ours) == 1


def test_too_many_events_at_one_time_fail_the_calendar_and_end(opened_on: OpenedOn, calendar: Calendar) -> None:
    events = dict.fromkeys(range(11), (WEEK.start, WEEK.end))
    with overlapping(events, limit=10) as server:
        with pytest.raises(CalendarError, match="than Exchange lists at once"):
            opened_on(server).snapshot(calendar, WEEK)
        assert len(server.asked) < 40


def test_an_event_without_duration_on_a_views_edge_is_read(opened_on: OpenedOn, calendar: Calendar) -> None:
    # Whether a view that begins at the very moment holds it is not documented; the one here does not.
    events = {1: (WEEK.start, WEEK.start)}
    with overlapping(events) as server:
        assert len(opened_on(server).snapshot(calendar, WEEK).ours) == 1


@pytest.mark.parametrize("form", ["by its text", "by the parser"])
@pytest.mark.parametrize("text", ["2 something newer", "1 damaged", "", " "])
def test_an_event_whose_marker_is_not_understood_is_set_apart_where_it_starts(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, text: str, form: str
) -> None:
    end = "" if form == "by its text" else "\n"
    server.answer(listing(listed(1, marker=text), listed(2, marker=MARKER), end, total=2))
    snapshot = backend.snapshot(calendar, WEEK)
    assert [one.item.id for one in snapshot.ours] == ["id-2"]
    assert [(one.item.id, one.marker, one.subject) for one in snapshot.unreadable] == [("id-1", NOT_UNDERSTOOD, "Event 1")]
    server.answer(listing(listed(1, "2026-11-01T09:00:00Z", marker=text)))
    assert backend.snapshot(calendar, WEEK).unreadable == ()


def test_an_unreadable_marker_beyond_the_window_is_one_of_ours_there(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    beyond = WEEK.end + timedelta(days=3)
    server.answer(listing(listed(1, beyond.isoformat(), marker="2 something newer")))
    snapshot = backend.snapshot(calendar, WEEK, timedelta(days=30))
    assert (snapshot.clear_until, snapshot.unreadable) == (beyond, ())


# Bodies


def bodies_answer(*bodies: str | None) -> bytes:
    """GetItem's answer; None for an item that is gone."""
    return answer_of(
        "GetItem",
        *(
            error("GetItem", "ErrorItemNotFound")
            if body is None
            else success(
                "GetItem",
                f'<m:Items><t:CalendarItem><t:ItemId Id="id-{n}" ChangeKey="ck"/>{body}</t:CalendarItem></m:Items>',
            )
            for n, body in enumerate(bodies)
        ),
    )


def test_bodies_are_asked_for_as_text_a_hundred_at_a_time(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    def answer(asked: Asked) -> Canned:
        ids = re.findall(rb'Id="id-(\d+)"', asked.body)
        return Canned(bodies_answer(*(f'<t:Body BodyType="Text">body {number.decode()}</t:Body>' for number in ids)))

    server.always = answer
    bodies = backend.read_bodies(calendar, [ItemRef(f"id-{n}", "ck") for n in range(250)])
    assert bodies == {f"id-{n}": f"body {n}" for n in range(250)}
    assert len(server.asked) == 3
    assert server.asked[0].find("//t:BodyType").text == "Text"
    assert server.asked[0].find("//t:FieldURI/@FieldURI") == "item:Body"


def test_no_bodies_are_no_request(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    assert backend.read_bodies(calendar, []) == {}
    assert server.asked == []


def test_an_empty_body_is_a_body_and_a_gone_item_is_left_out(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(bodies_answer('<t:Body BodyType="Text"/>', None, ""))
    items = [ItemRef(f"id-{n}", "ck") for n in range(3)]
    assert backend.read_bodies(calendar, items) == {"id-0": "", "id-2": ""}


@pytest.mark.parametrize("code", ["ErrorItemCorrupt", "ErrorContentConversionFailed", "ErrorMimeContentInvalid"])
def test_a_body_that_exchange_cannot_give_is_empty_and_the_others_are_read(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, code: str
) -> None:
    given = '<m:Items><t:CalendarItem><t:ItemId Id="id-1" ChangeKey="ck"/><t:Body BodyType="Text">two</t:Body></t:CalendarItem></m:Items>'
    server.answer(answer_of("GetItem", error("GetItem", code), success("GetItem", given)))
    assert backend.read_bodies(calendar, [ItemRef("id-0", "ck"), ItemRef("id-1", "ck")]) == {"id-0": "", "id-1": "two"}
    server.answer(answer_of("GetItem", error("GetItem", "ErrorAccessDenied")))
    with pytest.raises(CalendarError):
        backend.read_bodies(calendar, [ItemRef("id-0", "ck")])


@pytest.mark.parametrize(
    "body",
    [
        bodies_answer("one"),
        answer_of("GetItem", success("GetItem"), success("GetItem")),
        answer_of("GetItem", error("GetItem", "ErrorServerBusy"), success("GetItem", "<m:Items><t:CalendarItem/></m:Items>")),
    ],
)
def test_bodies_that_do_not_all_come_are_an_error(server: CannedServer, backend: EwsBackend, calendar: Calendar, body: bytes) -> None:
    server.answer(body)
    with pytest.raises(TransientError):
        backend.read_bodies(calendar, [ItemRef("id-0", "ck"), ItemRef("id-1", "ck")])


# Stamps


def http_date(ago: timedelta = timedelta(0)) -> str:
    return format_datetime(datetime.now(UTC) - ago, usegmt=True)


NO_SIGN = CTag(None, timedelta(0), "f")


def stamp_answer(*properties: tuple[str, str], count: str = "<t:TotalCount>12</t:TotalCount>") -> bytes:
    extended = "".join(
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="SystemTime"/>'
        f"<t:Value>{value}</t:Value></t:ExtendedProperty>"
        for tag, value in properties
    )
    folder = f'<m:Folders><t:CalendarFolder><t:FolderId Id="f" ChangeKey="c"/>{count}{extended}</t:CalendarFolder></m:Folders>'
    return answer_of("GetFolder", success("GetFolder", folder))


def test_the_stamp_is_made_of_all_three_signs(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    given = http_date()
    changed = (parsedate_to_datetime(given) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.answer(stamp_answer(("0x670a", changed), ("0x670B", "7")), Date=given)
    assert backend.stamp(calendar) == CTag(f"{changed}|7|12", timedelta(minutes=5), "f")
    asked = server.asked[0]
    assert [uri.get("PropertyTag") for uri in asked.root.iter("{*}ExtendedFieldURI")] == ["0x670A", "0x670B"]
    assert backend.requests == {"GetFolder": 1}


@pytest.mark.parametrize(
    "body",
    [
        stamp_answer(),
        stamp_answer(("0x670A", "2026-11-23T08:00:00Z")),
        stamp_answer(("0x670B", "7")),
        stamp_answer(("0x670A", "2026-11-23T08:00:00Z"), ("0x670B", "7"), count=""),
        stamp_answer(("0x670A", ""), ("0x670B", "7")),
        stamp_answer(("0x670A", "yesterday"), ("0x670B", "7")),
    ],
)
def test_without_all_the_signs_only_the_folder_is_told(server: CannedServer, backend: EwsBackend, calendar: Calendar, body: bytes) -> None:
    server.answer(body, Date=http_date())
    assert backend.stamp(calendar) == NO_SIGN


@pytest.mark.parametrize("date", ["", "the day before yesterday", "Wed, 21 Oct 2026 07:28:00 +" + "9" * 40])
def test_without_the_servers_clock_there_is_no_sign(server: CannedServer, backend: EwsBackend, calendar: Calendar, date: str) -> None:
    """How old the last change is cannot be told by a clock of ours: a later one in the same second might hide."""
    server.answer(stamp_answer(("0x670A", "2026-11-23T08:00:00Z"), ("0x670B", "7")), Date=date)
    assert backend.stamp(calendar) == NO_SIGN


@pytest.mark.parametrize("ago", [timedelta(hours=8), timedelta(minutes=-30)], ids=["kept by a proxy", "wrong"])
def test_a_date_far_from_now_is_no_clock_to_go_by(server: CannedServer, backend: EwsBackend, calendar: Calendar, ago: timedelta) -> None:
    server.answer(stamp_answer(("0x670A", "2026-11-20T08:00:00Z"), ("0x670B", "7")), Date=http_date(ago))
    assert backend.stamp(calendar) == NO_SIGN


def test_a_date_that_was_right_is_believed_no_more_once_it_is_old(
    server: CannedServer, backend: EwsBackend, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    date = http_date()
    for _ in range(2):
        server.answer(stamp_answer(("0x670A", "2026-11-20T08:00:00Z"), ("0x670B", "7")), Date=date)
    assert backend.stamp(calendar) != NO_SIGN
    monkeypatch.setattr(transport, "_SKEW", timedelta(seconds=-1))
    assert backend.stamp(calendar) == NO_SIGN


def test_an_answer_out_of_a_store_has_no_sign(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    """It would be the same as yesterday's whatever somebody did since."""
    server.answer(stamp_answer(("0x670A", "2026-11-20T08:00:00Z"), ("0x670B", "7")), Date=http_date(), Age="1")
    assert backend.stamp(calendar) == NO_SIGN


def test_a_folder_that_is_not_named_is_not_known(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    """The schema lets an answer leave it out."""
    server.answer(stamp_answer().replace(b'<t:FolderId Id="f" ChangeKey="c"/>', b""), Date=http_date())
    assert backend.stamp(calendar) is None


def test_a_stamp_that_fails_is_an_error(server: CannedServer, backend: EwsBackend, calendar: Calendar) -> None:
    server.answer(answer_of("GetFolder", error("GetFolder", "ErrorFolderNotFound")))
    with pytest.raises(CalendarError, match="ErrorFolderNotFound"):
        backend.stamp(calendar)
