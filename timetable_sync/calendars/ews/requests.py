"""Builds the XML of EWS requests and the SOAP envelope around each; CreateItem alone is in ``create_requests``.

Every write says: mail nobody, and move what is deleted to Deleted Items. Element order is that of the schema (types.xsd, messages.xsd),
which Exchange insists on. The elements are built without exchangelib's items, as one CalendarItem costs ten times as much.

The envelope says for which version a request is, as whom, and in which zone times without one are. It is to the letter what exchangelib
puts around it, which a test holds; its head is made once for each mailbox, as that took longer than all the rest of a small request.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/impersonation-and-ews-in-exchange
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from timetable_sync.calendars.ews.names import MARKER_URI, MESSAGES, SOAP, TYPES, M, T
from timetable_sync.calendars.ews.names import MESSAGES as MESSAGES_NS
from timetable_sync.calendars.ews.names import TYPES as TYPES_NS
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.model.change import Delete, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.model.window import Window

BUSY = {
    Busy.FREE: "Free",
    Busy.TENTATIVE: "Tentative",
    Busy.BUSY: "Busy",
    Busy.OUT_OF_OFFICE: "OOF",
    Busy.WORKING_ELSEWHERE: "WorkingElsewhere",
}
SENSITIVITY = {
    Sensitivity.NORMAL: "Normal",
    Sensitivity.PERSONAL: "Personal",
    Sensitivity.PRIVATE: "Private",
    Sensitivity.CONFIDENTIAL: "Confidential",
}

#: The listed fields, in the order of the schema's paths; the marker comes after them.
LISTED = (
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
)

#: PidTagLocalCommitTimeMax and PidTagDeletedCountTotal: when anything in the folder last changed, and how much was ever deleted from it.
COMMIT_TIME = {"PropertyTag": "0x670A", "PropertyType": "SystemTime"}
DELETED_COUNT = {"PropertyTag": "0x670B", "PropertyType": "Integer"}

#: What Exchange lists at most in one answer (EWSFindCountLimit).
#: https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
LISTING_LIMIT = 1000

_NS = {"m": MESSAGES_NS, "t": TYPES_NS}
_HERE = "ADDRESS"
_sub: Callable[..., etree._Element] = etree.SubElement


def _text(parent: etree._Element, name: str, value: str) -> None:
    _sub(parent, T + name).text = value


@lru_cache(4_096)
def moment(when: datetime) -> str:
    """A time as EWS takes it: UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _folder(parent: etree._Element, address: str) -> None:
    folder = _sub(parent, T + "DistinguishedFolderId", Id="calendar")
    _text(_sub(folder, T + "Mailbox"), "EmailAddress", address)


def _shape(parent: etree._Element, name: str, fields: Iterable[str], properties: Iterable[dict[str, str]], *, body: str = "") -> None:
    shape = _sub(parent, M + name)
    _text(shape, "BaseShape", "IdOnly")
    if body:
        _text(shape, "BodyType", body)
    additional = _sub(shape, T + "AdditionalProperties")
    for field in fields:
        _sub(additional, T + "FieldURI", FieldURI=field)
    for uri in properties:
        _sub(additional, T + "ExtendedFieldURI", uri)


def _item_ids(parent: etree._Element, items: Iterable[ItemRef]) -> None:
    ids = _sub(parent, M + "ItemIds")
    for item in items:
        _sub(ids, T + "ItemId", Id=item.id, ChangeKey=item.change_key)


def find_items(address: str, view: Window) -> etree._Element:
    """Everything in the calendar that overlaps ``view``, with the listed fields and the marker."""
    find = etree.Element(M + "FindItem", Traversal="Shallow", nsmap=_NS)
    _shape(find, "ItemShape", LISTED, [MARKER_URI])
    until = view.end + timedelta(seconds=1) if view.end.microsecond else view.end
    _sub(find, M + "CalendarView", MaxEntriesReturned=str(LISTING_LIMIT), StartDate=moment(view.start), EndDate=moment(until))
    _folder(_sub(find, M + "ParentFolderIds"), address)
    return find


def get_bodies(items: Sequence[ItemRef]) -> etree._Element:
    """The bodies of ``items``, as text."""
    get = etree.Element(M + "GetItem", nsmap=_NS)
    _shape(get, "ItemShape", ["item:Body"], [], body="Text")
    # Without change keys: whichever version there is, is the one whose body is asked for.
    ids = _sub(get, M + "ItemIds")
    for item in items:
        _sub(ids, T + "ItemId", Id=item.id)
    return get


def get_stamp(address: str) -> bytes:
    """The calendar folder's signs of change. As text: of all requests a quiet night makes it most."""
    before, after = _around_the_address()
    return b"".join((before, escape(address).encode(), after))


@lru_cache(1)
def _around_the_address() -> tuple[bytes, bytes]:
    get = etree.Element(M + "GetFolder", nsmap=_NS)
    _shape(get, "FolderShape", ["folder:TotalCount"], [COMMIT_TIME, DELETED_COUNT])
    _folder(_sub(get, M + "FolderIds"), _HERE)
    before, _, after = etree.tostring(get, encoding="unicode").encode().partition(_HERE.encode())
    return before, after


