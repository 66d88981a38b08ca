"""Calendars in memory, which keep the contract word for word: the reference for every backend.

It writes to nothing but its store, waits for nothing and repeats nothing. A body is given as the text that a person sees of its HTML, as
services do that are asked for text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from threading import Lock

from timetable_sync.calendars.contract import NOT_AHEAD, ChangeResult
from timetable_sync.calendars.memory.faults import Fault, Faults, Operation
from timetable_sync.calendars.memory.people import People
from timetable_sync.calendars.memory.store import MemoryItem, Store
from timetable_sync.errors import BackendError, CalendarError, ConflictError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.last_full_read import CTag
from timetable_sync.model.marker import NOT_UNDERSTOOD, Marker, MarkerNotUnderstood
from timetable_sync.model.snapshot import ItemRef, RemoteEvent, Snapshot
from timetable_sync.model.window import Window

_UNSEEN = frozenset({"head", "script", "style", "title"})
_BREAKS = frozenset({"br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "td", "th", "tr"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self._link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == "a" and self._link:
            self.parts.append(f"<{self._link}>")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def plain_text(html: str) -> str:
    """The text of ``html``, without blanks at its ends; where a link leads, in angle brackets behind it."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts).strip()


#: Listings of services cut strings there; so does this one.
LISTED = 255

_LONG_AGO = timedelta(days=1)


class MemoryBackend:
    """A backend over calendars in memory.

    ``people`` are colleagues' hands, ``faults`` what goes wrong on demand, ``requests`` counts calls by operation.
    ``calendars`` are addresses (or calendars) that exist; any other fails as a mailbox that does not exist.
    """

    longest_request = timedelta(0)

    def __init__(self, calendars: Iterable[str | Calendar] = (), *, batch: int = 25, store: Store | None = None) -> None:
        self.batch = batch
        self.store = store or Store()
        self.people = People(self.store)
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.closed = False
        self._counting = Lock()
        for calendar in calendars:
            self.store.open_calendar(calendar if isinstance(calendar, str) else calendar.address)

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = NOT_AHEAD) -> Snapshot:
        """See the contract."""
        at = datetime.now(UTC)
        self._begin("snapshot", calendar)
        there = self._items(calendar)
        items = [item for item in there if window.holds(item.start)]
        marked = [_listed(item, item.marker, window) for item in items if item.marker is not None]
        unreadable = tuple(one for one in marked if one.marker is NOT_UNDERSTOOD or "start" in one.missing or not one.item.change_key)
        ours = tuple(one for one in marked if one not in unreadable) if unreadable else tuple(marked)
        beyond = Window(window.end, window.end + ahead)
        clear = min((item.start for item in there if item.marker is not None and beyond.holds(item.start)), default=beyond.end)
        return Snapshot(calendar, window, ours, len(items) - len(marked), clear, at, unreadable)

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        """See the contract."""
        self._begin("read_bodies", calendar)
        there = {item.id: item for item in self._items(calendar)}
        found = [there[ref.id] for ref in items if ref.id in there]
        return {item.id: plain_text(item.body) if item.body_kind == "html" else item.body for item in found}

    def stamp(self, calendar: Calendar) -> CTag | None:
        """See the contract. The store counts changes, so that its sign is never too young."""
        self._begin("stamp", calendar)
        try:
            return CTag(self.store.stamp(calendar.address), _LONG_AGO, self.store.folder(calendar.address))
        except KeyError:
            raise _no_such(calendar) from None

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        """See the contract. More than ``batch`` changes, or changes of several kinds, are the caller's mistake: ValueError."""
        if len(changes) > self.batch:
            raise ValueError(f"{len(changes)} changes in one call, {self.batch} at most")
        if len({type(change) for change in changes}) > 1:
            raise ValueError("changes of several kinds in one call")
        fault = self._next("apply", calendar, tuple(changes))
        return [self._outcome(calendar, change, fault) for change in changes]

    def close(self) -> None:
        """See the contract."""
        self.closed = True

    def _next(self, operation: Operation, calendar: Calendar, changes: tuple[Change, ...] = ()) -> Fault | None:
        with self._counting:
            self.requests[operation] += 1
        return self.faults.next(operation, calendar.address, changes)

    def _begin(self, operation: Operation, calendar: Calendar) -> None:
        fault = self._next(operation, calendar)
        if fault is not None:
            raise fault.error

    def _items(self, calendar: Calendar) -> list[MemoryItem]:
        try:
            return self.store.items(calendar.address)
        except KeyError:
            raise _no_such(calendar) from None

    def _outcome(self, calendar: Calendar, change: Change, fault: Fault | None) -> ChangeResult:
        met = fault is not None and (fault.matches is None or fault.matches(change))
        if fault is not None and met and not fault.done:
            return ChangeResult(change, error=fault.error)
        try:
            item = self._carry_out(calendar, change)
        except BackendError as error:
            return ChangeResult(change, error=error)
        except KeyError:
            return ChangeResult(change, error=_no_such(calendar))
        if fault is not None and met:
            return ChangeResult(change, error=fault.error)
        return ChangeResult(change, item)

    def _carry_out(self, calendar: Calendar, change: Change) -> ItemRef | None:
        address = calendar.address
        if isinstance(change, Create):
            blank = MemoryItem("", 0, change.after.start, change.after.end)
            return self.store.add(address, _written(blank, change.after, change.marker)).ref
        present = self.store.get(address, change.before.item.id)
        if present is None:
            raise ConflictError(f"{_what(change)} in {address} is gone", gone=True)
        if present.ref != change.before.item:
            raise ConflictError(f"{_what(change)} in {address} was changed since it was read")
        if isinstance(change, Delete):
            if not self.store.move_to_deleted(address, present.id, expected=present.version):
                raise ConflictError(f"{_what(change)} in {address} was changed since it was read")
            return None
        made = self.store.put(address, _written(present, change.after, change.marker), expected=present.version)
        if made is None:
            raise ConflictError(f"{_what(change)} in {address} was changed since it was read")
        return made.ref


