"""Who looks on while a timetable is read, to tell people more than the events say. Changes nothing of what is read."""

from collections.abc import Sequence
from typing import Any

from timetable_sync.timetable.columns import MeetingRow, RowRefused
from timetable_sync.timetable.lessons import Lesson


class Witness:
    """Sees everything once and keeps what it likes, but never all of it. This one keeps nothing."""

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        """A row of ``timetable.query`` as the driver gave it, with its columns' names, and the meetings that were made of it.

        ``number`` counts from 1. A row that was set aside has no meetings.
        """

    def refused(self, number: int, row: Sequence[Any], refused: RowRefused) -> None:
        """The row with this number, as the driver gave it, was set aside. :meth:`row` is called for it too."""

    def wants_kin(self, lesson: Lesson) -> bool:
        """Whether :meth:`kin` is to be called for this lesson, as yet without what its child queries have for it."""
        return False

    def kin(self, lesson: Lesson, child: str, key: str, weeks: str, values: Sequence[str], *, holds: bool) -> None:
        """A row of a child query that belongs to the lesson by its key, cleaned; ``holds`` says whether its weeks are the lesson's.

        ``weeks`` are their numbers, or "" for all.
        """

    def anew(self) -> None:
        """The connection was lost, and reading begins anew: what was seen until now does not count."""

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        """A lesson that takes place, or is shown as cancelled; ``inside`` says whether it starts in the window."""
