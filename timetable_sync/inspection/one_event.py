"""One event in full: what it would be in each of its calendars, the lesson it is made of, and the rows that came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from timetable_sync.errors import UsageError
from timetable_sync.inspection.keys import is_meant
from timetable_sync.inspection.origin import ChildRow, Origins, SourceRow
from timetable_sync.inspection.outlook import Outlook
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.model.key import EventKey
from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.lessons import Lesson


@dataclass(frozen=True, slots=True)
class OneEvent:
    """``standing`` is the event as it would be in each calendar; ``lesson`` is None, and ``rows`` are none, where a long key hides it.

    ``values`` are the lesson's columns by name, ``kin`` rows of child queries.
    """

    key: str
    standing: tuple[tuple[Calendar, Event], ...]
    lesson: Lesson | None
    values: dict[str, str | tuple[str, ...]]
    rows: tuple[SourceRow, ...]
    kin: tuple[ChildRow, ...]
    too_many_rows: bool


def meant(outlook: Outlook, given: str) -> Iterator[tuple[Calendar, Event]]:
    """The events that ``given`` names."""
    return ((calendar, event) for calendar, event in outlook.events() if is_meant(given, event.key))


def one_event(outlook: Outlook, given: str, origins: Origins, fields: Sequence[Field]) -> OneEvent | list[tuple[Calendar, Event]]:
    """The event, or those there are where several fit. Raises UsageError where none does."""
    found = list(meant(outlook, given))
    if not found:
        raise UsageError(
            f'no event "{given}" in these days and calendars',
            "Keys stand at the end of the lines of: timetable-sync timetable show --calendar NAME",
        )
    keys = {event.key for _, event in found}
    if len(keys) > 1:
        return found
    (key,) = keys
    parsed = EventKey.parse(key)
    lesson = None if parsed is None else origins.lesson_of(parsed.period, parsed.activity, parsed.week, parsed.nth)
    return OneEvent(
        key,
        tuple(found),
        lesson,
        {} if lesson is None else {field.name: value for field, value in zip(fields, lesson.values, strict=False)},
        () if lesson is None else tuple(origins.rows_of(lesson)),
        () if lesson is None else tuple(origins.kin_of(lesson)),
        origins.too_many,
    )
