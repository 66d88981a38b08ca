"""FindItem, GetItem and GetFolder: what they hand out, and how much at a time."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.asking import MARKER, WITH_MARKER, Ews, event, marked, set_field

STAMPS = (
    '<t:ExtendedFieldURI PropertyTag="0x670A" PropertyType="SystemTime"/><t:ExtendedFieldURI PropertyTag="0x670B" PropertyType="Integer"/>'
)


def page(offset: int, most: int | None = None, base: str = "Beginning") -> str:
    limit = "" if most is None else f' MaxEntriesReturned="{most}"'
    return f'<m:IndexedPageItemView{limit} Offset="{offset}" BasePoint="{base}"/>'


def where(search: str) -> str:
    return f"<m:Restriction>{search}</m:Restriction>"


def compare(operator: str, path: str, value: str) -> str:
    return f'<t:{operator}>{path}<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant></t:{operator}>'


def field(uri: str) -> str:
    return f'<t:FieldURI FieldURI="{uri}"/>'


SUBJECT = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{field('item:Subject')}</t:AdditionalProperties>"
START = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{field('calendar:Start')}</t:AdditionalProperties>"


def many(ews: Ews, count: int, first: datetime = datetime(2026, 10, 5, 8, tzinfo=UTC)) -> None:
    """So many events, an hour apart, with a marker each."""
    for begin in range(0, count, 100):
        items = []
        for number in range(begin, min(count, begin + 100)):
            start = first + timedelta(hours=number)
            items.append(
                event(f"{number:04d}", start.isoformat(), (start + timedelta(minutes=50)).isoformat(), early=marked(f"1 {number}"))
            )
        ews.made(*items)


# -- calendar views


def test_a_view_goes_by_overlap_and_is_ordered_by_start(ews: Ews) -> None:
    ews.made(
        event("ends as it begins", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),
        event("begins as it ends", "2026-10-05T12:00:00Z", "2026-10-05T13:00:00Z"),
        event("over its end", "2026-10-05T11:30:00Z", "2026-10-05T12:30:00Z"),
        event("all through", "2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z"),
        event("over its begin", "2026-10-05T08:30:00Z", "2026-10-05T09:30:00Z"),
        event("no length", "2026-10-05T09:00:00Z", "2026-10-05T09:00:00Z"),
    )
    answer = ews.view("2026-10-05T09:00:00Z", "2026-10-05T12:00:00Z", shape=SUBJECT)
    assert answer.texts("//t:Subject") == ["all through", "over its begin", "no length", "over its end"]
    root = answer.one("//m:RootFolder")
    assert dict(root.attrib) == {"TotalItemsInView": "4", "IncludesLastItemInRange": "true"}


def test_a_view_hands_out_a_thousand_and_says_that_there_is_more(ews: Ews) -> None:
    many(ews, 1005)
    answer = ews.view("2026-10-01T00:00:00Z", "2027-10-01T00:00:00Z", shape=SUBJECT)
    assert len(answer.all("//t:CalendarItem")) == 1000
    assert answer.texts("//t:Subject")[:2] == ["0000", "0001"]
    root = answer.one("//m:RootFolder")
    assert dict(root.attrib) == {"TotalItemsInView": "1005", "IncludesLastItemInRange": "false"}
    fewer = ews.view("2026-10-01T00:00:00Z", "2027-10-01T00:00:00Z", most=3)
    assert len(fewer.all("//t:CalendarItem")) == 3
    assert fewer.one("//m:RootFolder").get("IncludesLastItemInRange") == "false"


def test_a_view_spans_two_years_at_most(ews: Ews) -> None:
    assert ews.view("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z").codes == ["NoError"]
    assert ews.view("2026-01-01T00:00:00Z", "2028-01-04T00:00:00Z").codes == ["ErrorCalendarViewRangeTooBig"]
    assert ews.view("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z").codes == ["ErrorCalendarEndDateIsEarlierThanStartDate"]


def test_a_view_takes_no_restriction_and_no_order(ews: Ews) -> None:
    for rest in (
        where(compare("IsEqualTo", field("item:Subject"), "x")),
        f'<m:SortOrder><t:FieldOrder Order="Ascending">{field("calendar:Start")}</t:FieldOrder></m:SortOrder>',
    ):
        assert ews.view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", rest=rest).codes == ["ErrorRestrictionTooComplex"]


# -- pages


def test_pages_follow_each_other_to_the_last(ews: Ews) -> None:
    many(ews, 25)
    found, offset, last = [], 0, "false"
    while last == "false":
        answer = ews.find(page(offset, 10), shape=SUBJECT)
        root = answer.one("//m:RootFolder")
        last, offset = root.get("IncludesLastItemInRange"), int(root.get("IndexedPagingOffset"))
        assert root.get("TotalItemsInView") == "25"
        found.append(answer.texts("//t:Subject"))
    assert [len(one) for one in found] == [10, 10, 5]
    assert sorted(subject for one in found for subject in one) == [f"{number:04d}" for number in range(25)]


def test_a_page_has_a_thousand_items_at_most_and_with_a_restriction_250(ews: Ews) -> None:
    many(ews, 1005)
    exists = where(f"<t:Exists><t:ExtendedFieldURI {MARKER}/></t:Exists>")
    for rest, most in (("", 1000), (exists, 250)):
        for view in (page(0), page(0, 5000)):
            root = ews.find(view, rest=rest).one("//m:RootFolder")
            assert len(root.xpath(".//*[local-name()='ItemId']")) == most
            assert (root.get("IndexedPagingOffset"), root.get("IncludesLastItemInRange")) == (str(most), "false")
            assert root.get("TotalItemsInView") == "1005"


def test_pages_can_be_read_from_the_end(ews: Ews) -> None:
    many(ews, 10)
    answer = ews.find(page(0, 4, "End"), shape=SUBJECT)
    assert answer.texts("//t:Subject") == ["0006", "0007", "0008", "0009"]
    assert answer.one("//m:RootFolder").get("IncludesLastItemInRange") == "false"
    assert ews.find(page(4, 100, "End")).one("//m:RootFolder").get("IncludesLastItemInRange") == "true"


def test_pages_that_cannot_be_are_refused(ews: Ews) -> None:
    assert ews.find(page(-1)).codes == ["ErrorInvalidIndexedPagingParameters"]
    assert ews.find(page(0, 0)).codes == ["ErrorInvalidPagingMaxRows"]
    assert ews.find('<m:FractionalPageItemView Numerator="0" Denominator="1"/>').codes == ["ErrorInvalidOperation"]


def test_a_server_may_hand_out_less_than_was_asked_for(ews: Ews) -> None:
    many(ews, 7)
    ews.sandbox.client.set_fault({"what": "short_pages", "operation": "FindItem", "most": 3, "count": 0})
    root = ews.find(page(0, 100)).one("//m:RootFolder")
    assert (len(root[0]), root.get("IncludesLastItemInRange"), root.get("IndexedPagingOffset")) == (3, "false", "3")
    assert ews.view("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z").one("//m:RootFolder").get("IncludesLastItemInRange") == "false"


# -- restrictions and order


@pytest.mark.parametrize(
    ("search", "subjects"),
    [
        (compare("IsEqualTo", f"<t:ExtendedFieldURI {MARKER}/>", "1 b"), ["beta"]),
        (compare("IsNotEqualTo", f"<t:ExtendedFieldURI {MARKER}/>", "1 b"), ["alpha"]),
        (f"<t:Exists><t:ExtendedFieldURI {MARKER}/></t:Exists>", ["alpha", "beta"]),
        (f"<t:Not><t:Exists><t:ExtendedFieldURI {MARKER}/></t:Exists></t:Not>", ["gamma"]),
        (compare("IsGreaterThanOrEqualTo", field("calendar:Start"), "2026-10-06T09:00:00Z"), ["beta", "gamma"]),
        (compare("IsGreaterThan", field("calendar:Start"), "2026-10-06T09:00:00Z"), ["gamma"]),
        (compare("IsLessThan", field("calendar:End"), "2026-10-06T12:00:00+02:00"), ["alpha"]),
        (compare("IsLessThanOrEqualTo", field("calendar:End"), "2026-10-06T10:00:00Z"), ["alpha", "beta"]),
        (compare("IsEqualTo", field("item:Subject"), "ALPHA"), ["alpha"]),
        (
            f"<t:And>{compare('IsGreaterThan', field('calendar:Start'), '2026-10-05T10:00:00Z')}"
            f"<t:Exists><t:ExtendedFieldURI {MARKER}/></t:Exists></t:And>",
            ["beta"],
        ),
        (f"<t:Or>{compare('IsEqualTo', field('item:Subject'), 'alpha')}{compare('IsEqualTo', field('item:Subject'), 'gamma')}</t:Or>",
         ["alpha", "gamma"]),
        (f'<t:Contains ContainmentMode="Prefixed">{field("item:Subject")}<t:Constant Value="Al"/></t:Contains>', []),
        (
            f'<t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase">{field("item:Subject")}'
            '<t:Constant Value="Al"/></t:Contains>',
            ["alpha"],
        ),
        (f'<t:Contains ContainmentMode="Substring">{field("item:Subject")}<t:Constant Value="p"/></t:Contains>', ["alpha"]),
        (f'<t:Contains ContainmentMode="Substring"><t:ExtendedFieldURI {MARKER}/><t:Constant Value="b"/></t:Contains>', ["beta"]),
    ],
)  # fmt: skip
def test_a_restriction_keeps_what_it_says(ews: Ews, search: str, subjects: list[str]) -> None:
    ews.made(
        event("alpha", early=marked("1 a")),
        event("beta", "2026-10-06T09:00:00Z", "2026-10-06T10:00:00Z", early=marked("1 b")),
        event("gamma", "2026-10-07T09:00:00Z", "2026-10-07T10:00:00Z"),
    )
    assert ews.find(page(0), shape=SUBJECT, rest=where(search)).texts("//t:Subject") == subjects


@pytest.mark.parametrize(
    ("search", "code"),
    [
        (compare("IsEqualTo", field("item:Size"), "1"), "ErrorUnsupportedPathForQuery"),
        (compare("IsGreaterThan", field("calendar:Start"), "soon"), "ErrorInvalidRestriction"),
        (f'<t:Contains>{field("calendar:Start")}<t:Constant Value="x"/></t:Contains>', "ErrorContainsFilterWrongType"),
        (f'<t:Excludes>{field("item:Subject")}<t:Bitmask Value="1"/></t:Excludes>', "ErrorUnsupportedQueryFilter"),
    ],
)
def test_a_restriction_that_cannot_be_is_refused(ews: Ews, search: str, code: str) -> None:
    assert ews.find(page(0), rest=where(search)).codes == [code]


def test_items_are_put_in_order(ews: Ews) -> None:
    ews.made(event("b"), event("a", "2026-10-07T09:00:00Z", "2026-10-07T10:00:00Z"), event("c"))
    order = (
        f'<m:SortOrder><t:FieldOrder Order="Descending">{field("calendar:Start")}</t:FieldOrder>'
        f'<t:FieldOrder Order="Descending">{field("item:Subject")}</t:FieldOrder></m:SortOrder>'
    )
    assert ews.find(page(0), shape=SUBJECT, rest=order).texts("//t:Subject") == ["a", "c", "b"]


# -- what is handed out


def test_find_item_hands_out_no_body_and_no_attendees_whatever_is_asked(ews: Ews) -> None:
    attendee = "<t:Attendee><t:Mailbox><t:EmailAddress>a@example.ac.uk</t:EmailAddress></t:Mailbox></t:Attendee>"
    ews.made(event(early='<t:Body BodyType="Text">secret</t:Body>', late=f"<t:RequiredAttendees>{attendee}</t:RequiredAttendees>"))
    shape = (
        "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties>"
        f"{field('item:Body')}{field('item:TextBody')}{field('calendar:RequiredAttendees')}</t:AdditionalProperties>"
    )
    answer = ews.find(page(0), shape=shape)
    assert b"secret" not in answer.content
    assert b"Attendee>" not in answer.content
    assert answer.texts("//t:Organizer/t:Mailbox/*") == [ews.mailbox.split("@")[0]]


def test_find_item_cuts_strings_at_255(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event("x" * 255, early=marked("1 " + "y" * 400)))
    found = ews.find(page(0), shape=WITH_MARKER)
    assert found.one("//t:ExtendedProperty/t:Value").text == "1 " + "y" * 253
    assert found.one("//t:Subject").text == "x" * 255
    assert ews.get(item_id, shape=WITH_MARKER).one("//t:ExtendedProperty/t:Value").text == "1 " + "y" * 400


def test_extended_properties_come_only_when_asked_for(ews: Ews) -> None:
    tagged = '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3a17" PropertyType="String"/><t:Value>t</t:Value></t:ExtendedProperty>'
    ((item_id, _),) = ews.made(event(early=marked("1 x") + tagged))
    everything = "<t:BaseShape>AllProperties</t:BaseShape>"
    assert ews.get(item_id, shape=everything).all("//t:ExtendedProperty") == []
    assert ews.find(page(0), shape=everything).all("//t:ExtendedProperty") == []
    asked = (
        f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI {MARKER.replace('4648e09c', '4648E09C')}/>"
        '<t:ExtendedFieldURI PropertyTag="14871" PropertyType="String"/></t:AdditionalProperties>'
    )
    for answer in (ews.get(item_id, shape=asked), ews.find(page(0), shape=asked)):
        assert answer.texts("//t:ExtendedProperty/t:Value") == ["1 x", "t"]


def test_properties_that_an_item_does_not_have_are_left_out(ews: Ews) -> None:
    ews.made(event())
    item = ews.find(page(0), shape=WITH_MARKER).one("//t:CalendarItem")
    assert [child.tag.rpartition("}")[2] for child in item] == ["ItemId", "Subject", "Start", "End"]


def test_categories_come_back_in_the_order_given(ews: Ews) -> None:
    names = ["Zeta", "alpha", "Mu"]
    given = "".join(f"<t:String>{one}</t:String>" for one in names)
    ews.made(event(early=f"<t:Categories>{given}</t:Categories>"))
    assert ews.find(page(0), shape=WITH_MARKER).texts("//t:Categories/t:String") == names


def test_times_come_back_in_whole_seconds_of_utc(ews: Ews) -> None:
    ews.made(event(start="2026-10-05T09:00:00.987+02:00"))
    assert ews.find(page(0), shape=START).texts("//t:Start") == ["2026-10-05T07:00:00Z"]


def test_times_come_back_in_the_zone_of_the_context(ews: Ews) -> None:
    ews.made(event(), event("summer", "2026-07-05T09:00:00Z", "2026-07-05T10:00:00Z"))
    for zone, times in (
        ("GMT Standard Time", ["2026-10-05T10:00:00+01:00", "2026-07-05T10:00:00+01:00"]),
        ("AUS Eastern Standard Time", ["2026-10-05T20:00:00+11:00", "2026-07-05T19:00:00+10:00"]),
        ("UTC", ["2026-10-05T09:00:00Z", "2026-07-05T09:00:00Z"]),
    ):
        header = f'<t:TimeZoneContext><t:TimeZoneDefinition Id="{zone}"/></t:TimeZoneContext>'
        assert ews.find(page(0), shape=START, header=header).texts("//t:Start") == times


@pytest.mark.parametrize(
    ("stored", "form", "wanted", "says", "comes_as"),
    [
        ("one\ntwo", "Text", "Text", "one\r\ntwo", "Text"),
        ("one\ntwo", "Text", "Best", "one\r\ntwo", "Text"),
        ("a &lt; b", "Text", "HTML", "a &lt; b", "HTML"),
        ("&lt;b&gt;Staff&lt;/b&gt;&lt;br&gt;A &amp;amp; B", "HTML", "Text", "Staff\r\nA & B\r\n", "Text"),
        ("&lt;b&gt;x&lt;/b&gt;", "HTML", "Best", "<body>\r\n<b>x</b>\r\n</body>", "HTML"),
    ],
)
def test_a_body_comes_back_in_the_form_wanted(ews: Ews, stored: str, form: str, wanted: str, says: str, comes_as: str) -> None:
    ((item_id, _),) = ews.made(event(early=f'<t:Body BodyType="{form}">{stored}</t:Body>'))
    shape = (
        f"<t:BaseShape>IdOnly</t:BaseShape><t:BodyType>{wanted}</t:BodyType><t:AdditionalProperties>{field('item:Body')}"
        "</t:AdditionalProperties>"
    )
    body = ews.get(item_id, shape=shape).one("//t:Body")
    assert body.get("BodyType") == comes_as
    assert says in body.text
    if comes_as == "HTML":
        assert body.text.startswith("<html>\r\n<head>\r\n<meta http-equiv")
        assert body.text.endswith("</body>\r\n</html>\r\n")
    else:
        assert body.text == says


def test_get_item_answers_for_each_id(ews: Ews) -> None:
    made = [one for one, _ in ews.made(event("a"), event("b"))]
    ews.delete(made[0], how="HardDelete")
    answer = ews.get(*made, "AAMk")
    assert answer.codes == ["ErrorItemNotFound", "NoError", "ErrorInvalidIdMalformed"]
    assert answer.texts("//t:Subject") == ["b"]


def test_a_property_of_folders_is_not_one_of_items(ews: Ews) -> None:
    ((item_id, _),) = ews.made(event())
    shape = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{field('folder:DisplayName')}</t:AdditionalProperties>"
    assert ews.get(item_id, shape=shape).codes == ["ErrorInvalidPropertyRequest"]


# -- folders


def test_a_folder_says_what_it_is(ews: Ews) -> None:
    many(ews, 3)
    answer = ews.folder(shape="AllProperties")
    assert answer.one("//t:CalendarFolder/t:DisplayName").text == "Calendar"
    assert answer.one("//t:FolderClass").text == "IPF.Appointment"
    assert answer.one("//t:TotalCount").text == "3"
    folder_id = answer.one("//t:FolderId").get("Id")
    body = f'<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:FolderId Id="{folder_id}"/>'
    assert ews.ask(f"{body}</m:FolderIds></m:GetFolder>").one("//t:FolderId").get("Id") == folder_id
    assert ews.ask(f"{body.replace(folder_id, 'AAA')}</m:FolderIds></m:GetFolder>").codes == ["ErrorInvalidIdMalformed"]


def _stamps(ews: Ews, header: str = "") -> list[str]:
    return ews.folder(STAMPS, shape="IdOnly", header=header).texts("//t:ExtendedProperty/t:Value")


PRECISE = "<t:DateTimePrecision>Milliseconds</t:DateTimePrecision>"


def test_a_folders_stamps_change_with_every_change_and_with_nothing_else(ews: Ews) -> None:
    first = _stamps(ews, PRECISE)
    ((item_id, key),) = ews.made(event())
    created = _stamps(ews, PRECISE)
    ews.find(page(0))
    ews.get(item_id)
    assert _stamps(ews, PRECISE) == created
    ews.update(item_id, key, set_field("item:Subject", "<t:Subject>x</t:Subject>"))
    updated = _stamps(ews, PRECISE)
    ews.delete(item_id)
    deleted = _stamps(ews, PRECISE)
    assert first[0] < created[0] < updated[0] < deleted[0]
    assert [first[1], created[1], updated[1], deleted[1]] == ["0", "0", "0", "1"]


def test_a_folders_commit_time_is_in_whole_seconds_so_that_two_changes_can_share_one(ews: Ews) -> None:
    many(ews, 2)
    stamp = _stamps(ews)[0]
    assert abs(datetime.fromisoformat(stamp).timestamp() - time.time()) < 60
    assert stamp.endswith("Z")
    assert "." not in stamp


def test_the_stamps_come_only_when_asked_for(ews: Ews) -> None:
    assert ews.folder(shape="AllProperties").all("//t:ExtendedProperty") == []
