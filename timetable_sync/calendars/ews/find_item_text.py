"""A listing's events taken straight out of the text of Exchange's answer, where it has the form that Exchange gives it.

An event has some thirty elements, and to make each of them an object takes several times as long as all that is done with the event
afterwards. The schema says in which order they come and there are few ways to write them, so one pattern fits all; what fits it is
well-formed as far as it goes. The rest of the answer is parsed as any other. What does not fit, be it one event of a thousand (a reference
to a character by number, a blank where none is due), leaves the whole answer to the parser: that is slower, and says the same
(tests/calendars/ews/test_find_item_text.py).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from timetable_sync.calendars.ews.find_item import Fields, is_marker
from timetable_sync.calendars.ews.soap import NAME, PREFIX, TEXT, is_odd, text_of


class Apart(NamedTuple):
    """The events of a listing, and the answer without them."""

    items: list[Fields]
    rest: bytes


class _Other(Exception):
    """It has another form."""


#: Where the events begin; there is one place for them in an answer to one question.
_BEGIN = re.compile(rf"<(?P<m>{PREFIX}):RootFolder(?=[ >])[^<>]*><(?P<t>{PREFIX}):Items>", re.ASCII)

_REFERENCE = re.compile(r"&([^;]*;)?")
_MAKE = Fields._make
_MEANT = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}
_REMEMBERED = 4_096
#: The categories' place among what the pattern finds.
_LISTED = Fields._fields.index("categories")
#: Letters. Categories that have more are somebody's own, and are not remembered.
_WORTH_REMEMBERING = 500


def set_apart(content: bytes) -> Apart | None:
    """The events of FindItem's answer, in its order, and the answer without them; None where it has another form than the usual one."""
    text = text_of(content)
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    try:
        items, end = _items(text, begin.end(), begin["t"])
    except _Other:
        return None
    head, tail = text[: begin.end()], text[end:]
    around = head + tail
    if is_odd(around) or around.count("RootFolder") > 2 or not tail.startswith(f"</{begin['t']}:Items></{begin['m']}:RootFolder>"):
        return None
    return Apart(items, around.encode())


def _items(text: str, start: int, prefix: str) -> tuple[list[Fields], int]:
    """The events that follow each other from ``start`` on, and where the last one ends. Raises _Other."""
    fits, opening = _pattern(prefix).match, f"<{prefix}:"
    items, at, reference = [], start, text.find("&", start)
    while text.startswith(opening, at):
        found = fits(text, at)
        if found is None:
            raise _Other
        at, values = found.end(), found.groups()
        if -1 < reference < at:
            # Categories are told apart first: what a reference stands for may look like the end of one.
            values = (*map(_read, values[:_LISTED]), values[_LISTED], *map(_read, values[_LISTED + 1 :]))
            reference = text.find("&", at)
        item, key, subject, sensitivity, listed, created, reminder, minutes, uri, value, begins, ends, all_day, busy, place, kind = values
        categories = () if not listed else (_categories if len(listed) <= _WORTH_REMEMBERING else _read_categories)(listed, prefix)
        # The name and set of a marker have no letter that is written by a reference.
        marker = value if uri is not None and _names_marker(uri) else None
        # Not by name, which takes twice as long.
        items.append(
            _MAKE(
                (item, key, subject, sensitivity, categories, created, reminder, minutes, marker, begins, ends, all_day, busy, place, kind)
            )
        )
    return items, at


def _read(text: str | None) -> str | None:
    """What a text with references in it means. Raises _Other for those by number, and for what is none."""
    return text if text is None or "&" not in text else _REFERENCE.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    try:
        return _MEANT[found[1]]
    except KeyError:
        raise _Other from None


def _read_categories(listed: str, prefix: str) -> tuple[str, ...]:
    """The categories in the elements of an array, sorted."""
    opening, closing = f"<{prefix}:String>", f"</{prefix}:String>"
    names = listed.removeprefix(opening).removesuffix(closing).split(closing + opening)
    return tuple(sorted([_read(name) or "" for name in names]))


_categories = lru_cache(_REMEMBERED)(_read_categories)


@lru_cache(64)
def _names_marker(attributes: str) -> bool:
    """Whether a property with these attributes is the marker. Raises _Other where they are none, or give its name another meaning."""
    if "xmlns" in attributes:
        raise _Other
    try:
        return is_marker(etree.fromstring(f"<uri {attributes}/>"))
    except etree.XMLSyntaxError:
        raise _Other from None


@lru_cache(8)
def _pattern(prefix: str) -> re.Pattern[str]:
    return re.compile("".join(_parts(re.escape(prefix))))


def _parts(prefix: str) -> Iterator[str]:
    """One event, its elements in the schema's order (types.xsd, ItemType and CalendarItemType), each of them there or not."""

    def leaf(name: str) -> str:
        return f"(?:<{prefix}:{name}>({TEXT})</{prefix}:{name}>|<{prefix}:{name} ?/>)?"

    yield f'<{prefix}:CalendarItem><{prefix}:ItemId Id="({NAME})" ChangeKey="({NAME})" ?/>'
    yield leaf("Subject")
    yield leaf("Sensitivity")
    yield f"(?:<{prefix}:Categories>((?:<{prefix}:String>{TEXT}</{prefix}:String>)*)</{prefix}:Categories>|<{prefix}:Categories ?/>)?"
    yield leaf("DateTimeCreated")
    yield leaf("ReminderIsSet")
    yield leaf("ReminderMinutesBeforeStart")
    yield f"(?:<{prefix}:ExtendedProperty><{prefix}:ExtendedFieldURI ([^<>&]*?) ?/>"
    yield f"<{prefix}:Value>({TEXT})</{prefix}:Value></{prefix}:ExtendedProperty>)?"
    for name in ("Start", "End", "IsAllDayEvent", "LegacyFreeBusyStatus", "Location", "CalendarItemType"):
        yield leaf(name)
    yield f"</{prefix}:CalendarItem>"
