"""Looks on while lessons are made, and notes those in no calendar or room, the very short and the very long. Judges single lessons only."""

from datetime import timedelta

from timetable_sync.inspection.findings import Finding, Kind
from timetable_sync.reporting.times import Clock
from timetable_sync.settings.quantities import show_duration
from timetable_sync.settings.schema import Settings
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.times import moment_of
from timetable_sync.timetable.witness import Witness

_CALENDARS_SHOWN = 3


class LessonsJudged(Witness):
    """Lessons in the window that are not cancelled. ``short``: what lasts less is very short; ``long``: what lasts as long is very long."""

    def __init__(self, settings: Settings, short: timedelta, long: timedelta, most: int) -> None:
        self._short, self._long = short.total_seconds(), long.total_seconds()
        self._clock = Clock(settings.timetable.time_zone)
        names = [field.name for field in fields_of(settings.timetable)]
        self._title = names.index("title")
        self._rooms = names.index("rooms") if "rooms" in names else None
        self.nowhere = Finding(Kind.NOWHERE, most)
        if settings.calendars.lessons_without == "set_aside":
            self.nowhere.remark = "set aside, if there are any: calendars.lessons_without"
        self.no_room = Finding(Kind.NO_ROOM, most)
        self.too_short = Finding(Kind.TOO_SHORT, most, remark=f"less than {show_duration(short)}")
        self.too_long = Finding(Kind.TOO_LONG, most, remark=f"{show_duration(long)} or more")
        # What child queries give is among the fields as well.
        if self._rooms is None:
            self.no_room.remark = "not looked for: [timetable.columns] names no rooms"

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        """As the witness's."""
        if not inside or lesson.cancelled:
            return
        if not lesson.calendars:
            self._note(self.nowhere, lesson)
        if self._rooms is not None and not lesson.values[self._rooms]:
            self._note(self.no_room, lesson)
        length = lesson.end - lesson.start
        if length < self._short:
            self._note(self.too_short, lesson)
        if length >= self._long:
            self._note(self.too_long, lesson)

    def _note(self, finding: Finding, lesson: Lesson) -> None:
        if not finding.wants(lesson.activity):
            finding.count += 1
            return
        start, end = moment_of(lesson.start), moment_of(lesson.end)
        title = lesson.values[self._title]
        calendars = list(lesson.calendars[:_CALENDARS_SHOWN])
        if len(lesson.calendars) > _CALENDARS_SHOWN:
            calendars.append(f"{len(lesson.calendars) - _CALENDARS_SHOWN} more")
        finding.add(
            "  ".join(part for part in (self._clock.span(start, end), ", ".join(calendars), str(title), f"({lesson.activity})") if part),
            {
                "start": self._clock.iso(start),
                "end": self._clock.iso(end),
                "activity": lesson.activity,
                "title": title,
                "calendars": list(lesson.calendars),
            },
            of=lesson.activity,
        )
