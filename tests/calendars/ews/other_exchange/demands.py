"""What a request has to satisfy: both of Microsoft's schemas, and what the documentation demands beside them. Gives sentences.

Pages below https://learn.microsoft.com/exchange/client-developer/web-service-reference/ unless one is named.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from lxml import etree

from tests.calendars.ews.other_exchange.habits import utc

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
NS = {"s": SOAP, "m": MESSAGES, "t": TYPES}

#: The element that a SetItemField of a path has to hold, for the paths that an appointment of no series needs.
SETTABLE = {
    "item:Subject": "Subject",
    "item:Sensitivity": "Sensitivity",
    "item:Body": "Body",
    "item:Categories": "Categories",
    "item:ReminderIsSet": "ReminderIsSet",
    "item:ReminderMinutesBeforeStart": "ReminderMinutesBeforeStart",
    "calendar:Start": "Start",
    "calendar:End": "End",
    "calendar:IsAllDayEvent": "IsAllDayEvent",
    "calendar:LegacyFreeBusyStatus": "LegacyFreeBusyStatus",
    "calendar:Location": "Location",
    "calendar:StartTimeZone": "StartTimeZone",
    "calendar:EndTimeZone": "EndTimeZone",
}
#: Paths that may be deleted. (Start, End and the reminder's flags may not: ErrorInvalidPropertyDelete.)
DELETABLE = {"item:Body", "item:Categories", "calendar:Location"}
#: Elements that make an appointment a meeting, and so may send mail.
INVITING = {"RequiredAttendees", "OptionalAttendees", "Resources", "Organizer", "IsResponseRequested", "Recurrence"}
ZONES = {"GMT Standard Time", "UTC", "W. Europe Standard Time"}


@cache
def schemas(folder: Path) -> tuple[etree.XMLSchema, ...]:
    """Microsoft's two sets."""
    return tuple(etree.XMLSchema(etree.parse(folder / name / "all.xsd")) for name in ("online-V2018_01_08", "onprem-15.2.2562.17"))


def complaints(root: etree._Element, headers: dict[str, str], schema_folder: Path) -> Iterator[str]:
    """What is wrong with a request."""
    for schema in schemas(schema_folder):
        if not schema.validate(root):
            yield f"invalid: {schema.error_log}"
    yield from _of_headers(root, {name.lower(): value for name, value in headers.items()})
    operation = root.find(f"{{{SOAP}}}Body")[0]  # type: ignore[index]  # the schema demands it
    yield from _BY_OPERATION[etree.QName(operation).localname](operation)
    for address in operation.findall(".//t:Mailbox/t:EmailAddress", NS):
        if address.text != _impersonated(root):
            yield f"the folder of {address.text} is asked for while acting for {_impersonated(root)}"


def _impersonated(root: etree._Element) -> str:
    return root.findtext("s:Header/t:ExchangeImpersonation/t:ConnectingSID/t:SmtpAddress", "", NS)


def _of_headers(root: etree._Element, headers: dict[str, str]) -> Iterator[str]:
    """exchange-web-services/impersonation-and-ews-in-exchange; how-to-maintain-affinity (X-AnchorMailbox)."""
    kind = headers.get("content-type", "").replace(" ", "").lower()
    if kind not in ("text/xml;charset=utf-8", 'text/xml;charset="utf-8"'):
        yield f"the content type is {kind}"
    if not _impersonated(root):
        yield "an app-only request names nobody to act for"
    if headers.get("x-anchormailbox", "").lower() != _impersonated(root).lower():
        yield "X-AnchorMailbox is another mailbox than the one acted for"
    if not headers.get("user-agent"):
        yield "no User-Agent"
    if len(root.findall("s:Header/t:RequestServerVersion", NS)) != 1:
        yield "RequestServerVersion is not there once"


def _find_item(operation: etree._Element) -> Iterator[str]:
    """finditem, calendarview."""
    view = operation.find("m:CalendarView", NS)
    if operation.get("Traversal") != "Shallow" or view is None:
        yield "a calendar is listed without a shallow CalendarView"
        return
    start, end = utc(view.get("StartDate", "")), utc(view.get("EndDate", ""))
    if not timedelta(0) <= end - start <= timedelta(days=731):
        yield f"a view from {start} to {end}"
    if int(view.get("MaxEntriesReturned", "0")) <= 0:
        yield "MaxEntriesReturned is not positive"
    if operation.find("m:Restriction", NS) is not None or operation.find("m:SortOrder", NS) is not None:
        yield "a CalendarView takes neither restriction nor order"
    paths = [path.get("FieldURI") for path in operation.iterfind(".//t:FieldURI", NS)]
    if len(paths) != len(set(paths)):
        yield "a field is asked for twice"
    if unlisted := {"item:Body", "item:Attachments", "item:MimeContent"}.intersection(paths):
        yield f"FindItem does not list {sorted(unlisted, key=str)}"


