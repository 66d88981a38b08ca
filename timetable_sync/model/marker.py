"""The marker: one named property on each event we wrote. Who has no marker is foreign.

The property is addressed in EWS as ExtendedFieldURI (PropertySetId, PropertyName, String) and in Graph as the
single-value extended property ``String {guid} Name TimetableSync``: the same MAPI property, so that a calendar can
change its backend and still be recognised. Never change GUID or name.
"""

import re
from typing import NamedTuple

PROPERTY_SET = "4648e09c-9ef0-5b0e-89ba-1b82c0b91623"
PROPERTY_NAME = "TimetableSync"

#: FindItem cuts strings there, so a longer marker would not be recognised.
LONGEST_MARKER = 255

_VERSION = "1"
_FORM = re.compile(r"1 ([a-z2-7]{6}) ([a-z2-7]{16})(?:\.([a-z2-7]{8}))? ([!-~]+)")


class MarkerNotUnderstood(ValueError):
    """A marker that is ours but of a newer version, or damaged: to treat it as absent would make a duplicate."""


class Marker(NamedTuple):
    """What we know of an event from the event itself.

    ``key`` is the text of an :class:`~timetable_sync.model.key.EventKey`, ``fingerprint`` that of the content we
    wrote, ``mapping`` six characters naming the mapping (templates, rules) that made the content. ``shown`` are eight that tell whether
    the event still shows what we wrote (``planning.ownership``); empty in what earlier versions wrote.
    """

    mapping: str
    fingerprint: str
    key: str
    shown: str = ""

    def text(self) -> str:
        """As it stands in the property: ASCII, at most :data:`LONGEST_MARKER` characters."""
        shown = f".{self.shown}" if self.shown else ""
        return f"{_VERSION} {self.mapping} {self.fingerprint}{shown} {self.key}"

    @classmethod
    def parse(cls, text: str) -> "Marker":
        """The marker in ``text``; raises :class:`MarkerNotUnderstood`."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise MarkerNotUnderstood(text[:60])
        mapping, fingerprint, shown, key = found.groups()
        return cls(mapping, fingerprint, key, shown or "")


#: Stands for one that is not understood.
NOT_UNDERSTOOD = Marker("", "", "")
