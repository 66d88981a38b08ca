"""What ought to stand, worked out from the documentation's words and not with the program's code.

The rules are those of docs/timetable.md and DESIGN: a lesson's number is its place among its activity's in the ISO week, cancelled ones
counted; a local time that does not exist is read with the offset from before the gap, one that exists twice is the first, an end
that would then not be after its start the second; a lesson belongs to the window if it starts in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.proof.years.configurations import Configuration
from tests.proof.years.office import Lesson
from tests.proof.years.seen import Content

Key = tuple[str, str, str]
Expected = Mapping[str, Mapping[Key, Content]]


class Span(NamedTuple):
    """From when to when a night keeps events right: ``start`` belongs to it, ``end`` does not."""

    start: datetime
    end: datetime

    def has(self, moment: datetime) -> bool:
        """Whether what starts then belongs to it."""
        return self.start <= moment < self.end


def span_of(configuration: Configuration, now: datetime) -> Span:
    """The window of a night at ``now``."""
    zone = ZoneInfo(configuration.zone)
    last = now.astimezone(zone).date() + timedelta(days=configuration.future)
    return Span(now - configuration.back, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC))


def address_of(module: str) -> str:
    """The calendar of a module."""
    return f"{module.lower()}@groups.example.ac.uk"


def expected(lessons: Iterable[Lesson], configuration: Configuration, now: datetime) -> Expected:
    """What ought to stand in each calendar's window, by address and key."""
    span, zone = span_of(configuration, now), ZoneInfo(configuration.zone)
    meetings: dict[str, dict[tuple[datetime, datetime], list[Lesson]]] = defaultdict(lambda: defaultdict(list))
    for lesson in lessons:
        if not unusable(lesson, configuration):
            meetings[lesson.activity][_moments(lesson, zone)].append(lesson)
    found: dict[str, dict[Key, Content]] = defaultdict(dict)
    for activity, times in meetings.items():
        numbers: dict[str, int] = defaultdict(int)
        for (start, end), together in sorted(times.items()):
            year, number, _ = start.astimezone(zone).isocalendar()
            week = f"{year}-W{number:02}"
            numbers[week] += 1
            gone = all(lesson.cancelled for lesson in together)
            if not span.has(start) or (gone and not configuration.mark):
                continue
            counted = together if gone else [lesson for lesson in together if not lesson.cancelled]
            content = _content(counted, start, end, configuration, cancelled=gone)
            for module in {module for lesson in counted for module in lesson.modules}:
                found[address_of(module)][activity, week, str(numbers[week])] = content
    return found


def unusable(lesson: Lesson, configuration: Configuration) -> bool:
    """Whether its row has to be set aside: mistyped, or it ends before it starts, as over the hour that the clocks leave out."""
    start, end = _moments(lesson, ZoneInfo(configuration.zone))
    return lesson.spoilt or end <= start


def _moments(lesson: Lesson, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start = lesson.start.replace(tzinfo=zone, fold=0).astimezone(UTC)
    end = lesson.end.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if end <= start:
        end = lesson.end.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return start, end


def _content(lessons: list[Lesson], start: datetime, end: datetime, configuration: Configuration, *, cancelled: bool) -> Content:
    title = min(lesson.title for lesson in lessons)
    subject = configuration.subject(title, lessons[0].activity)
    rooms = ", ".join(sorted({lesson.room for lesson in lessons if lesson.room}))
    return Content(
        start,
        end,
        f"Cancelled: {subject}" if cancelled else subject,
        rooms,
        configuration.text(rooms),
        ("Timetable",),
        "free" if cancelled else "busy",
        None,
        "normal",
    )
