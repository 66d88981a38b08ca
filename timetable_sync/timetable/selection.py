"""Which names of the timetable are calendars at all, and the mailboxes that the configuration or its query knows for them."""

from fnmatch import fnmatchcase

from timetable_sync.errors import TimetableUnusable
from timetable_sync.settings.sections.calendars import Calendars
from timetable_sync.timetable.cells import name_in
from timetable_sync.timetable.source import Source

_KEY = "calendars.mailboxes_query"


class Wanted:
    """Whether a name is a calendar: it fits one of ``calendars.only``, if there are any, and none of ``calendars.never``."""

    def __init__(self, calendars: Calendars) -> None:
        self._only, self._never = calendars.only, calendars.never
        self._all = self._only is None and not self._never
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Judge a name."""
        if self._all:
            return True
        known = self._known.get(name)
        if known is None:
            only = self._only is None or any(fnmatchcase(name, pattern) for pattern in self._only)
            known = self._known[name] = only and not any(fnmatchcase(name, pattern) for pattern in self._never)
        return known


def mailboxes_of(calendars: Calendars, source: Source) -> dict[str, str]:
    """By the calendar's name. What the configuration says counts before what the query gives. Raises TimetableUnusable."""
    said = {name_in(name) or "": mailbox for name, mailbox in calendars.mailboxes.items()}
    if calendars.mailboxes_query is None:
        return said
    names, rows = source.whole(calendars.mailboxes_query, _KEY)
    if len(names) < 2:
        raise TimetableUnusable(f"{_KEY} gives one column", "It must give two: names of calendars, and their mailboxes.")
    found: dict[str, str] = {}
    for row in rows:
        name, mailbox = name_in(row[0]), name_in(row[1])
        if name is None or mailbox is None:
            continue
        if found.setdefault(name, mailbox) != mailbox:
            raise TimetableUnusable(f'{_KEY} gives two mailboxes for "{name[:60]}"', "Mend the query, or what the database holds.")
    return found | said
