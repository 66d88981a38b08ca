"""Tells which names of the timetable are calendars at all, and which mailbox each of them is.

Mailboxes come from the configuration or its query. Whether a mailbox may be written is not decided here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from timetable_sync.config.sections.calendars import Calendars
from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.source import Source
from timetable_sync.timetable.templates import Templates
from timetable_sync.timetable.values import name_in

#: The configuration's key.
ADDRESS_KEY = "calendars.address"

#: Activities come in an order of their own, so that each meets any calendar: with fewer, a timetable of 5,000 calendars would have each
#: address made once for every activity, at the cost of a whole meeting.
_REMEMBERED = 16_384

# What a mailbox in Exchange can be called: RFC 5321's dot-string, 64 characters, then a host name; quoted local parts are not among it.
# https://learn.microsoft.com/exchange/recipients/email-address-policies-and-addresses/email-address-policies-and-addresses
_SMTP = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII,
)

_EMPTY = ("", ())


class Unaddressed(Exception):
    """Tonight nobody knows which mailbox the calendar is. The text says why, ``kind`` in general."""

    kind = "with no mail address for its calendar"


class NotAnAddress(Unaddressed):
    """What the template gave is no mail address, or lacks what it is made of."""


class NoMailbox(Unaddressed):
    """The template gave nothing, or wants a mailbox where there is none."""

    kind = "with no mailbox for its calendar"


class SeveralMailboxes(Unaddressed):
    """The calendar has several mailboxes, of which only one can be meant."""

    kind = "with several mailboxes for its calendar"


class Addresses:
    """The address template, compiled, and what it gave. Raises UsageError for a template that cannot be used.

    ``used`` are the names of the variables that it looks at. One that it writes outright must not be empty: what comes out without it
    may well look like an address, but is not that of the lesson's calendar.
    """

    def __init__(self, template: str, templates: Templates) -> None:
        # With a verdict: what is no address is remembered as well, and a refusal would not be.
        self._template = templates.compile(ADDRESS_KEY, template, _judged, remembered=_REMEMBERED)
        self.used = frozenset(self._template.used)
        self._needed = [(name, self._template.places[name]) for name in self._template.used if name in self._template.outright]

    def address(self, values: Sequence[Any]) -> str:
        """The address, in lower case, for a lesson's values in one calendar. Raises TemplateFailed, NotAnAddress, NoMailbox."""
        text, well = self._template.render(values)
        if not text:
            raise NoMailbox
        for name, place in self._needed:
            if values[place] in _EMPTY:
                if name == "mailbox":
                    raise NoMailbox
                raise NotAnAddress(f"it lacks {name}, which is empty; where it may be, write {{{{ {name} | default('', true) }}}}")
        if not well:
            raise NotAnAddress(f'the address is "{text[:80]}"')
        return text


def _judged(text: str) -> tuple[str, bool]:
    address = text.strip().lower()
    # Judged before: the lower case of a few letters that are not ASCII is.
    return address, text.isascii() and _SMTP.fullmatch(address) is not None


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
