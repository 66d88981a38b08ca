"""Which mailbox a calendar of the timetable is. Says nothing of whether it may be written."""

import re
from collections.abc import Sequence
from typing import Any

from timetable_sync.timetable.templates import Templates

#: The configuration's key.
KEY = "calendars.address"

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
        self._template = templates.compile(KEY, template, _judged, remembered=_REMEMBERED)
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
