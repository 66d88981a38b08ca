"""Which events of one calendar are at the same time. Pure."""

from collections.abc import Iterator, Sequence

from timetable_sync.model.event import Event


def overlaps(events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """Each event that begins while another goes on, behind the one of those that ends last; ``events`` sorted by start.

    One that begins when another ends is no overlap. Not every pair: a calendar of a thousand things at once would have half a million.
    """
    latest: Event | None = None
    for event in events:
        if latest is not None and event.start < latest.end:
            yield latest, event
        if latest is None or event.end > latest.end:
            latest = event
