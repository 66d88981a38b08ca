"""Writes an item as XML, in the schema's order, with the properties that a shape asks for. Changes no item.

What a finding of items (``FindItem``) does not hand out: bodies, attendees, rules of series; and its strings end after 255
characters (https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/ews-search-and-ews-in-exchange).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.bodies import body_as
from timetable_sync.sandbox.ews.property_paths import Path, written
from timetable_sync.sandbox.ews.responses import attribute, text
from timetable_sync.sandbox.ews.schema.declarations import names_within
from timetable_sync.sandbox.items import Item
from timetable_sync.sandbox.mailbox import Mailbox

#: Where FindItem cuts strings.
CUT = 255

#: How many finished fragments an item keeps: clients ask for few shapes, tests for many.
_KEPT = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """What of an item is to be written, and how. ``number`` names it among the finished fragments of an item."""

    names: frozenset[str]
    extended: tuple[Path, ...]
    finding: bool
    body: str
    zone: ZoneInfo | None
    number: int


_Writer = Callable[[Item, Mailbox, Shape], str]


def _cut(value: str, shape: Shape) -> str:
    return value[:CUT] if shape.finding else value


def _plain(name: str) -> _Writer:
    begin, end = f"<t:{name}>", f"</t:{name}>"

    def write(item: Item, _: Mailbox, shape: Shape) -> str:
        value = item.get(name)
        if value is None or value == "":
            return ""
        if value is True:
            return f"{begin}true{end}"
        if value is False:
            return f"{begin}false{end}"
        return f"{begin}{text(_cut(str(value), shape))}{end}"

    return write


def _made(name: str, make: Callable[[Item, Mailbox], Any]) -> _Writer:
    def write(item: Item, mailbox: Mailbox, shape: Shape) -> str:
        value = make(item, mailbox)
        if value is None:
            return ""
        if isinstance(value, bool):
            value = str(value).lower()
        return f"<t:{name}>{text(_cut(str(value), shape))}</t:{name}>"

    return write


def _moment(name: str, when: Callable[[Item], int | None]) -> _Writer:
    def write(item: Item, _: Mailbox, shape: Shape) -> str:
        at = when(item)
        return "" if at is None else f"<t:{name}>{written(at, shape.zone)}</t:{name}>"

    return write


def _item_id(item: Item, _: Mailbox, __: Shape) -> str:
    return f'<t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/>'


def _parent(item: Item, mailbox: Mailbox, _: Shape) -> str:
    folder = mailbox.ids.deleted if item.id in mailbox.deleted else mailbox.ids.calendar
    return f'<t:ParentFolderId Id="{folder}" ChangeKey="AgAAAA=="/>'


def _body(item: Item, _: Mailbox, shape: Shape) -> str:
    if shape.finding:
        return ""
    body, form = body_as(item.fields.get("Body", ""), item.get("BodyType"), shape.body)
    return f'<t:Body BodyType="{form}">{text(body)}</t:Body>'


def _text_body(item: Item, _: Mailbox, shape: Shape) -> str:
    if shape.finding:
        return ""
    body, form = body_as(item.fields.get("Body", ""), item.get("BodyType"), "Text")
    return f'<t:TextBody BodyType="{form}">{text(body)}</t:TextBody>'


def _categories(item: Item, _: Mailbox, shape: Shape) -> str:
    names = item.fields.get("Categories")
    if not names:
        return ""
    return f"<t:Categories>{''.join(f'<t:String>{text(_cut(one, shape))}</t:String>' for one in names)}</t:Categories>"


def _address(name: str, address: str, *, finding: bool) -> str:
    named = f"<t:Name>{text(name)}</t:Name>"
    if finding:
        return f"<t:Mailbox>{named}</t:Mailbox>"
    return (
        f"<t:Mailbox>{named}<t:EmailAddress>{text(address)}</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType>"
        "<t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>"
    )


def _organizer(_: Item, mailbox: Mailbox, shape: Shape) -> str:
    return f"<t:Organizer>{_address(mailbox.address.split('@')[0], mailbox.address, finding=shape.finding)}</t:Organizer>"


def _attendees(name: str) -> _Writer:
    def write(item: Item, _: Mailbox, shape: Shape) -> str:
        people = item.fields.get(name)
        if shape.finding or not people:
            return ""
        inner = "".join(
            f"<t:Attendee>{_address(one.get('name') or one['address'], one['address'], finding=False)}"
            f"<t:ResponseType>{one.get('response', 'Unknown')}</t:ResponseType></t:Attendee>"
            for one in people
        )
        return f"<t:{name}>{inner}</t:{name}>"

    return write


def _zone(name: str) -> _Writer:
    def write(item: Item, _: Mailbox, __: Shape) -> str:
        zone = item.get(name)
        return f"<t:{name} Id={attribute(zone)} Name={attribute(zone)}/>"

    return write


def _recurrence(item: Item, _: Mailbox, shape: Shape) -> str:
    rule = item.fields.get("Recurrence")
    if shape.finding or not rule:
        return ""
    interval = f"<t:Interval>{int(rule.get('interval', 1))}</t:Interval>"
    if rule["pattern"] == "Daily":
        pattern = f"<t:DailyRecurrence>{interval}</t:DailyRecurrence>"
    else:
        days = " ".join(rule["days"])
        pattern = f"<t:WeeklyRecurrence>{interval}<t:DaysOfWeek>{days}</t:DaysOfWeek></t:WeeklyRecurrence>"
    first = f"<t:StartDate>{rule['first']}</t:StartDate>"
    if rule.get("last"):
        span = f"<t:EndDateRecurrence>{first}<t:EndDate>{rule['last']}</t:EndDate></t:EndDateRecurrence>"
    elif rule.get("count"):
        span = f"<t:NumberedRecurrence>{first}<t:NumberOfOccurrences>{int(rule['count'])}</t:NumberOfOccurrences></t:NumberedRecurrence>"
    else:
        span = f"<t:NoEndRecurrence>{first}</t:NoEndRecurrence>"
    return f"<t:Recurrence>{pattern}{span}</t:Recurrence>"


def _duration(item: Item, _: Mailbox) -> str:
    minutes, seconds = divmod(item.end - item.start, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    time = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time or not days else "") + ("" if time or days else "0S")


def _type(item: Item, _: Mailbox) -> str:
    return "RecurringMaster" if item.is_master else str(item.get("CalendarItemType"))


def extended_value(item: Item, path: Path) -> str | list[str] | None:
    """What an extended property holds; those that are other names of an item's own fields too."""
    if path.extended is None:
        return None
    where, name, form = path.extended
    if where == "tag":
        if name in ("0x0037", "0x0e1d", "0x0070") and form == "String":
            return str(item.fields.get("Subject", "")) or None
        if name == "0x001a" and form == "String":
            return str(item.get("ItemClass"))
        if name in ("0x3007", "0x3008") and form == "SystemTime":
            return written(item.created if name == "0x3007" else item.modified)
    return item.extended.get(path.extended)


