"""Reads FindItem's listings into RemoteEvent: a listing that is not whole is an error, an item that lacks something is not.

What a listing says of an event is the same whether it was taken out of elements, here, or out of the text (``find_item_text``), and is
judged in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from lxml import etree

from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY
from timetable_sync.calendars.ews.soap import IncompleteResponse
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import NOT_UNDERSTOOD, PROPERTY_NAME, PROPERTY_SET, Marker, MarkerNotUnderstood
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.model.window import Window

# "NoData" is how Exchange says that the property is not set, which Outlook shows as free.
_BUSY: dict[str, Busy] = {text: busy for busy, text in BUSY.items()} | {"NoData": Busy.FREE}
_SENSITIVITY: dict[str, Sensitivity] = {text: sensitivity for sensitivity, text in SENSITIVITY.items()}
_SERIES = {"Single": False, "Occurrence": True, "Exception": True, "RecurringMaster": True}
_TRUE = {"true": True, "1": True, "false": False, "0": False}

_ITEM, _ID, _PROPERTY = T + "CalendarItem", T + "ItemId", T + "ExtendedProperty"
_START, _END, _SUBJECT, _LOCATION = T + "Start", T + "End", T + "Subject", T + "Location"
_CATEGORIES, _CREATED, _ALL_DAY, _FREE_BUSY = T + "Categories", T + "DateTimeCreated", T + "IsAllDayEvent", T + "LegacyFreeBusyStatus"
_REMINDER, _MINUTES, _SENSITIVE, _TYPE = T + "ReminderIsSet", T + "ReminderMinutesBeforeStart", T + "Sensitivity", T + "CalendarItemType"
_URI, _VALUE = T + "ExtendedFieldURI", T + "Value"
#: No count has more: Python reads no number of thousands of digits.
_DIGITS = 20
_NAME, _SET = PROPERTY_NAME.casefold(), PROPERTY_SET.lower()
#: Events of many calendars begin at the same times, and many of a night's were written within the same second.
_REMEMBERED = 8_192


class Fields(NamedTuple):
    """What a listing says of one event, as it is written there; None or empty for what is not there.

    ``categories`` are sorted. ``marker`` is None for an event that bears none, and empty for one whose marker is.
    """

    id: str | None
    change_key: str | None
    subject: str | None
    sensitivity: str | None
    categories: tuple[str, ...]
    created: str | None
    reminder: str | None
    minutes: str | None
    marker: str | None
    start: str | None
    end: str | None
    all_day: str | None
    busy: str | None
    location: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One listing: its events, and whether they are all that the view holds."""

    items: list[Fields]
    whole: bool


def read_page(message: etree._Element, apart: list[Fields] | None = None) -> Page:
    """The listing in a FindItemResponseMessage; ``apart`` are its events where they were set apart before. Raises IncompleteResponse."""
    root = message.find(M + "RootFolder")
    if root is None:
        raise IncompleteResponse("the listing is missing")
    last = _TRUE.get((root.get("IncludesLastItemInRange") or "").lower())
    if last is None:
        raise IncompleteResponse("the listing does not say whether it is all")
    total = root.get("TotalItemsInView")
    items = root.find(T + "Items")
    if items is None:
        if last and total == "0" and apart is None and not len(root):
            return Page([], True)
        raise IncompleteResponse("the listing holds no items")
    if apart is not None and len(items):
        raise IncompleteResponse("the listing holds items in two places")
    count = len(items) if apart is None else len(apart)
    if last and total is not None and total.isdecimal() and int(total[:_DIGITS]) > count:
        raise IncompleteResponse(f"the listing announces {total[:_DIGITS]} items and holds {count}")
    # What else lies in a calendar folder (a meeting request somebody moved there) is no event, and is nobody's of ours.
    events = apart if apart is not None else [_fields(element) for element in items if element.tag == _ITEM]
    if events and all(event.start is None and event.marker is None for event in events):
        # Not one odd item: nothing was listed of what was asked for, and ours would seem to be others'.
        raise IncompleteResponse("the listing gives neither times nor markers")
    return Page(events, last)


def _fields(element: etree._Element) -> Fields:
    found = {child.tag: child for child in element}
    name, categories = found.get(_ID), found.get(_CATEGORIES)
    return Fields(
        None if name is None else name.get("Id"),
        None if name is None else name.get("ChangeKey"),
        _text(found, _SUBJECT),
        _text(found, _SENSITIVE),
        () if categories is None else tuple(sorted([entry.text or "" for entry in categories])),
        _text(found, _CREATED),
        _text(found, _REMINDER),
        _text(found, _MINUTES),
        _marker_text(element) if _PROPERTY in found else None,
        _text(found, _START),
        _text(found, _END),
        _text(found, _ALL_DAY),
        _text(found, _FREE_BUSY),
        _text(found, _LOCATION),
        _text(found, _TYPE),
    )