def _what(change: Update | Delete) -> str:
    return f'"{change.before.subject}"'


def _no_such(calendar: Calendar) -> CalendarError:
    return CalendarError(f"there is no calendar {calendar.address}", "Compare calendars.address with the addresses that exist.", gone=True)


def _written(item: MemoryItem, event: Event, marker: str) -> MemoryItem:
    """``item`` with the owned fields of ``event``; what the event does not own stays."""
    written = replace(
        item,
        start=event.start,
        end=event.end,
        zone=event.zone,
        subject=event.subject,
        busy=event.busy,
        reminder=event.reminder,
        sensitivity=event.sensitivity,
        all_day=False,
        missing=frozenset(),
        marker=marker,
    )
    if event.location is not None:
        written = replace(written, location=event.location)
    if event.body is not None:
        written = replace(written, body=event.body, body_kind=event.body_kind)
    if event.categories is not None:
        written = replace(written, categories=event.categories)
    return written


def _listed(item: MemoryItem, marker: str, window: Window) -> RemoteEvent:
    try:
        understood = Marker.parse(marker)
    except MarkerNotUnderstood:
        understood = NOT_UNDERSTOOD
    missing = item.missing
    start = window.start if "start" in missing else item.start
    return RemoteEvent(
        item=ItemRef(item.id, "") if "version" in missing else item.ref,
        marker=understood,
        start=start,
        end=start if "end" in missing else item.end,
        subject=item.subject[:LISTED],
        location=item.location[:LISTED],
        categories=tuple(sorted(category[:LISTED] for category in item.categories)),
        busy=Busy.FREE if "busy" in missing else item.busy,
        reminder=None if "reminder" in missing else item.reminder,
        sensitivity=Sensitivity.NORMAL if "sensitivity" in missing else item.sensitivity,
        created=item.created,
        series=item.series or "series" in missing,
        all_day=item.all_day and "all_day" not in missing,
        missing=missing - {"version"},
    )