def _create_item(operation: etree._Element) -> Iterator[str]:
    """createitem: SendMeetingInvitations is required for calendar items."""
    if operation.get("SendMeetingInvitations") != "SendToNone":
        yield "a create that may send invitations"
    if operation.find("m:SavedItemFolderId", NS) is None:
        yield "a create without a folder lands in the default one"
    for item in operation.iterfind("m:Items/*", NS):
        yield from _appointment(item)
        if item.tag != f"{{{TYPES}}}CalendarItem":
            yield f"made as {item.tag}"
        if item.find("t:StartTimeZone", NS) is None or item.find("t:EndTimeZone", NS) is None:
            yield "an event without zones is shown in UTC"
        if item.findtext("t:ReminderIsSet", "", NS) != "true" and item.find("t:ReminderMinutesBeforeStart", NS) is not None:
            yield "minutes of a reminder that is off"


def _update_item(operation: etree._Element) -> Iterator[str]:
    """updateitem, setitemfield, how-to-update-the-time-zone-for-an-appointment: a zone without times shifts them."""
    if operation.get("SendMeetingInvitationsOrCancellations") != "SendToNone":
        yield "an update that may send mail"
    if operation.get("ConflictResolution") != "NeverOverwrite":
        yield "an update that overwrites what somebody wrote meanwhile"
    for change in operation.iterfind("m:ItemChanges/t:ItemChange", NS):
        if not change.find("t:ItemId", NS).get("ChangeKey"):  # type: ignore[union-attr]  # the schema demands it
            yield "an update without ChangeKey"
        paths = [path.get("FieldURI") for path in change.iterfind("t:Updates/*/t:FieldURI", NS)]
        if len(paths) != len(set(paths)):
            yield f"a field is updated twice: {paths}"
        if {"calendar:StartTimeZone", "calendar:EndTimeZone"} & set(paths) and not {"calendar:Start", "calendar:End"} <= set(paths):
            yield "a zone is set without the times, which then shift"
        for update in change.iterfind("t:Updates/*", NS):
            yield from _field_update(update)


def _field_update(update: etree._Element) -> Iterator[str]:
    path = update[0].get("FieldURI") or "the property"
    if etree.QName(update).localname == "DeleteItemField":
        if path not in DELETABLE:
            yield f"{path} cannot be deleted"
        return
    if etree.QName(update).localname != "SetItemField" or len(update[1]) != 1:
        yield f"{path}: not one property in one SetItemField"
        return
    element = etree.QName(update[1][0]).localname
    if element != ("ExtendedProperty" if path == "the property" else SETTABLE.get(path)):
        yield f"{path} is set by {element}"
    yield from _appointment(update[1])


def _appointment(item: etree._Element) -> Iterator[str]:
    names = {etree.QName(child).localname for child in item}
    if inviting := names & INVITING:
        yield f"{sorted(inviting)} make a meeting or a series of it"
    start, end = item.findtext("t:Start", "", NS), item.findtext("t:End", "", NS)
    if any(when and not when.endswith("Z") for when in (start, end)):
        yield "a time that depends on a zone"
    if start and end and utc(start) >= utc(end):
        yield "an end that is not after its start"
    if len(item.findtext("t:Subject", "", NS)) > 255:
        yield "a subject of more than 255 characters"
    for zone in (*item.iterfind("t:StartTimeZone", NS), *item.iterfind("t:EndTimeZone", NS)):
        if zone.get("Id") not in ZONES:
            yield f"no Windows has the zone {zone.get('Id')!r}"
    categories = [entry.text or "" for entry in item.iterfind("t:Categories/t:String", NS)]
    if item.find("t:Categories", NS) is not None and (not all(categories) or not categories or len(set(categories)) < len(categories)):
        yield f"categories {categories}"


def _delete_item(operation: etree._Element) -> Iterator[str]:
    """deleteitem: SendMeetingCancellations is required for calendar items; AffectedTaskOccurrences for tasks only."""
    if operation.get("SendMeetingCancellations") != "SendToNone":
        yield "a delete that may send cancellations"
    if operation.get("DeleteType") != "MoveToDeletedItems":
        yield "a delete that cannot be undone"
    if operation.get("AffectedTaskOccurrences"):
        yield "a calendar has no tasks"


def _get_item(operation: etree._Element) -> Iterator[str]:
    """getitem."""
    if operation.findtext("m:ItemShape/t:BodyType", "", NS) != "Text":
        yield "a body that comes as it likes"


def _get_folder(_: etree._Element) -> Iterator[str]:
    yield from ()


_BY_OPERATION = {
    "FindItem": _find_item,
    "GetItem": _get_item,
    "GetFolder": _get_folder,
    "CreateItem": _create_item,
    "UpdateItem": _update_item,
    "DeleteItem": _delete_item,
}
