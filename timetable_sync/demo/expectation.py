"""What ought to stand in the calendars, worked out from the made-up college alone: shares no code with the program that it is to judge."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from timetable_sync.demo.college import ZONE, Lesson, address, clean

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
            calendars.setdefault(address(group), {})[lesson.id] = event
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