def _body(item: etree._Element, event: Event, body: str) -> None:
    _sub(item, T + "Body", BodyType="HTML" if event.body_kind == "html" else "Text").text = body


def _categories(item: etree._Element, categories: Iterable[str]) -> None:
    array = _sub(item, T + "Categories")
    for category in categories:
        _text(array, "String", category)


def _marker(item: etree._Element, marker: str) -> None:
    extended = _sub(item, T + "ExtendedProperty")
    _sub(extended, T + "ExtendedFieldURI", MARKER_URI)
    _text(extended, "Value", marker)


def update_items(changes: Iterable[Update], *, suppress_receipts: bool) -> etree._Element:
    """Events as they are to be: every owned field and the marker, and nothing that is not ours.

    All owned fields, not only those that seem to differ: the listing that they were compared by cuts long strings.
    """
    update = etree.Element(
        M + "UpdateItem",
        ConflictResolution="NeverOverwrite",
        MessageDisposition="SaveOnly",
        SendMeetingInvitationsOrCancellations="SendToNone",
        nsmap=_NS,
    )
    if suppress_receipts:
        update.set("SuppressReadReceipts", "true")
    items = _sub(update, M + "ItemChanges")
    for change in changes:
        item = _sub(items, T + "ItemChange")
        _sub(item, T + "ItemId", Id=change.before.item.id, ChangeKey=change.before.item.change_key)
        _updates(_sub(item, T + "Updates"), change)
    return update


def _set(updates: etree._Element, uri: str) -> etree._Element:
    field = _sub(updates, T + "SetItemField")
    _sub(field, T + "FieldURI", FieldURI=uri)
    return _sub(field, T + "CalendarItem")


def _clear(updates: etree._Element, uri: str) -> None:
    _sub(_sub(updates, T + "DeleteItemField"), T + "FieldURI", FieldURI=uri)


def _updates(updates: etree._Element, change: Update) -> None:
    event = change.after
    _text(_set(updates, "item:Subject"), "Subject", event.subject)
    _text(_set(updates, "item:Sensitivity"), "Sensitivity", SENSITIVITY[event.sensitivity])
    if event.body is not None:
        _body(_set(updates, "item:Body"), event, event.body)
    if event.categories:
        _categories(_set(updates, "item:Categories"), event.categories)
    elif event.categories is not None:
        _clear(updates, "item:Categories")
    _text(_set(updates, "item:ReminderIsSet"), "ReminderIsSet", "false" if event.reminder is None else "true")
    if event.reminder is not None:
        _text(_set(updates, "item:ReminderMinutesBeforeStart"), "ReminderMinutesBeforeStart", str(event.reminder))
    if change.before.all_day or "all_day" in change.before.missing:
        # Before the times: those of an all-day event are moved to midnight.
        _text(_set(updates, "calendar:IsAllDayEvent"), "IsAllDayEvent", "false")
    _text(_set(updates, "calendar:Start"), "Start", moment(event.start))
    _text(_set(updates, "calendar:End"), "End", moment(event.end))
    _text(_set(updates, "calendar:LegacyFreeBusyStatus"), "LegacyFreeBusyStatus", BUSY[event.busy])
    if event.location:
        _text(_set(updates, "calendar:Location"), "Location", event.location)
    elif event.location is not None:
        _clear(updates, "calendar:Location")
    zone = windows_zone(event.zone) or ""
    _sub(_set(updates, "calendar:StartTimeZone"), T + "StartTimeZone", Id=zone)
    _sub(_set(updates, "calendar:EndTimeZone"), T + "EndTimeZone", Id=zone)
    field = _sub(updates, T + "SetItemField")
    _sub(field, T + "ExtendedFieldURI", MARKER_URI)
    _marker(_sub(field, T + "CalendarItem"), change.marker)


def delete_items(changes: Iterable[Delete], *, suppress_receipts: bool) -> etree._Element:
    """Events of ours to be moved to Deleted Items."""
    delete = etree.Element(M + "DeleteItem", DeleteType="MoveToDeletedItems", SendMeetingCancellations="SendToNone", nsmap=_NS)
    if suppress_receipts:
        delete.set("SuppressReadReceipts", "true")
    _item_ids(delete, (change.before.item for change in changes))
    return delete


_TAIL = b"</s:Body></s:Envelope>"


def enveloped(payload: etree._Element | bytes, version: str, address: str) -> bytes:
    """The request's body, as the mailbox of ``address``. A ``payload`` of bytes writes EWS's names with the prefixes ``m`` and ``t``."""
    return _head(version, address) + (payload if isinstance(payload, bytes) else etree.tostring(payload, encoding="utf-8")) + _TAIL


@lru_cache(maxsize=256)
def _head(version: str, address: str) -> bytes:
    # SmtpAddress, as Microsoft's own client sends it: it also finds a mailbox by an address that is not its primary one.
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Header>'
        f"<t:RequestServerVersion Version={quoteattr(version)}/>"
        f"<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{escape(address)}</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
        '<t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext></s:Header><s:Body>'
    ).encode()
