"""Reading a window whole: by views of at most two years, each cut in time until Exchange lists all of it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from timetable_sync.calendars.ews.find_item import Fields, Listed, Page, read_item
from timetable_sync.errors import CalendarError
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.model.window import Window

#: A CalendarView spans two years at most.
#: https://learn.microsoft.com/exchange/client-developer/web-service-reference/calendarview
LONGEST_VIEW = timedelta(days=700)

#: Shorter than this, a view is not cut any more: more events at one time than Exchange lists are no timetable.
SHORTEST_VIEW = timedelta(minutes=1)

#: Each view begins a little before the part it is for: whether one that begins where an event without any duration lies holds
#: that event is not documented.
_LEAD = timedelta(minutes=1)


#: By start, then by id.
_BY_START = attrgetter("start", "item")


@dataclass(frozen=True, slots=True)
class Found:
    """Our events that start within a window, by start; the number of the others that do; until when beyond it none of ours starts.

    ``unreadable`` as in a snapshot.
    """

    ours: tuple[RemoteEvent, ...]
    foreign: int
    clear_until: datetime
    unreadable: tuple[RemoteEvent, ...] = ()


def read_window(find: Callable[[Window], Page | None], window: Window, ahead: timedelta, address: str) -> Found:
    """What starts within ``window``, and of what starts ``ahead`` of its end, where ours begin.

    ``find`` lists what overlaps a view; None, or a page that is not whole, stands for "more than I list". An event that overlaps
    several views comes with each of them and counts once. Raises what ``find`` raises, and CalendarError when no cutting helps.
    """
    found: dict[str | Fields, Listed] = {}
    looked = Window(window.start, window.end + ahead)
    waiting = deque(looked.slices(LONGEST_VIEW))
    while waiting:
        part = waiting.popleft()
        page = find(Window(part.start - _LEAD, part.end))
        if page is None or not page.whole:
            waiting.extendleft(reversed(_halves(part, address)))
            continue
        for item in page.items:
            listed = read_item(item, looked)
            if listed is not None:
                # One without an id is known by all that is listed of it.
                found[item.id or item] = listed
    ours = _within(window, [listed.ours for listed in found.values() if listed.ours is not None and listed.whole])
    unreadable = _within(window, [listed.ours for listed in found.values() if listed.ours is not None and not listed.whole])
    beyond = [listed.start for listed in found.values() if listed.ours is not None and listed.start >= window.end]
    foreign = sum([listed.ours is None and listed.start < window.end for listed in found.values()])
    return Found(ours, foreign, min(beyond, default=looked.end), unreadable)


def _within(window: Window, marked: list[RemoteEvent]) -> tuple[RemoteEvent, ...]:
    return tuple(sorted([standing for standing in marked if standing.start < window.end], key=_BY_START))


def _halves(part: Window, address: str) -> list[Window]:
    length = part.end - part.start
    if length <= SHORTEST_VIEW:
        raise CalendarError(
            f"{address}: more events lie around {part.start:%d %b %Y %H:%M} UTC than Exchange lists at once",
            "Take events out of this calendar by hand.",
        )
    middle = part.start + timedelta(seconds=length.total_seconds() // 2)
    return [Window(part.start, middle), Window(middle, part.end)]
