"""What stands in a calendar, as a person sees it, and what a night did there: the same of every kind of calendar."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

OUR_SOURCE = "timetable"


class Content(NamedTuple):
    """What an event shows; ``body`` is None where it is not ours."""

    start: datetime
    end: datetime
    subject: str
    location: str
    body: str | None
    categories: tuple[str, ...]
    busy: str
    reminder: int | None
    sensitivity: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of a calendar. ``whole`` is all of it, to be compared bit for bit."""

    id: str
    content: Content
    all_day: bool
    marker: str | None
    whole: object = field(repr=False)

    @property
    def start(self) -> datetime:
        """When it starts (UTC)."""
        return self.content.start

    @property
    def key(self) -> tuple[str, str, str] | None:
        """Activity, week and number of the lesson that it was written for; None of what is not ours."""
        if self.marker is None:
            return None
        _, _, _, text = self.marker.split(" ")
        source, _, activity, week, number = text.split("/")
        return (activity, week, number) if source == OUR_SOURCE else None

    def shows(self, content: Content) -> bool:
        """Whether it shows exactly this."""
        mine = self.content if content.body is not None else self.content._replace(body=None)
        return mine == content and not self.all_day


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a night did to a calendar: made (no ``before``), deleted (no ``after``) or changed."""

    address: str
    before: Seen | None
    after: Seen | None
