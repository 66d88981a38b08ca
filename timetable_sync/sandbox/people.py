"""People's hands in the calendars: what a colleague does in Outlook, for tests and demonstrations. No HTTP."""

import copy
from datetime import UTC, datetime
from typing import Any

from timetable_sync.sandbox.items import Item, split_occurrence_id
from timetable_sync.sandbox.mailbox import Mailbox

#: How a test names a field, and what its element is called.
_NAMES = {
    "subject": "Subject",
    "location": "Location",
    "body": "Body",
    "body_type": "BodyType",
    "categories": "Categories",
    "busy": "LegacyFreeBusyStatus",
    "sensitivity": "Sensitivity",
    "importance": "Importance",
    "reminder_is_set": "ReminderIsSet",
    "reminder_minutes": "ReminderMinutesBeforeStart",
    "all_day": "IsAllDayEvent",
    "time_zone": "StartTimeZone",
    "cancelled": "IsCancelled",
    "required_attendees": "RequiredAttendees",
    "optional_attendees": "OptionalAttendees",
    "not_given": "NotGiven",
}

COLLEAGUE = "A colleague"


def seconds_of(moment: Any) -> int:
    """Seconds since 1970 of a number or of a date as text; without a zone it is UTC."""
    if isinstance(moment, (int, float)):
        return int(moment)
    found = datetime.fromisoformat(str(moment))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _split(fields: dict[str, Any]) -> tuple[dict[str, Any], int | None, int | None, dict[tuple[str, str, str], Any]]:
    plain: dict[str, Any] = {}
    start = end = None
    extended: dict[tuple[str, str, str], Any] = {}
    for name, value in fields.items():
        if name == "start":
            start = seconds_of(value)
        elif name == "end":
            end = seconds_of(value)
        elif name == "extended":
            extended = {(str(one[0]), str(one[1]), str(one[2])): one[3] for one in value}
        elif name in _NAMES or name in _NAMES.values():
            plain[_NAMES.get(name, name)] = value
        else:
            raise ValueError(f"an event has no field {name!r}; it has {', '.join([*_NAMES, 'start', 'end', 'extended'])}")
    return plain, start, end, extended


def _of(mailbox: Mailbox, item_id: str) -> Item:
    item = mailbox.find(item_id)
    if item is None:
        raise ValueError(f"no event {item_id!r} in {mailbox.address}")
    return item


def add(mailbox: Mailbox, fields: dict[str, Any]) -> Item:
    """An appointment of the colleague's own."""
    plain, start, end, extended = _split(fields)
    if start is None or end is None:
        raise ValueError("an appointment has a start and an end")
    item = mailbox.new_item(start, end, plain)
    item.extended.update(extended)
    return mailbox.add(item, COLLEAGUE)


def edit(mailbox: Mailbox, item_id: str, fields: dict[str, Any]) -> Item:
    """Change fields of an event; None takes a field away. An occurrence of a series becomes an exception."""
    item = _of(mailbox, item_id)
    plain, start, end, extended = _split(fields)
    if parts := split_occurrence_id(item_id):
        master = mailbox.items[parts[0]]
        change = master.fields.setdefault("Exceptions", {}).setdefault(str(parts[1]), {})
        change.update(plain)
        change["start"], change["end"] = (item.start if start is None else start), (item.end if end is None else end)
        mailbox.changed(master, master.start, COLLEAGUE)
        return _of(mailbox, item_id)
    old = item.start
    for name, value in plain.items():
        if value is None:
            item.fields.pop(name, None)
        else:
            item.fields[name] = value
    item.extended.update(extended)
    item.start = item.start if start is None else start
    item.end = item.end if end is None else end
    mailbox.changed(item, old, COLLEAGUE)
    return item


def delete(mailbox: Mailbox, item_id: str, *, keep: bool) -> None:
    """Delete an event, to Deleted Items or for good; an occurrence vanishes from its series."""
    item = _of(mailbox, item_id)
    if parts := split_occurrence_id(item_id):
        master = mailbox.items[parts[0]]
        master.fields["DeletedIndexes"] = [*master.fields.get("DeletedIndexes", ()), parts[1]]
        mailbox.changed(master, master.start, COLLEAGUE)
        return
    mailbox.remove(item, COLLEAGUE, keep=keep)


def copy_to(source: Mailbox, item_id: str, target: Mailbox, fields: dict[str, Any]) -> Item:
    """Copy an event, named properties and all, as Outlook does: into the same calendar or another."""
    item = _of(source, item_id)
    plain, start, end, extended = _split(fields)
    twin = target.new_item(
        item.start if start is None else start, item.end if end is None else end, {**copy.deepcopy(item.fields), **plain}
    )
    for name in ("OriginalStart", "CalendarItemType"):
        twin.fields.pop(name, None)
    twin.extended = {**item.extended, **extended}
    return target.add(twin, COLLEAGUE)


def make_series(mailbox: Mailbox, item_id: str, rule: dict[str, Any]) -> Item:
    """Make an event recur: ``pattern`` Daily or Weekly, ``interval``, ``days``, ``count`` or ``last``."""
    item = _of(mailbox, item_id)
    start = datetime.fromtimestamp(item.start, UTC)
    item.fields["Recurrence"] = {
        "pattern": rule.get("pattern", "Weekly"),
        "interval": int(rule.get("interval", 1)),
        "days": list(rule.get("days") or [start.strftime("%A")]),
        "first": start.date().isoformat(),
        **({"last": str(rule["last"])} if rule.get("last") else {"count": int(rule.get("count", 4))}),
    }
    mailbox.changed(item, item.start, COLLEAGUE)
    return item


def add_attendee(mailbox: Mailbox, item_id: str, address: str, name: str) -> Item:
    """Invite someone: the event becomes a meeting."""
    item = _of(mailbox, item_id)
    people = [*item.fields.get("RequiredAttendees", ()), {"address": address, "name": name or address}]
    item.fields["RequiredAttendees"] = people
    mailbox.changed(item, item.start, COLLEAGUE)
    return item
