"""Which folder each address leads to, and what of that is to be remembered. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.visited import Look, Visited


def learnt(before: Mapping[str, Visited], calendars: Iterable[Calendar], looks: Mapping[str, Look]) -> Iterator[Visited]:
    """What is to be remembered of ``calendars``, of those of them about which something new was found out.

    ``before`` is what is remembered already, by address, as ``looks`` are.
    """
    for calendar in calendars:
        if (look := looks.get(calendar.address)) is None:
            continue
        known = before.get(calendar.address, Visited(calendar))
        found = Visited(calendar, look.folder or known.folder, look.at or known.seen)
        if (found.folder, found.seen, known.gone_nights) != (known.folder, known.seen, 0):
            yield found
