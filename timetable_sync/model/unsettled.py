"""What rows that were set aside leave open: events that must stay as they are, since nobody knows what they should be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unsettled:
    """One bad row's reach, as far as it is known; None means unknown, and so *any*.

    ``calendar`` is an address, ``period`` and ``activity`` as in :class:`~timetable_sync.model.key.EventKey`,
    ``week`` an ISO week or ``own``. Where all of a lesson is known but in which calendar it stands, ``lesson`` is its key: a calendar that
    it stands in by another name has nothing open.
    """

    calendar: str | None
    period: str | None
    activity: str | None
    week: str | None
    lesson: str | None = None
