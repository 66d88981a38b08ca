"""Items as XML: out of requests by pattern, into answers by putting pieces together. No tree is ever built."""

import re

from benchmarks.exchange.mailboxes import Item

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"

_PATTERNS = {
    name: re.compile(rb"<t:%b(?: [^>]*)?(?:/>|>.*?</t:%b>)" % (name, name), re.DOTALL)
    for name in (
        b"Subject",
        b"Sensitivity",
        b"Body",
        b"Categories",
        b"ReminderIsSet",
        b"ReminderMinutesBeforeStart",
        b"ExtendedProperty",
        b"LegacyFreeBusyStatus",
        b"Location",
    )
}
_MOMENT = {name: re.compile(rb"<t:%b>([^<]+)</t:%b>" % (name, name)) for name in (b"Start", b"End")}
_DEFAULTS = {
    b"Sensitivity": b"<t:Sensitivity>Normal</t:Sensitivity>",
    b"LegacyFreeBusyStatus": b"<t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus>",
    b"ReminderIsSet": b"<t:ReminderIsSet>true</t:ReminderIsSet>",
    b"ReminderMinutesBeforeStart": b"<t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>",
}
_CREATED = b"<t:DateTimeCreated>2026-09-01T02:00:00Z</t:DateTimeCreated>"
_SINGLE = b"<t:CalendarItemType>Single</t:CalendarItemType>"
#: As long as Exchange's: an id has 152 characters, a change key 40.
_PADDING = "AAMkAGI2" + "TkxNjc4LTVmYTktNDg4Ni1hZGQ5LWI5ZmE" * 4


def item_id(address: str, number: int) -> str:
    """An item's id; it tells its mailbox."""
    return f"{_PADDING[: 152 - 40]}{address.split('@', maxsplit=1)[0][:24]:_<24}{number:016d}"


def number_of(name: str) -> int:
    """The number in an id; 0 for what is none of ours."""
    return int(name[-16:]) if name[-16:].isdecimal() else 0


def change_key(version: int) -> str:
    """The sign of an item's version."""
    return f"DwAAABYAAADsc2F0aWV0aGVyaW5n{version:012d}"


def id_element(address: str, number: int, version: int) -> bytes:
    """The ItemId."""
    return f'<t:ItemId Id="{item_id(address, number)}" ChangeKey="{change_key(version)}"/>'.encode()


def _moment(name: bytes, xml: bytes, before: str) -> str:
    found = _MOMENT[name].search(xml)
    if found is None:
        return before
    text = found[1].decode()
    # exchangelib writes the zone that it was given; what is measured gives UTC.
    return text.replace("+00:00", "Z")


def _parts(xml: bytes) -> dict[bytes, bytes]:
    found = {name: match[0] for name, pattern in _PATTERNS.items() if (match := pattern.search(xml)) is not None}
    return {**_DEFAULTS, **found}


def render(address: str, number: int, version: int, xml: bytes, before: Item | None = None) -> Item:
    """The item that a CalendarItem of a request, or all the changes to one, amounts to."""
    known = _parts(xml) if before is None else {**_parts(before.listed + before.body), **_parts(xml)}
    start = _moment(b"Start", xml, before.start if before else "")
    end = _moment(b"End", xml, before.end if before else "")
    get = known.get
    listed = b"".join(
        (
            b"<t:CalendarItem>",
            id_element(address, number, version),
            get(b"Subject", b""),
            get(b"Sensitivity", b""),
            get(b"Categories", b""),
            _CREATED,
            get(b"ReminderIsSet", b""),
            get(b"ReminderMinutesBeforeStart", b""),
            get(b"ExtendedProperty", b""),
            b"<t:Start>%b</t:Start><t:End>%b</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent>" % (start.encode(), end.encode()),
            get(b"LegacyFreeBusyStatus", b""),
            get(b"Location", b""),
            _SINGLE,
            b"</t:CalendarItem>",
        )
    )
    return Item(number, version, start, end, listed, get(b"Body", b""))
