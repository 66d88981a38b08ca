"""Reads what a request sets on an item, field by field, and refuses what Exchange refuses. Touches no mailbox."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.property_paths import Path, read_path, seconds
from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.responses import EwsError, value_xml
from timetable_sync.sandbox.ews.windows_zones import zone_of
from timetable_sync.sandbox.items import PropertyKey

#: The longest subject and place that the store takes.
LONGEST_SUBJECT = 255

#: Exchange takes no series with fewer occurrences than one in so many days or weeks.
_WIDEST_INTERVAL = 999

_FIVE_YEARS = 5 * 366 * 86400

Fields = dict[str, Any]


def _text(node: Node) -> str:
    return node.text


def _short(node: Node) -> str:
    if len(node.text) > LONGEST_SUBJECT:
        raise EwsError(
            "ErrorInvalidValueForProperty",
            f"The specified value is invalid for property: {node.name} is longer than {LONGEST_SUBJECT} characters.",
            xml=value_xml("Length", str(len(node.text))),
        )
    return node.text


def _flag(node: Node) -> bool:
    return node.text.strip() in ("true", "1")


def _number(node: Node) -> int:
    return int(node.text)


def _strings(node: Node) -> list[str]:
    return [child.text for child in node]


def _people(node: Node) -> list[dict[str, str]]:
    found = []
    for child in node:
        address = child.value("Mailbox", "EmailAddress")
        if not address:
            raise EwsError("ErrorInvalidRecipients", "At least one recipient isn't valid.")
        found.append({"address": address, "name": child.value("Mailbox", "Name") or address})
    return found


def _zone_name(node: Node) -> str:
    name = node.get("Id") or node.get("Name")
    if zone_of(name) is None:
        raise EwsError("ErrorTimeZone", f"The time zone '{name}' is not known.", xml=value_xml("Id", name))
    return name


def _recurrence(node: Node) -> dict[str, Any]:
    pattern, span = node.children
    if pattern.name not in ("DailyRecurrence", "WeeklyRecurrence"):
        raise EwsError("ErrorUnsupportedRecurrence", "The sandbox has daily and weekly series only.")
    rule: dict[str, Any] = {
        "pattern": pattern.name.removesuffix("Recurrence"),
        "interval": int(pattern.value("Interval") or 1),
        "first": _day(span.value("StartDate") or ""),
    }
    if not 1 <= rule["interval"] <= _WIDEST_INTERVAL:
        raise EwsError("ErrorCalendarInvalidRecurrence", "The recurrence's interval is out of range.")
    if pattern.name == "WeeklyRecurrence":
        rule["days"] = (pattern.value("DaysOfWeek") or "").split()
        if not rule["days"]:
            raise EwsError("ErrorCalendarInvalidDayForWeeklyRecurrence", "A weekly recurrence has at least one day.")
    if end := span.value("EndDate"):
        rule["last"] = _day(end)
    if count := span.value("NumberOfOccurrences"):
        rule["count"] = int(count)
    if rule.get("count", 1) < 1 or rule.get("last", rule["first"]) < rule["first"]:
        raise EwsError("ErrorRecurrenceHasNoOccurrence", "The recurring series has no occurrence.")
    return rule


def _day(written: str) -> str:
    """A date, its zone left off."""
    found = re.match(r"\s*([12345678]\d{3}-\d\d-\d\d)(?!\d)", written)
    if found is None or not "1601-01-01" <= found[1] <= "4500-08-31":
        raise EwsError("ErrorCalendarOutOfRange", "The date is out of range.")
    return found[1]


#: The elements that a client may set, and how each is read.
_READERS: dict[str, Callable[[Node], Any]] = {
    "ItemClass": _text,
    "Subject": _short,
    "Sensitivity": _text,
    "Categories": _strings,
    "Importance": _text,
    "ReminderIsSet": _flag,
    "ReminderMinutesBeforeStart": _number,
    "Culture": _text,
    "IsAllDayEvent": _flag,
    "LegacyFreeBusyStatus": _text,
    "Location": _short,
    "IsResponseRequested": _flag,
    "RequiredAttendees": _people,
    "OptionalAttendees": _people,
    "Resources": _people,
    "Recurrence": _recurrence,
    "StartTimeZone": _zone_name,
    "EndTimeZone": _zone_name,
    "UID": _text,
    "ConferenceType": _number,
    "AllowNewTimeProposal": _flag,
    "IsOnlineMeeting": _flag,
    "MeetingWorkspaceUrl": _text,
    "NetShowUrl": _text,
    "DoNotForwardMeeting": _flag,
}

#: What cannot be taken away from an item again.
_PERMANENT = ("Start", "End", "ItemClass", "IsAllDayEvent", "LegacyFreeBusyStatus", "UID")


def extended_of(node: Node) -> tuple[PropertyKey, str | list[str]]:
    """Key and value of an ExtendedProperty element."""
    path = read_path(node.children[0])
    if path.extended is None:
        raise LookupError(node.name)  # held by the schema
    value = node.children[1]
    form = path.extended[2]
    found: str | list[str] = [child.text for child in value] if value.name == "Values" else value.text
    if form.endswith("Array") != isinstance(found, list):
        raise EwsError("ErrorInvalidExtendedPropertyValue", "The extended property's value does not fit its type.", xml=path.xml)
    if form in ("Null", "Object", "ObjectArray", "Error"):
        raise EwsError("ErrorUnsupportedMapiPropertyType", "The property's type is not supported.", xml=path.xml)
    for one in found if isinstance(found, list) else [found]:
        if not _fits(one, form.removesuffix("Array")):
            raise EwsError("ErrorInvalidExtendedPropertyValue", "The extended property's value does not fit its type.", xml=path.xml)
    return path.extended, found


def _fits(value: str, form: str) -> bool:
    try:
        if form in ("Integer", "Short", "Long", "Currency"):
            int(value)
        elif form in ("Double", "Float", "ApplicationTime"):
            float(value)
        elif form == "Boolean":
            return value in ("true", "false", "0", "1")
        elif form == "SystemTime":
            seconds(value, None)
    except (ValueError, EwsError):
        return False
    return True


class Draft:
    """An item's fields while a request changes them; :meth:`finish` says whether they hold together."""

    def __init__(self, zone: ZoneInfo | None, fields: Fields | None = None) -> None:
        """``zone`` is that of the request's context; ``fields`` those of an item that is there already (they are changed)."""
        self.fields: Fields = fields or {}
        self.extended: dict[PropertyKey, str | list[str]] = {}
        self.start: int | None = None
        self.end: int | None = None
        self._zone = zone
        self._start_text: str | None = None
        self._end_text: str | None = None

    def read(self, node: Node) -> None:
        """Take over what one child of a CalendarItem element says."""
        name = node.name
        reader = _READERS.get(name)
        if reader is not None:
            self.fields[name] = reader(node)
        elif name == "Start":
            self._start_text = node.text
        elif name == "End":
            self._end_text = node.text
        elif name == "ExtendedProperty":
            key, value = extended_of(node)
            self.extended[key] = value
        elif name == "Body":
            self.fields["Body"], self.fields["BodyType"] = node.text, node.get("BodyType")
        elif name == "MeetingTimeZone":
            self.fields["StartTimeZone"] = _zone_name(Node("", {"Id": node.get("TimeZoneName")}))
        elif name == "EnhancedLocation":
            self.fields["Location"] = node.value("DisplayName") or ""
        else:
            uri = _URIS.get(name)
            raise EwsError("ErrorInvalidPropertySet", xml=f'<t:FieldURI FieldURI="{uri}"/>' if uri else "")

    def append(self, node: Node) -> None:
        """Append to a body or to the attendees; nothing else can be appended to."""
        if node.name == "Body":
            self.fields["Body"] = self.fields.get("Body", "") + node.text
            self.fields.setdefault("BodyType", node.get("BodyType"))
        elif node.name in ("RequiredAttendees", "OptionalAttendees", "Resources"):
            self.fields[node.name] = [*self.fields.get(node.name, ()), *_people(node)]
        else:
            raise EwsError("ErrorInvalidPropertyAppend", "Append action is invalid for property.")

    def remove(self, path: Path) -> None:
        """Take a property away."""
        if path.extended is not None:
            self.extended.pop(path.extended, None)
            return
        name = path.field.partition(":")[2]
        if name in _PERMANENT or (name not in _READERS and name != "Body"):
            raise EwsError("ErrorInvalidPropertyDelete", "Delete action is invalid for property.", xml=path.xml)
        self.fields.pop(name, None)
        if name == "Body":
            self.fields.pop("BodyType", None)

    def finish(self) -> tuple[int, int]:
        """Start and end; raises EwsError where the item does not hold together."""
        zone = zone_of(self.fields.get("StartTimeZone", "")) or self._zone
        end_zone = zone_of(self.fields.get("EndTimeZone", "")) or zone
        if self._start_text is not None:
            self.start = seconds(self._start_text, zone)
        if self._end_text is not None:
            self.end = seconds(self._end_text, end_zone)
        if self.start is None or self.end is None:
            raise EwsError("ErrorRequiredPropertyMissing", "Start and End are required for calendar items.")
        if self.end < self.start:
            raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
        if self.end - self.start > _FIVE_YEARS:
            raise EwsError("ErrorCalendarDurationIsTooLong")
        if self.fields.get("IsAllDayEvent"):
            self.start, self.end = _whole_days(self.start, self.end, zone or UTC)
        return self.start, self.end


def _whole_days(start: int, end: int, zone: tzinfo) -> tuple[int, int]:
    """An event of whole days begins and ends at midnight, and lasts a day at least: so Exchange stretches it."""
    first = datetime.fromtimestamp(start, zone).replace(hour=0, minute=0, second=0)
    last = datetime.fromtimestamp(end, zone)
    midnight = last.replace(hour=0, minute=0, second=0)
    if last != midnight or last <= first:
        midnight = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return int(first.timestamp()), int(midnight.timestamp())


# Fields that there are, but which nobody can set: the refusal names them by their URI.
_READ_ONLY = (
    "item:DateTimeReceived item:Size item:InReplyTo item:DateTimeSent item:DateTimeCreated item:DisplayTo item:DisplayCc "
    "item:HasAttachments item:ItemId calendar:IsMeeting calendar:IsCancelled calendar:IsRecurring calendar:CalendarItemType "
    "calendar:MyResponseType calendar:Organizer calendar:Duration calendar:TimeZone calendar:When"
)
_URIS = {uri.partition(":")[2]: uri for uri in _READ_ONLY.split()}
