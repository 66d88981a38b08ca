"""Signs that nothing changed in a calendar, and what is remembered of the last time that it was seen to be right."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class CTag:
    """What a service tells of a calendar's folder at little cost.

    ``sign`` is equal as long as nothing changed in the calendar, ours or foreign; None where the service gives none, or not its age.
    ``age`` is how long before it was given the last change was, by the service's own clock. ``folder`` is the service's own id of the
    folder: opaque, equal for all addresses that lead there, and never given to another one; empty where it tells none.
    """

    sign: str | None
    age: timedelta
    folder: str = ""


@dataclass(frozen=True, slots=True)
class LastFullRead:
    """The last complete reading of a calendar that found it equal to the timetable and to the ledger.

    ``sign`` is the stamp's from before that reading, None where the service gives none; ``mapping`` the one that the events were made
    by. ``since`` and ``until`` bound what is known (aware, UTC): of events of ours that start from the one to the other, the calendar
    holds those of the ledger and no more, and the ledger no more than it. ``seen`` is when it was read. ``foreign`` counted the others'
    events then. ``intact`` is False once we have written to the calendar, or are about to for the first time: from then on the sign has
    to differ, and until it does nothing else of this is believed.
    """

    address: str
    sign: str | None
    mapping: str
    since: datetime
    until: datetime
    seen: datetime
    foreign: int
    intact: bool = True
