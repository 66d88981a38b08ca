"""Builds CreateItem requests as text, and takes the new events' ids out of the text of the answers.

A first night creates all events, so this is where elements would cost most: as text an event takes a fifth. What many have in common is
made once. Element order is that of the schema (types.xsd), which Exchange insists on. What XML cannot carry is refused before it comes
here (``validation``).

Nearly every answer says that all events were created, and by elements it takes as long as all the rest of reading it. Wherever it says
anything else, of one event or of all, it is left to the parser, which says the same (tests/calendars/ews/test_create_requests.py).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from timetable_sync.calendars.ews.names import MARKER_URI, TYPES, M, S
from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY, moment
from timetable_sync.calendars.ews.soap import NAME, PREFIX, is_odd, parse, text_of
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.model.change import Create
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import ItemRef

_HEAD = (
    '<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>'
    '<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>'
    "</m:SavedItemFolderId><m:Items>"
)
_TAIL = "</m:Items></m:CreateItem>"
_MARKER = f"<t:ExtendedFieldURI {' '.join(f'{name}={quoteattr(value)}' for name, value in MARKER_URI.items())}/>"


def create_items(address: str, changes: Iterable[Create]) -> bytes:
    """New events in that mailbox's calendar; their owned fields and the marker. Prefixes are those of the envelope (``requests``)."""
    return "".join((_HEAD.format(address=_text(address)), *map(_item, changes), _TAIL)).encode()


def _item(change: Create) -> str:
    event = change.after
    look = _look(event.sensitivity, event.categories, event.reminder, event.busy, event.zone)
    body = "" if event.body is None else _body(event, event.body)
    location = f"<t:Location>{_text(event.location)}</t:Location>" if event.location else ""
    return (
        f"<t:CalendarItem><t:Subject>{_text(event.subject)}</t:Subject>{look.sensitivity}{body}{look.before_marker}"
        f"<t:Value>{_text(change.marker)}</t:Value></t:ExtendedProperty>"
        f"<t:Start>{moment(event.start)}</t:Start><t:End>{moment(event.end)}</t:End>{look.busy}{location}{look.zones}</t:CalendarItem>"
    )


class _Look(NamedTuple):
    """What lies between the texts of an event's own."""

    sensitivity: str
    before_marker: str
    busy: str
    zones: str


@lru_cache(maxsize=1_024)
def _look(sensitivity: Sensitivity, categories: tuple[str, ...] | None, reminder: int | None, busy: Busy, zone: str) -> _Look:
    named = "".join(f"<t:String>{_text(category)}</t:String>" for category in categories or ())
    windows = quoteattr(windows_zone(zone) or "")
    return _Look(
        f"<t:Sensitivity>{SENSITIVITY[sensitivity]}</t:Sensitivity>",
        (f"<t:Categories>{named}</t:Categories>" if named else "")
        + f"<t:ReminderIsSet>{'false' if reminder is None else 'true'}</t:ReminderIsSet>"
        + ("" if reminder is None else f"<t:ReminderMinutesBeforeStart>{reminder}</t:ReminderMinutesBeforeStart>")
        + f"<t:ExtendedProperty>{_MARKER}",
        f"<t:LegacyFreeBusyStatus>{BUSY[busy]}</t:LegacyFreeBusyStatus>",
        f"<t:StartTimeZone Id={windows}/><t:EndTimeZone Id={windows}/>",
    )


def _body(event: Event, body: str) -> str:
    return f'<t:Body BodyType="{"HTML" if event.body_kind == "html" else "Text"}">{_text(body)}</t:Body>'


def _text(value: str) -> str:
    # A parser makes a line feed of a bare carriage return.
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


_BEGIN = re.compile(
    rf"<(?P<m>{PREFIX}):CreateItemResponse(?=[ >])[^<>]*><(?P=m):ResponseMessages>"
    rf"(?=<(?P=m):CreateItemResponseMessage ResponseClass=\"Success\">"
    rf"<(?P=m):ResponseCode>NoError</(?P=m):ResponseCode><(?P=m):Items><(?P<t>{PREFIX}):CalendarItem>)",
    re.ASCII,
)
_MESSAGES = f"{M}CreateItemResponse/{M}ResponseMessages"


def created(content: bytes, expected: int) -> list[ItemRef] | None:
    """The names of the ``expected`` new events, in order; None where the answer says anything else, or has another form.

    Raises IncompleteResponse for one that is cut off.
    """
    text = text_of(content)
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    fits, at, found = _pattern(begin["m"], begin["t"]).match, begin.end(), list[ItemRef]()
    while (one := fits(text, at)) is not None:
        at = one.end()
        found.append(ItemRef(one[1], one[2]))
    head, tail = text[: begin.end()], text[at:]
    around = head + tail
    end = f"</{begin['m']}:ResponseMessages></{begin['m']}:CreateItemResponse>"
    if len(found) != expected or not tail.startswith(end) or is_odd(around) or around.count("ResponseMessages") > 2:
        return None
    root = parse(around.encode())
    body = root.find(f"{S}Body") if root.tag == f"{S}Envelope" else None
    # A fault beside it would be heard first.
    messages = None if body is None or len(body) != 1 else body.find(_MESSAGES)
    if messages is None or len(messages) or messages.nsmap.get(begin["t"]) != TYPES:
        return None
    return found


@lru_cache(8)
def _pattern(m: str, t: str) -> re.Pattern[str]:
    m, t = re.escape(m), re.escape(t)
    return re.compile(
        f'<{m}:CreateItemResponseMessage ResponseClass="Success"><{m}:ResponseCode>NoError</{m}:ResponseCode><{m}:Items>'
        f'<{t}:CalendarItem><{t}:ItemId Id="({NAME})" ChangeKey="({NAME})" ?/></{t}:CalendarItem>'
        f"</{m}:Items></{m}:CreateItemResponseMessage>"
    )
