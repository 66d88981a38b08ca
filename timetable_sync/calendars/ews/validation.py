"""Whether a change can be sent at all, judged on our side: one event that cannot must never cost its batch. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime

from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.errors import EventRejected
from timetable_sync.model.change import Change, Create, Delete
from timetable_sync.model.event import LONGEST_SUBJECT, Event
from timetable_sync.model.marker import LONGEST_MARKER
from timetable_sync.model.snapshot import ItemRef

#: What XML 1.0 cannot carry, lone surrogates among it. https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: UTF-16 units, as all of Exchange's lengths.
#: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical/9b79606a-2a56-415e-bbfb-45001039c4f9
_LONGEST_LOCATION = 255

#: types.xsd, ReminderMinutesBeforeStartType: five years.
_LONGEST_REMINDER = 2_629_800

_ROW = "Look at this event's row in the timetable."


def refusal(change: Change, where: str) -> EventRejected | None:
    """Why ``change`` cannot be sent, or None when it can. ``where`` names the calendar."""
    why = "" if isinstance(change, Create) else _bad_item(change.before.item)
    if not why and not isinstance(change, Delete):
        why = _bad_marker(change.marker) or _bad_event(change.after)
    return EventRejected(f"{where}: {change.key} cannot be sent: {why}", _ROW) if why else None


def _bad_item(item: ItemRef) -> str:
    return "it has no id" if not item.id or not item.change_key or _NOT_XML.search(item.id + item.change_key) else ""


def _bad_marker(marker: str) -> str:
    if len(marker) > LONGEST_MARKER:
        return f"its marker has {len(marker)} characters, {LONGEST_MARKER} at most"
    return "" if _is_xml(marker) else "its marker has characters that XML cannot carry"


def _bad_event(event: Event) -> str:
    return next(_faults(event), "")


def _faults(event: Event) -> Iterator[str]:
    """What is wrong with it, one after the other; of most events, nothing."""
    location, categories = event.location or "", event.categories or ()
    if not _is_xml("".join((event.subject, location, event.body or "", *categories))):
        texts = {"subject": event.subject, "location": location, "body": event.body or "", "categories": "".join(categories)}
        unfit = [name for name, text in texts.items() if _NOT_XML.search(text)]
        yield f"characters in its {' and '.join(unfit)} cannot be carried by XML"
    if _units(event.subject) > LONGEST_SUBJECT:
        yield f"its subject has {_units(event.subject)} UTF-16 units, {LONGEST_SUBJECT} at most"
    if _units(location) > _LONGEST_LOCATION:
        yield f"its location has more than {_LONGEST_LOCATION} UTF-16 units"
    if not all(categories):
        yield "one of its categories is empty"
    if not _whole(event.start) or not _whole(event.end):
        yield "its times are not whole seconds with a zone"
    if windows_zone(event.zone) is None:
        yield f"Exchange has no time zone for {event.zone}"
    if event.reminder is not None and not 0 <= event.reminder <= _LONGEST_REMINDER:
        yield f"a reminder {event.reminder} minutes before"
    if event.busy not in BUSY or event.sensitivity not in SENSITIVITY:
        yield "its busy status or sensitivity is not known"
    if event.start >= event.end:
        yield "its end is not after its start"


def _is_xml(text: str) -> bool:
    # Whatever can be printed, by Unicode's categories, XML can carry: asked first, as most texts are that, at a tenth of the time.
    return text.isprintable() or _NOT_XML.search(text) is None


def _whole(when: datetime) -> bool:
    return when.tzinfo is not None and when.microsecond == 0


def _units(text: str) -> int:
    return len(text) if len(text) > 2 * LONGEST_SUBJECT or text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
