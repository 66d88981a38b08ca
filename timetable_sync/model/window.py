"""The window, from when to when events are kept right, and the time zone that a name stands for.

Timetable and calendar are judged by the same rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """Half open: an event belongs to it when it *starts* at or after ``start`` and before ``end`` (both aware, UTC).

    Where an event ends plays no part, so that an event on an edge is judged alike whether it comes from the timetable
    or from a calendar, however the service reads overlapping ranges.
    """

    start: datetime
    end: datetime

    def holds(self, start: datetime) -> bool:
        """Whether an event that starts at ``start`` (aware) belongs to the window."""
        return self.start <= start < self.end

    def slices(self, longest: timedelta) -> Iterator["Window"]:
        """The window cut into adjoining windows no longer than ``longest``."""
        at = self.start
        while at < self.end:
            until = min(at + longest, self.end)
            yield Window(at, until)
            at = until


# The longest that there is has 32 characters and two strokes. Beyond that ZoneInfo is not asked: it takes a name for a place in
# the package tzdata and imports what leads there, step by step, so that a long enough name ends in a RecursionError.
_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}")


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name. Raises ValueError where there is none; never anything else, whatever the text."""
    if not _NAME.fullmatch(name):
        raise ValueError("no time zone has such a name")
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as refused:
        raise ValueError("no time zone has that name") from refused