def _extended(item: Item, shape: Shape) -> str:
    found = []
    for path in shape.extended:
        value = extended_value(item, path)
        if value is None:
            continue
        if isinstance(value, list):
            inner = f"<t:Values>{''.join(f'<t:Value>{text(_cut(one, shape))}</t:Value>' for one in value)}</t:Values>"
        else:
            inner = f"<t:Value>{text(_cut(value, shape))}</t:Value>"
        found.append(f"<t:ExtendedProperty>{path.xml}{inner}</t:ExtendedProperty>")
    return "".join(found)


_WRITERS: dict[str, _Writer] = {
    "ItemId": _item_id,
    "ParentFolderId": _parent,
    "ItemClass": _plain("ItemClass"),
    "Subject": _plain("Subject"),
    "Sensitivity": _plain("Sensitivity"),
    "Body": _body,
    "DateTimeReceived": _moment("DateTimeReceived", lambda item: item.created),
    "Size": _made("Size", lambda item, _: 3000 + 2 * len(item.fields.get("Body", ""))),
    "Categories": _categories,
    "Importance": _plain("Importance"),
    "IsSubmitted": _made("IsSubmitted", lambda _, __: False),
    "IsDraft": _made("IsDraft", lambda _, __: False),
    "IsFromMe": _made("IsFromMe", lambda _, __: False),
    "IsResend": _made("IsResend", lambda _, __: False),
    "IsUnmodified": _made("IsUnmodified", lambda _, __: False),
    "DateTimeSent": _moment("DateTimeSent", lambda item: item.created),
    "DateTimeCreated": _moment("DateTimeCreated", lambda item: item.created),
    "ReminderDueBy": _moment("ReminderDueBy", lambda item: item.start),
    "ReminderIsSet": _plain("ReminderIsSet"),
    "ReminderNextTime": _moment(
        "ReminderNextTime",
        lambda item: item.start - 60 * int(item.get("ReminderMinutesBeforeStart")) if item.get("ReminderIsSet") else None,
    ),
    "ReminderMinutesBeforeStart": _plain("ReminderMinutesBeforeStart"),
    "DisplayCc": _made("DisplayCc", lambda item, _: "; ".join(one.get("name", "") for one in item.fields.get("OptionalAttendees", ()))),
    "DisplayTo": _made("DisplayTo", lambda item, _: "; ".join(one.get("name", "") for one in item.fields.get("RequiredAttendees", ()))),
    "HasAttachments": _made("HasAttachments", lambda _, __: False),
    "ExtendedProperty": lambda item, _, shape: _extended(item, shape),
    "Culture": _plain("Culture"),
    "LastModifiedName": _made("LastModifiedName", lambda item, _: item.modified_by),
    "LastModifiedTime": _moment("LastModifiedTime", lambda item: item.modified),
    "IsAssociated": _made("IsAssociated", lambda _, __: False),
    "TextBody": _text_body,
    "UID": _made(
        "UID", lambda item, _: item.fields.get("UID") or "040000008200E00074C5B7101A82E008" + item.id[-24:].encode().hex().upper()
    ),
    "DateTimeStamp": _moment("DateTimeStamp", lambda item: item.modified),
    "Start": _moment("Start", lambda item: item.start),
    "End": _moment("End", lambda item: item.end),
    "OriginalStart": _moment("OriginalStart", lambda item: item.fields.get("OriginalStart")),
    "IsAllDayEvent": _plain("IsAllDayEvent"),
    "LegacyFreeBusyStatus": _plain("LegacyFreeBusyStatus"),
    "Location": _plain("Location"),
    "IsMeeting": _made("IsMeeting", lambda item, _: bool(item.attendees)),
    "IsCancelled": _plain("IsCancelled"),
    "IsRecurring": _made("IsRecurring", lambda item, _: item.get("CalendarItemType") in ("Occurrence", "Exception")),
    "MeetingRequestWasSent": _made("MeetingRequestWasSent", lambda item, _: bool(item.fields.get("MeetingRequestWasSent"))),
    "IsResponseRequested": _plain("IsResponseRequested"),
    "CalendarItemType": _made("CalendarItemType", _type),
    "MyResponseType": _made("MyResponseType", lambda item, _: "Organizer" if item.attendees else "Unknown"),
    "Organizer": _organizer,
    "RequiredAttendees": _attendees("RequiredAttendees"),
    "OptionalAttendees": _attendees("OptionalAttendees"),
    "Resources": _attendees("Resources"),
    "Duration": _made("Duration", _duration),
    "TimeZone": _made("TimeZone", lambda item, _: item.get("StartTimeZone")),
    "AppointmentSequenceNumber": _made("AppointmentSequenceNumber", lambda _, __: 0),
    "AppointmentState": _made("AppointmentState", lambda item, _: 1 if item.attendees else 0),
    "Recurrence": _recurrence,
    "StartTimeZone": _zone("StartTimeZone"),
    "EndTimeZone": _zone("EndTimeZone"),
    "ConferenceType": _plain("ConferenceType"),
    "AllowNewTimeProposal": _plain("AllowNewTimeProposal"),
    "IsOnlineMeeting": _plain("IsOnlineMeeting"),
    "MeetingWorkspaceUrl": _plain("MeetingWorkspaceUrl"),
    "NetShowUrl": _plain("NetShowUrl"),
    "StartTimeZoneId": _made("StartTimeZoneId", lambda item, _: item.get("StartTimeZone")),
    "EndTimeZoneId": _made("EndTimeZoneId", lambda item, _: item.get("EndTimeZone")),
    "DoNotForwardMeeting": _plain("DoNotForwardMeeting"),
}

