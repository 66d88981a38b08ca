"""Reading FindItem's listings into Standing. Pure; a part that is missing is an error, never skipped.

What a listing says of an event is the same whether it was taken out of elements, here, or out of the text (``listing_text.py``), and is
judged in one place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, NoReturn

from lxml import etree

from timetable_sync.calendars.ews.answers import NotWhole
from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.payloads import BUSY, SENSITIVITY
from timetable_sync.errors import CalendarFailed
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET, Marker, MarkerNotUnderstood
from timetable_sync.model.snapshot import ItemRef, Standing
from timetable_sync.model.window import Window

# "NoData" is how Exchange says that the property is not set, which Outlook shows as free.
_BUSY: dict[str, Busy] = {text: busy for busy, text in BUSY.items()} | {"NoData": Busy.FREE}
_SENSITIVITY: dict[str, Sensitivity] = {text: sensitivity for sensitivity, text in SENSITIVITY.items()}
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
    """The listing in a FindItemResponseMessage; ``apart`` are its events where they were set apart before. Raises NotWhole."""
    root = message.find(M + "RootFolder")
    if root is None:
        raise NotWhole("the listing is missing")
    last = _TRUE.get((root.get("IncludesLastItemInRange") or "").lower())
    if last is None:
        raise NotWhole("the listing does not say whether it is all")
    total = root.get("TotalItemsInView")
    items = root.find(T + "Items")
    if items is None:
        if last and total == "0" and apart is None:
            return Page([], True)
        raise NotWhole("the listing holds no items")
    if apart is not None and len(items):
        raise NotWhole("the listing holds items in two places")
    count = len(items) if apart is None else len(apart)
    if last and total is not None and total.isdecimal() and int(total[:_DIGITS]) > count:
        raise NotWhole(f"the listing announces {total[:_DIGITS]} items and holds {count}")
    # What else lies in a calendar folder (a meeting request somebody moved there) is no event, and is nobody's of ours.
    return Page(apart if apart is not None else [_fields(element) for element in items if element.tag == _ITEM], last)


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
    """One item: its id, when it starts (aware, UTC), and what of ours it is; None for a foreign one."""

    id: str
    start: datetime
    ours: Standing | None


def read_item(item: Fields, window: Window, address: str) -> Listed | None:
    """The item, or None when it does not start within ``window``.

    Raises NotWhole for one that lacks what was asked for, CalendarFailed for a marker of ours that is not understood.
    """
    try:
        start = _moment(item.start or "")
    except (ValueError, OverflowError):  # the latter where its zone leads out of the calendar
        raise _unread(item.start, "Start") from None
    if not window.holds(start):
        return None
    item_id, change_key = item.id, item.change_key
    if not item_id or not change_key:
        raise NotWhole("an event has no id")
    if item.marker is None:
        return Listed(item_id, start, None)
    try:
        marker = Marker.parse(item.marker.strip())
    except MarkerNotUnderstood:
        raise CalendarFailed(
            f'{address}: the event "{(item.subject or "")[:60]}" of {start:%d %b %Y %H:%M} UTC bears a marker that is not understood',
            "A newer version of timetable-sync may have written it: use that one, or remove the event by hand.",
        ) from None
    try:
        # In Standing's order: names would cost as much again as making it.
        standing = Standing(
            ItemRef(item_id, change_key),
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
            item.type != "Single" if item.type else _lacking(),
            _TRUE[item.all_day or ""],
        )
    except (KeyError, ValueError, OverflowError):
        raise _spoilt(item) from None
    return Listed(item_id, start, standing)


@lru_cache(_REMEMBERED)
def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is UTC:
        return when
    # The request names UTC as the zone of times that have none.
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _lacking() -> NoReturn:
    raise ValueError


def _unread(text: str | None, name: str) -> NotWhole:
    return NotWhole(f"an event has {name} {text[:40]!r}" if text else f"an event lacks {name}")


def _spoilt(item: Fields) -> NotWhole:
    """What is wrong with an event, of which something cannot be read."""
    wanted: tuple[tuple[str | None, str, Callable[[str], object]], ...] = (
        (item.end, "End", _moment),
        (item.busy, "LegacyFreeBusyStatus", _BUSY.__getitem__),
        (item.reminder, "ReminderIsSet", _TRUE.__getitem__),
        (item.sensitivity, "Sensitivity", _SENSITIVITY.__getitem__),
        (item.type, "CalendarItemType", lambda text: text or _lacking()),
        (item.all_day, "IsAllDayEvent", _TRUE.__getitem__),
        (item.created or "2000-01-01", "DateTimeCreated", _moment),
    )
    for text, name, read in wanted:
        try:
            read(text or "")
        except (KeyError, ValueError, OverflowError):
            return _unread(text, name)
    return _unread(item.minutes, "ReminderMinutesBeforeStart")
