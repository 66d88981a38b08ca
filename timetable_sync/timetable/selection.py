"""Which names of the timetable are calendars at all, and the mailboxes that the configuration or its query knows for them."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from timetable_sync.errors import TimetableUnusable
from timetable_sync.settings.sections.calendars import Calendars
from timetable_sync.timetable.cells import name_in
from timetable_sync.timetable.source import Source

#: The key of the query.
KEY = "calendars.mailboxes_query"


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


class Mailboxes(NamedTuple):
    """By calendars' names: ``known`` has the mailbox of each, ``doubtful`` those that have several, with all of them, sorted."""

    known: Mapping[str, str]
    doubtful: Mapping[str, Sequence[str]]


def mailboxes_of(calendars: Calendars, source: Source) -> Mailboxes:
    """What the configuration and its query know. The configuration counts before the query. Raises TimetableUnusable.

    A name with several mailboxes is a matter of that calendar alone; one that is written in two ways is one mailbox.
    """
    said = _gathered(calendars.mailboxes.items(), blank=True)
    if calendars.mailboxes_query is None:
        return said
    names, rows = source.whole(calendars.mailboxes_query, KEY)
    if len(names) < 2:
        raise TimetableUnusable(f"{KEY} gives one column", "It must give two: names of calendars, and their mailboxes.")
    found = _gathered((row[0], row[1]) for row in rows)
    if not found.known and not found.doubtful:
        # As of a timetable without rows: nobody means it, and every lesson would leave its calendar.
        raise TimetableUnusable(f"{KEY} gives no mailbox at all", "Run it by hand as the same database user, and mend it.")
    named = {*said.known, *said.doubtful}
    return Mailboxes(
        {**found.known, **said.known},
        {**{name: some for name, some in found.doubtful.items() if name not in named}, **said.doubtful},
    )


def _gathered(pairs: Iterable[tuple[object, object]], *, blank: bool = False) -> Mailboxes:
    """Of names with their mailboxes. A ``blank`` one says that there is none, or says nothing. A mailbox without a name is nobody's."""
    found: dict[str, dict[str, str]] = {}
    for pair in pairs:
        name, mailbox = name_in(pair[0], KEY), name_in(pair[1]) or ""
        if name is None or not (mailbox or blank):
            continue
        written = found.setdefault(name, {})
        folded = mailbox.casefold()
        # The first by the alphabet, so that the order of rows changes nothing.
        written[folded] = min(written.get(folded, mailbox), mailbox)
    return Mailboxes(
        {name: next(iter(some.values())) for name, some in found.items() if len(some) == 1},
        {name: sorted(some.values()) for name, some in found.items() if len(some) > 1},
    )
