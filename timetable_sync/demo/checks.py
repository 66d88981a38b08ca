"""Checks whether what the demo says is true: compares the sandbox's calendars with what the college's timetable asks for.

It shares no code with the program that it judges. Each check returns what is wrong, in words.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from timetable_sync.demo.timetable import ZONE, Lesson, clean
from timetable_sync.demo.timetable import address as address_of

_LONDON = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One event. ``start`` and ``end`` in UTC, as ``2026-10-25T09:00:00Z``; ``reminder`` in minutes, or None."""

    start: str
    end: str
    subject: str
    location: str
    body: str
    categories: tuple[str, ...]
    busy: str
    reminder: int | None


def expected(lessons: Iterable[Lesson]) -> dict[str, dict[str, Expected]]:
    """By calendar address, then by the lesson's id."""
    calendars: dict[str, dict[str, Expected]] = {}
    for lesson in lessons:
        event = _event(lesson)
        for group in lesson.groups:
            calendars.setdefault(address_of(group), {})[lesson.id] = event
    return calendars


def utc(local: datetime) -> str:
    """A local time of the college as the sandbox writes moments."""
    return f"{local.replace(tzinfo=_LONDON).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def local(moment: str) -> datetime:
    """The sandbox's ``moment`` as clocks at the college show it."""
    return datetime.fromisoformat(moment).astimezone(_LONDON)


def _event(lesson: Lesson) -> Expected:
    cancelled, test = lesson.status == "X", clean(lesson.kind) == "Test"
    subject = f"{lesson.module} {clean(lesson.kind)}: {clean(lesson.title)}"
    return Expected(
        start=utc(lesson.starts),
        end=utc(lesson.ends),
        subject=f"Cancelled: {subject}" if cancelled else subject,
        location=_listed(lesson.rooms) or "room to be announced",
        body=f"{_listed(lesson.staff) or 'Lecturer to be announced'}\nFor {_listed(lesson.groups)}",
        categories=("Test", "Timetable") if test else ("Timetable",),
        busy="Free" if cancelled else "Busy",
        reminder=1440 if test and not cancelled else None,
    )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted({clean(text) for text in texts} - {""}))


SandboxEvent = dict[str, Any]
Calendars = Mapping[str, list[SandboxEvent]]
Wanted = Mapping[str, Mapping[str, Expected]]

#: What our events can be found by, written out here: the demo does not ask the program that it judges.
_MARKER = ("4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "name:TimetableSync")
_WRITES = ("CreateItem", "UpdateItem", "DeleteItem")


def is_ours(event: SandboxEvent) -> bool:
    """Whether timetable-sync wrote it."""
    return any((str(one[0]).lower(), str(one[1])) == _MARKER for one in event["extended"])


def foreign(calendars: Calendars) -> dict[str, list[SandboxEvent]]:
    """All that people wrote, every field of it, by address."""
    return {address: [event for event in events if not is_ours(event)] for address, events in calendars.items()}


def unequal(calendars: Calendars, wanted: Wanted) -> list[str]:
    """Where what timetable-sync wrote is not exactly what is ``wanted``: no event too many, none too few, every field the same."""
    wrong = []
    for address in sorted({*calendars, *wanted}):
        stands = Counter(_seen(event) for event in calendars.get(address, ()) if is_ours(event))
        ought = Counter(wanted.get(address, {}).values())
        wrong += [f"{address}: {_named(event)} stands {_times(stands[event], ought[event])}" for event in (stands - ought)]
        wrong += [f"{address}: {_named(event)} is missing" for event in (ought - stands)]
    return wrong


def touched(before: Calendars, after: Calendars) -> list[str]:
    """Which appointments of people are not bit for bit what they were."""
    was, now = foreign(before), foreign(after)
    wrong = []
    for address in sorted({*was, *now}):
        by_id = {event["id"]: event for event in now.get(address, ())}
        wrong += [f"{address}: {event['subject']} was touched" for event in was.get(address, ()) if by_id.pop(event["id"], None) != event]
        wrong += [f"{address}: {event['subject']} is nobody's" for event in by_id.values()]
    return wrong


def wrong_hours(calendars: Calendars, subject: str, hour: int) -> list[str]:
    """Whether every event with ``subject`` begins at ``hour`` on the college's clocks, and some do on either side of the clock change."""
    starts = {event["start"] for events in calendars.values() for event in events if event["subject"] == subject}
    offsets = {local(start).utcoffset() for start in starts}
    wrong = [f"{subject} begins at {local(start):%H:%M} on {local(start):%d %B}" for start in starts if local(start).hour != hour]
    return wrong if len(offsets) == 2 else [*wrong, f"{subject} does not stand on both sides of the clock change"]


def written(requests: Mapping[str, int]) -> list[str]:
    """Which requests have written something."""
    return [f"{requests[name]} {name} requests" for name in _WRITES if requests.get(name)]


def mailed(mails: int) -> list[str]:
    """Whether anybody got mail."""
    return [f"{mails} mails were sent"] if mails else []


def differences(before: Wanted, after: Wanted) -> tuple[int, int, int]:
    """How many events have to be created, updated and deleted to make ``before`` ``after``."""
    created = updated = deleted = 0
    for address in {*before, *after}:
        was, will = before.get(address, {}), after.get(address, {})
        created += len(will.keys() - was.keys())
        deleted += len(was.keys() - will.keys())
        updated += sum(was[name] != will[name] for name in was.keys() & will.keys())
    return created, updated, deleted


def total(wanted: Wanted) -> int:
    """How many events those are."""
    return sum(len(events) for events in wanted.values())


def by_subject(events: Iterable[SandboxEvent], subject: str) -> SandboxEvent:
    """The first of ``events`` by time that has ``subject``. Raises LookupError."""
    found = sorted((event for event in events if event["subject"] == subject), key=lambda event: str(event["start"]))
    if not found:
        raise LookupError(subject)
    return found[0]


def _seen(event: SandboxEvent) -> Expected:
    return Expected(
        start=event["start"],
        end=event["end"],
        subject=event["subject"],
        location=event["location"],
        body="\n".join(str(event["body"]).splitlines()),  # Exchange makes CR LF of a line end
        categories=tuple(sorted(event["categories"])),
        busy=event["busy"],
        reminder=int(event["reminder_minutes"]) if event["reminder_is_set"] else None,
    )


def _named(event: Expected) -> str:
    return f"{event.subject} on {local(event.start):%d %B at %H:%M}"


def _times(stands: int, ought: int) -> str:
    return f"{stands} times instead of {ought}" if ought else "there, and ought not to, or not like this"
