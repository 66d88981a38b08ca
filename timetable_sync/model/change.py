"""Changes: values that know their order and their reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from timetable_sync.model.event import Event
from timetable_sync.model.snapshot import RemoteEvent


class Reason(StrEnum):
    """Why a change is made."""

    TIMETABLE = "the timetable changed"
    EDITED = "someone edited it"
    DELETED = "someone deleted it"
    MAPPING = "the mapping changed"
    LEFT = "it left the timetable"
    DUPLICATE = "a duplicate"
    PURGED = "a purge took it out"


@dataclass(frozen=True, slots=True)
class Create:
    """An event that is to be made. ``marker`` is the text to stand in its property."""

    after: Event
    marker: str
    reason: Reason

    @property
    def key(self) -> str:
        """The event key's text."""
        return self.after.key

    @property
    def when(self) -> datetime:
        """The moment (UTC) by which the change matters."""
        return self.after.start


@dataclass(frozen=True, slots=True)
class Update:
    """An event of ours that is to become ``after``."""

    before: RemoteEvent
    after: Event
    marker: str
    reason: Reason

    @property
    def key(self) -> str:
        """The event key's text."""
        return self.after.key

    @property
    def when(self) -> datetime:
        """The moment (UTC) by which the change matters: the earlier of where it stands and where it goes."""
        return min(self.before.start, self.after.start)


@dataclass(frozen=True, slots=True)
class Delete:
    """An event of ours that is to be moved to Deleted Items."""

    before: RemoteEvent
    reason: Reason

    @property
    def key(self) -> str:
        """The event key's text."""
        return self.before.marker.key

    @property
    def when(self) -> datetime:
        """The moment (UTC) by which the change matters."""
        return self.before.start


Change = Create | Update | Delete
