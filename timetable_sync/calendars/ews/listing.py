"""Reading FindItem's listings straight into Standing. Pure: elements in, values out; a part that is missing is an error, never skipped."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from lxml import etree

from timetable_sync.calendars.ews.answers import NotWhole
from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.payloads import BUSY, SENSITIVITY
from timetable_sync.errors import CalendarFailed
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET, Marker, MarkerNotUnderstood
from timetable_sync.model.snapshot import ItemRef, Standing
from timetable_sync.model.window import Window

Value = TypeVar("Value")

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


@dataclass(frozen=True, slots=True)
class Page:
    """One listing: its items, and whether they are all that the view holds."""

    items: list[etree._Element]
    whole: bool


def read_page(message: etree._Element) -> Page:
    """The listing in a FindItemResponseMessage. Raises NotWhole."""
    root = message.find(M + "RootFolder")
    if root is None:
        raise NotWhole("the listing is missing")
    last = _TRUE.get((root.get("IncludesLastItemInRange") or "").lower())
    if last is None:
        raise NotWhole("the listing does not say whether it is all")
    total = root.get("TotalItemsInView")
    items = root.find(T + "Items")
    if items is None:
        if last and total == "0":
            return Page([], True)
        raise NotWhole("the listing holds no items")
    found = list(items)
    if last and total is not None and total.isdecimal() and int(total[:_DIGITS]) > len(found):
        raise NotWhole(f"the listing announces {total[:_DIGITS]} items and holds {len(found)}")
    return Page(found, last)


class Listed(NamedTuple):
    """One item: its id, when it starts (aware, UTC), and what of ours it is; None for a foreign one."""

    id: str
    start: datetime
    ours: Standing | None


def read_item(element: etree._Element, window: Window, address: str) -> Listed | None:
    """The item, or None when it does not start within ``window``.

    Raises NotWhole for one that lacks what was asked for, CalendarFailed for a marker of ours that is not understood.
    """
    if element.tag != _ITEM:
        # What else lies in a calendar folder (a meeting request somebody moved there) is no event, and is nobody's of ours.
        return None
    fields = {child.tag: child for child in element}
    start = _moment(fields, _START)
    if not window.holds(start):
        return None
    name = fields.get(_ID)
    item_id, change_key = (name.get("Id"), name.get("ChangeKey")) if name is not None else (None, None)
    if not item_id or not change_key:
        raise NotWhole("an event has no id")
    marker = _marker_text(element) if _PROPERTY in fields else None
    if marker is None:
        return Listed(item_id, start, None)
    try:
        understood = Marker.parse(marker)
    except MarkerNotUnderstood:
        raise CalendarFailed(
            f'{address}: the event "{_text(fields, _SUBJECT)[:60]}" of {start:%d %b %Y %H:%M} UTC bears a marker that is not understood',
            "A newer version of timetable-sync may have written it: use that one, or remove the event by hand.",
        ) from None
    return Listed(item_id, start, _standing(ItemRef(item_id, change_key), understood, start, fields))


_Fields = dict[str, etree._Element]


def _standing(item: ItemRef, marker: Marker, start: datetime, fields: _Fields) -> Standing:
    categories = fields.get(_CATEGORIES)
    # In Standing's order: names would cost as much again as making it.
    return Standing(
        item,
        marker,
        start,
        _moment(fields, _END),
        _text(fields, _SUBJECT),
        _text(fields, _LOCATION),
        () if categories is None else tuple(sorted([entry.text or "" for entry in categories])),
        _one_of(_BUSY, fields, _FREE_BUSY),
        _minutes(fields) if _one_of(_TRUE, fields, _REMINDER) else None,
        _one_of(_SENSITIVITY, fields, _SENSITIVE),
        _moment(fields, _CREATED) if _CREATED in fields else None,
        _asked(fields, _TYPE) != "Single",
        _one_of(_TRUE, fields, _ALL_DAY),
    )


def _marker_text(element: etree._Element) -> str | None:
    # Children by hand: lxml's find takes longer than all the rest of an event.
    for extended in element.iterchildren(_PROPERTY):
        parts = {part.tag: part for part in extended}
        uri = parts.get(_URI)
        # A marker that is overlooked makes a duplicate every night, so its address is read in any spelling.
        if (
            uri is None
            or (uri.get("PropertyName") or "").casefold() != _NAME
            or (uri.get("PropertySetId") or "").strip("{}").lower() != _SET
        ):
            continue
        return _text(parts, _VALUE).strip()
    return None


def _text(fields: _Fields, name: str) -> str:
    """A text; Exchange leaves empty ones out."""
    field = fields.get(name)
    return "" if field is None else field.text or ""


def _asked(fields: _Fields, name: str) -> str:
    """A value that every event has."""
    # Not by _text: this is asked ten times an event.
    field = fields.get(name)
    text = None if field is None else field.text
    if not text:
        raise NotWhole(f"an event lacks {name.rpartition('}')[2]}")
    return text


def _one_of(values: dict[str, Value], fields: _Fields, name: str) -> Value:
    text = _asked(fields, name)
    try:
        return values[text]
    except KeyError:
        raise NotWhole(f"an event has {name.rpartition('}')[2]} {text[:40]!r}") from None


def _minutes(fields: _Fields) -> int:
    text = _asked(fields, _MINUTES)
    try:
        return int(text)
    except ValueError:
        raise NotWhole(f"an event has ReminderMinutesBeforeStart {text[:40]!r}") from None


def _moment(fields: _Fields, name: str) -> datetime:
    text = _asked(fields, name)
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is UTC:
            return when
        # The request names UTC as the zone of times that have none.
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where its zone leads out of the calendar
        raise NotWhole(f"an event has {name.rpartition('}')[2]} {text[:40]!r}") from None
