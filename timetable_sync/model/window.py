"""The window: from when to when events are kept right. The same rule on both sides: timetable and calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


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