#: Every child of a calendar item that can be handed out, in the order that the schema demands.
_ORDER = [name for name in names_within("CalendarItem") if name in _WRITERS]

_DEFAULT = (
    "ItemId ParentFolderId ItemClass Subject Sensitivity Body ReminderDueBy ReminderIsSet ReminderMinutesBeforeStart HasAttachments "
    "Start End LegacyFreeBusyStatus Location IsMeeting IsRecurring CalendarItemType MyResponseType Organizer RequiredAttendees "
    "OptionalAttendees Resources Duration"
)

#: The base shapes: https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/property-sets-and-response-shapes-in-ews-in-exchange
BASE_SHAPES: dict[str, frozenset[str]] = {
    "IdOnly": frozenset({"ItemId"}),
    "Default": frozenset(_DEFAULT.split()),
    "AllProperties": frozenset(_ORDER) - {"ExtendedProperty", "TextBody", "StartTimeZoneId", "EndTimeZoneId"},
    "PcxPeopleSearch": frozenset({"ItemId"}),
}


def render(item: Item, mailbox: Mailbox, shape: Shape) -> str:
    """The item as a t:CalendarItem."""
    found = item.rendered.get(shape.number)
    if found is None:
        names = shape.names.difference(item.fields.get("NotGiven") or ())
        inner = "".join([_WRITERS[name](item, mailbox, shape) for name in _ORDER if name in names])
        if len(item.rendered) >= _KEPT:
            item.rendered.clear()
        found = item.rendered[shape.number] = f"<t:CalendarItem>{inner}</t:CalendarItem>"
    return found


def can_render(name: str) -> bool:
    """Whether an element of this name can be handed out for a calendar item."""
    return name in _WRITERS
