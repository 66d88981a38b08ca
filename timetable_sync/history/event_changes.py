"""Two portraits of one event, as the history keeps them, put side by side in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from timetable_sync.reports.formatting import TimeFormat, minutes_before
from timetable_sync.state.run_records import Json

Portrait = Mapping[str, Json]

_LABELS: Final = {
    "subject": "Subject",
    "location": "Location",
    "categories": "Categories",
    "busy": "Shown as",
    "reminder": "Reminder",
    "sensitivity": "Sensitivity",
    "body": "Text",
}
#: What is so usual that a new event need not say it.
_USUAL: Final = {"location": "", "categories": "", "busy": "busy", "reminder": minutes_before(None), "sensitivity": "normal", "body": ""}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. None: there was no event on that side. Raw text: whoever shows it makes it safe."""

    label: str
    before: str | None
    after: str | None


def changed(before: Portrait, after: Portrait, clock: TimeFormat, *, body_before: str | None = None) -> list[FieldChange]:
    """What differs, in the order in which people read an event. ``body_before`` is the text written last, as calendars do not list it."""
    lines = []
    if (was := _time(before, clock)) != (now := _time(after, clock)):
        lines.append(FieldChange("Time", was, now))
    for name, label in _LABELS.items():
        if name not in after:
            continue  # not ours
        old = body_before if name == "body" else _word(before, name)
        if old is not None and old != (new := _word(after, name)):
            lines.append(FieldChange(label, old, new))
    return lines


def all_of(portrait: Portrait, clock: TimeFormat, *, gone: bool = False) -> list[FieldChange]:
    """What there is to say of an event that is new, or ``gone``."""
    return [FieldChange(label, word, None) if gone else FieldChange(label, None, word) for label, word in _words(portrait, clock)]


def start_of(portrait: Portrait) -> datetime:
    """Aware, in UTC."""
    return datetime.fromisoformat(str(portrait["start"]))


def title(portrait: Portrait, clock: TimeFormat) -> str:
    """What names an event on one line."""
    return f"{_time(portrait, clock)}   {portrait.get('subject', '')}"


def _words(portrait: Portrait, clock: TimeFormat) -> Iterator[tuple[str, str]]:
    yield "Time", _time(portrait, clock)
    for name, label in _LABELS.items():
        word = _word(portrait, name)
        if word and word != _USUAL.get(name):
            yield label, word


def _time(portrait: Portrait, clock: TimeFormat) -> str:
    return clock.span(start_of(portrait), datetime.fromisoformat(str(portrait["end"])))


def _word(portrait: Portrait, name: str) -> str:
    value = portrait.get(name)
    if name == "reminder":
        return minutes_before(value if isinstance(value, int) else None)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