def _text(found: Mapping[str, etree._Element], name: str) -> str | None:
    field = found.get(name)
    return None if field is None else field.text


def _marker_text(element: etree._Element) -> str | None:
    # Children by hand: lxml's find takes longer than all the rest of an event.
    for extended in element.iterchildren(_PROPERTY):
        parts = {part.tag: part for part in extended}
        uri = parts.get(_URI)
        if uri is not None and is_marker(uri):
            return _text(parts, _VALUE) or ""
    return None


def is_marker(uri: etree._Element) -> bool:
    """Whether an ExtendedFieldURI's attributes are the marker's, in any spelling: who overlooks one makes a duplicate every night."""
    return (uri.get("PropertyName") or "").casefold() == _NAME and (uri.get("PropertySetId") or "").strip("{}").lower() == _SET


class Listed(NamedTuple):
    """One item: when it starts (aware, UTC), and what of ours it is; None for a foreign one.

    ``whole``: it can be acted on. If not, it is one of a snapshot's ``unreadable``.
    """

    start: datetime
    ours: RemoteEvent | None
    whole: bool = True


def read_item(item: Fields, window: Window) -> Listed | None:
    """The item, or None when it does not start within ``window``.

    Nearly every field is optional in the schema (types.xsd), and anybody who may write to the calendar may change the marker: so nothing
    that an item has or lacks is an error. What lacks a start that can be read is taken for one that starts with the window.
    """
    start = _readable(item.start)
    if start is not None and not window.holds(start):
        return None
    if item.marker is None:
        return Listed(start or window.start, None)
    try:
        marker = Marker.parse(item.marker.strip())
    except MarkerNotUnderstood:
        marker = NOT_UNDERSTOOD
    if start is None or marker is NOT_UNDERSTOOD or not item.id or not item.change_key:
        return Listed(start or window.start, _incomplete(item, marker, start, window.start), whole=False)
    try:
        # In RemoteEvent's order: names would cost as much again as making it.
        standing = RemoteEvent(
            ItemRef(item.id, item.change_key),
            marker,
            start,
            _moment(item.end or ""),
            item.subject or "",
            item.location or "",
            item.categories,
            _BUSY[item.busy or ""],
            int(item.minutes or "") if _TRUE[item.reminder or ""] else None,
            _SENSITIVITY[item.sensitivity or ""],
            _moment(item.created) if item.created else None,
            _SERIES[item.type or ""],
            _TRUE[item.all_day or ""],
        )
    except (KeyError, ValueError, OverflowError):
        standing = _incomplete(item, marker, start, start)
    return Listed(start, standing)


def _incomplete(item: Fields, marker: Marker, start: datetime | None, otherwise: datetime) -> RemoteEvent:
    """An item of which something is not there, or cannot be read. It starts ``otherwise`` where no ``start`` is known."""
    end, reminder = _readable(item.end), _reminder(item)
    busy, sensitivity, all_day = _BUSY.get(item.busy or ""), _SENSITIVITY.get(item.sensitivity or ""), _TRUE.get(item.all_day or "")
    series = _SERIES.get(item.type or "")
    found = {
        "start": start,
        "end": end,
        "busy": busy,
        "reminder": reminder,
        "sensitivity": sensitivity,
        "all_day": all_day,
        "series": series,
    }
    start = start or otherwise
    return RemoteEvent(
        ItemRef(item.id or "", item.change_key or ""),
        marker,
        start,
        end or start,
        item.subject or "",
        item.location or "",
        item.categories,
        busy or Busy.FREE,
        None if reminder is False else reminder,
        sensitivity or Sensitivity.NORMAL,
        _readable(item.created),
        series is not False,
        all_day or False,
        frozenset(name for name, value in found.items() if value is None),
    )


def _reminder(item: Fields) -> int | Literal[False] | None:
    """In minutes, False for off; None where it cannot be read."""
    try:
        return int(item.minutes or "") if _TRUE[item.reminder or ""] else False
    except (KeyError, ValueError):
        return None


def _readable(text: str | None) -> datetime | None:
    """The moment; None where there is none that can be read."""
    try:
        return _moment(text or "")
    except (ValueError, OverflowError):  # the latter where its zone leads out of the calendar
        return None


@lru_cache(_REMEMBERED)
def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is UTC:
        return when
    # The request names UTC as the zone of times that have none.
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
