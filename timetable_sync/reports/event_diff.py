"""Old and new of one event, field by field, in words. Knows what differs, not how it is shown."""

from dataclasses import dataclass
from typing import Final

from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.planning.diff import differences
from timetable_sync.reports.formatting import TimeFormat, minutes_before

TIME: Final = "Time"
SUBJECT: Final = "Subject"
LOCATION: Final = "Location"
TEXT: Final = "Text"

#: Labels in the order in which people read an event, and the names of the fields they stand for.
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    TIME: ("start", "end"),
    SUBJECT: ("subject",),
    LOCATION: ("location",),
    "Categories": ("categories",),
    "Shown as": ("busy",),
    "Reminder": ("reminder",),
    "Sensitivity": ("sensitivity",),
    "Series": ("series",),
    TEXT: ("body",),
}
#: What is so usual that it is not worth a line unless it changed.
_USUAL: Final = {
    LOCATION: "",
    "Categories": "",
    "Shown as": Busy.BUSY.value,
    "Reminder": minutes_before(None),
    "Sensitivity": Sensitivity.NORMAL.value,
    "Series": "a single event",
    TEXT: "",
}
_NOT_GIVEN: Final = "not given"


@dataclass(frozen=True, slots=True)
class Field:
    """One field's two sides. None: that side has no event. The words are raw timetable text: whoever shows them makes them safe."""

    label: str
    before: str | None
    after: str | None
    changed: bool = False


def sides(change: Change) -> tuple[RemoteEvent | None, Event | None]:
    """Old and new of a change."""
    match change:
        case Create():
            return None, change.after
        case Update():
            return change.before, change.after
        case Delete():
            return change.before, None


def named(before: RemoteEvent | None, after: Event | None, clock: TimeFormat) -> str:
    """An event in one line: when and what, as it stands; as it is to be where it does not stand yet. Empty without either."""
    if before is not None and not before.missing.isdisjoint(("start", "end")):
        when = "at a time that is not given," if "start" in before.missing else clock.moment(before.start)
        return f"{when} {before.subject}"
    event = before if before is not None else after
    return "" if event is None else f"{clock.span(event.start, event.end)} {event.subject}"


def changed_fields(before: RemoteEvent | None, after: Event | None) -> tuple[str, ...]:
    """Names of the fields that differ, as the JSON report names them.

    Where both sides stand and nothing that a calendar lists differs, it is the body: bodies are not listed.
    """
    if before is None or after is None:
        return ()
    found = differences(after, before)
    if before.series and "series" not in before.missing:
        found += ("series",)
    return found or (("body",) if after.body is not None else ())


def compared(before: RemoteEvent | None, after: Event | None, clock: TimeFormat) -> list[Field]:
    """The fields worth showing, time and subject always. What is usual on both sides and equal is left out."""
    changed = changed_fields(before, after)
    old = None if before is None else _of_standing(before, clock)
    new = None if after is None else _of_event(after, before, clock, with_body=before is None or "body" in changed)
    fields = []
    for label, names in _FIELDS.items():
        differs = any(name in changed for name in names)
        left, right = None if old is None else old[label], None if new is None else new[label]
        if differs or label not in _USUAL or any(side not in (None, _USUAL[label]) for side in (left, right)):
            fields.append(Field(label, left, right, differs))
    return fields


def _of_standing(before: RemoteEvent, clock: TimeFormat) -> dict[str, str]:
    found = {
        TIME: clock.span(before.start, before.end) + (" (all day)" if before.all_day else ""),
        SUBJECT: before.subject,
        LOCATION: before.location,
        "Categories": ", ".join(before.categories),
        "Shown as": before.busy.value,
        "Reminder": minutes_before(before.reminder),
        "Sensitivity": before.sensitivity.value,
        "Series": "part of a series" if before.series else "a single event",
        TEXT: "",
    }
    if before.missing:
        found |= {label: _NOT_GIVEN for label, names in _FIELDS.items() if before.missing.intersection(names)}
        if "start" not in before.missing and "end" in before.missing:
            found[TIME] = f"{clock.moment(before.start)}, its end {_NOT_GIVEN}"
    return found


def _of_event(after: Event, before: RemoteEvent | None, clock: TimeFormat, *, with_body: bool) -> dict[str, str]:
    """Fields that are not ours stay as they are, so the right side says what the left one does."""
    location = after.location if after.location is not None or before is None else before.location
    categories = after.categories if after.categories is not None or before is None else before.categories
    return {
        TIME: clock.span(after.start, after.end),
        SUBJECT: after.subject,
        LOCATION: location or "",
        "Categories": ", ".join(categories or ()),
        "Shown as": after.busy.value,
        "Reminder": minutes_before(after.reminder),
        "Sensitivity": after.sensitivity.value,
        "Series": "a single event",
        TEXT: (after.body or "") if with_body else "",
    }
