"""Where a calendar's address leads, as a visit found it, and what is remembered of that."""

from dataclasses import dataclass
from datetime import datetime

from timetable_sync.model.calendar import Calendar


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """What a visit found out about an address.

    ``folder`` is the service's own id of the folder that it leads to (``CTag.folder``), empty where that is not known. ``at`` is when the
    calendar was read whole, by the service's clock; None where it was not read, or where the service does not tell the time.
    """

    folder: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """What is remembered of an address.

    ``folder`` is the one in which the ledger's entries under this address stand, empty where it is not known. ``seen`` is the service's
    time of the last complete reading; what appeared there later appeared after it. ``gone_nights`` counts the nights in a row in which the
    service said that there is no such mailbox, ``gone_last`` is the moment of the last of them.
    """

    calendar: Calendar
    folder: str = ""
    seen: datetime | None = None
    gone_nights: int = 0
    gone_last: datetime | None = None
