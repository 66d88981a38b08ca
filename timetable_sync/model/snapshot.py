"""What a complete reading of one calendar's window found.

ItemRef and RemoteEvent are named tuples: like frozen dataclasses they cannot be changed, and they are made in a quarter of the time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import Marker
from timetable_sync.model.window import Window


class ItemRef(NamedTuple):
    """A calendar service's name for an item, and the sign of its present version."""

    id: str
    change_key: str


class RemoteEvent(NamedTuple):
    """An event of ours as it stands in a calendar. The body is not among it: services do not list it.

    Times are aware, in UTC. Strings may have been cut at 255 characters by the service. ``categories`` are sorted.
    ``reminder`` is in minutes, None for off. ``series`` is true where somebody made the event part of a series.
    ``created`` is None where the service does not say.

    ``missing`` names the fields that the service does not give, or not in a form that can be read. Such a field has the value that it has
    where nobody set it (free, off, normal, not all day); an end is the start; ``series`` is true, as it may be one.
    """

    item: ItemRef
    marker: Marker
    start: datetime
    end: datetime
    subject: str
    location: str
    categories: tuple[str, ...]
    busy: Busy
    reminder: int | None
    sensitivity: Sensitivity
    created: datetime | None = None
    series: bool = False
    all_day: bool = False
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A complete reading of a calendar's window. An incomplete one is an error, never a shorter list.

    ``ours`` are the events that bear a marker (of any source) and start within the window, ``foreign`` counts the others.
    ``clear_until`` says how far it was seen that beyond the window's end no event with a marker starts; None where nobody looked.
    ``unreadable`` are items in it that bear a marker and cannot be acted on: the marker is not understood (then it is ``NOT_UNDERSTOOD``),
    the name of the item or of its version is not given (empty), or the start is not (``missing``; it is the window's then).
    ``at`` is when it was read, by the service's own clock: what is not in it came there later. None where the service does not tell.
    """

    calendar: Calendar
    window: Window
    ours: tuple[RemoteEvent, ...]
    foreign: int
    clear_until: datetime | None = None
    at: datetime | None = None
    unreadable: tuple[RemoteEvent, ...] = ()
