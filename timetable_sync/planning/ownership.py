"""Tells whether an event that bears our mark is as we wrote it, was edited, or is a person's copy, and what an unreadable one may be.

Outlook copies the mark along with an event. So the mark carries a digest of what the event showed when it was written; an event that shows
something else was edited since, by whoever. Marks of earlier versions have none: of those, the fingerprint is worked out again, as far as a
listing tells all that went into it.

An item with our mark that cannot be read may be an event of the timetable, which then is not created beside it. Which one can be told by
its key, where the marker is understood; by its id, where the ledger knows that; and else by what a person sees of it: its start, end and
subject. Of these, what cannot be read counts as equal.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from html import unescape
from itertools import product

from timetable_sync.model.event import JOINT, PART, BodyKind, Event, content_of, fingerprint_of
from timetable_sync.model.key import source_prefix
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import Marker
from timetable_sync.model.plan import Skipped, SkipReason
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.planning.body_match import rendering_of, same_body
from timetable_sync.planning.diff import differences, same_text, utf16_length

#: Letters of base32 for what is listed, and for the body: together they are ``Marker.shown``.
_LISTED, _BODY = 5, 3

#: Of longer texts a listing gives no more than 254 or 255 UTF-16 units; so much of them takes part.
_COMPARED = 250

#: Whether location and categories were written, the most usual first.
_OWNED = ((True, True), (True, False), (False, True), (False, False))


#: Of HTML only words take part in a mark, in any case, as services lay it out in their own way: no links, pictures or labels of lists.
_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(r"<?\b(?:https?|mailto|cid):[^\s>\]]*>?|\[[^\]\s]*\]", re.IGNORECASE)
_LABEL = re.compile(r"^[^\S\n]*(?:\d{1,4}|[a-z]|[ivxlc]{2,7})[.)](?=\s)", re.IGNORECASE | re.MULTILINE)
_UNSEEN = re.compile(r"<!--.*?-->|<(style|script|head|title)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>?")


def marker_of(event: Event, mapping: str) -> str:
    """The text of the marker that is written with ``event``."""
    listed = _listed(event, event.location, event.categories)
    body = "" if event.body is None else _written_form(event.body, event.body_kind)
    return Marker(mapping, event.fingerprint(), event.key, _digest(listed, _LISTED) + _digest(body, _BODY)).text()


def written(item: RemoteEvent, zones: Collection[str], body: str | None = None) -> bool:
    """Whether all that a listing shows of the item, and that was written, is as its mark says.

    ``zones`` are the time zones that it may have been written in; with its ``body`` as it was read, marks of earlier versions tell more.
    """
    return _owned(item, zones, body) is not None


def can_be_told(item: RemoteEvent, event: Event | None, mapping: str) -> bool:
    """Whether :func:`written` is sure where it says no. ``event`` is what its key stands for now, by ``mapping``; None where for nothing.

    A mark of an earlier version does not tell of an event that had a body, or a text that listings cut.
    """
    mark = item.marker
    if mark.shown or (event is not None and mark.fingerprint == event.fingerprint()):
        return True
    cut = any(utf16_length(text) > _COMPARED for text in (item.subject, item.location, *item.categories))
    return event is not None and event.body is None and mark.mapping == mapping and not cut


def untouched(item: RemoteEvent, event: Event | None, zones: Collection[str], body: str | None = None) -> bool:
    """Whether nobody changed anything that a listing shows of it: it is as its mark says, or as ``event`` would be written.

    What a person wrote into a field that we do not write is a change as well.
    """
    if _shows(item, event):
        return True
    owned = _owned(item, zones, body)
    return owned is not None and _only_these(item, location=owned[0], categories=owned[1])


def unchanged(item: RemoteEvent, event: Event | None, zones: Collection[str], body: str, rendering: str | None = None) -> bool:
    """The same of everything that a person can see; ``body`` is the item's, as it was read.

    ``rendering`` is the digest of how the service is known to show the body instead (``LedgerEntry.body``).
    """
    if event is not None and item.marker.fingerprint == event.fingerprint():
        # What was written is known, and so the body counts sign by sign: of HTML, the mark knows the words alone.
        return untouched(item, event, zones) and says(body, event, rendering)
    if event is not None and _shows(item, event) and says(body, event):
        return True
    if not item.marker.shown:
        return untouched(item, None, zones, body if body.strip() else None)
    return untouched(item, None, zones) and written_body(item, body)


def written_body(item: RemoteEvent, body: str) -> bool:
    """Whether ``body``, as it was read, is what the item's mark says; of marks of earlier versions, that is not known."""
    return any(_digest(form, _BODY) == item.marker.shown[_LISTED:] for form in _read_forms(body))


def _shows(item: RemoteEvent, event: Event | None) -> bool:
    if event is None or differences(event, item):
        return False
    return _only_these(item, location=event.location is not None, categories=event.categories is not None)


def says(body: str, event: Event, rendering: str | None = None) -> bool:
    """Whether ``body``, as it was read, is the event's, or what the service is known to show instead."""
    if event.body is None:
        return not body.strip()
    if rendering is not None and rendering == rendering_of(event.body, event.body_kind, body):
        return True
    return same_body(event.body, event.body_kind, body)


def _only_these(item: RemoteEvent, *, location: bool, categories: bool) -> bool:
    return (location or not item.location) and (categories or not item.categories)


def _owned(item: RemoteEvent, zones: Collection[str], body: str | None) -> tuple[bool, bool] | None:
    """Which of location and categories were written, where the item is as its mark says; else None."""
    if item.all_day:
        return None
    mark = item.marker
    for owned in _OWNED:
        location, categories = item.location if owned[0] else None, item.categories if owned[1] else None
        if mark.shown:
            if _digest(_listed(item, location, categories), _LISTED) == mark.shown[:_LISTED]:
                return owned
        elif mark.fingerprint in _fingerprints(item, location, categories, zones, body):
            return owned
    return None


def _listed(of: Event | RemoteEvent, location: str | None, categories: Collection[str] | None) -> str:
    return PART.join(
        (
            of.start.isoformat(),
            of.end.isoformat(),
            _beginning(of.subject),
            "" if location is None else "=" + _beginning(location),
            "" if categories is None else "=" + JOINT.join(sorted({_beginning(one) for one in categories})),
            of.busy,
            "off" if of.reminder is None else str(of.reminder),
            of.sensitivity,
        )
    )


def _beginning(text: str) -> str:
    """What every listing gives of a text: services cut them, and trim them."""
    text = text.strip()
    if utf16_length(text) > _COMPARED:
        text = text.encode("utf-16-le", "surrogatepass")[: 2 * _COMPARED].decode("utf-16-le", "ignore")
    return text.rstrip()


def _fingerprints(
    item: RemoteEvent, location: str | None, categories: Collection[str] | None, zones: Collection[str], body: str | None
) -> Iterator[str]:
    joined = None if categories is None else JOINT.join(categories)
    bodies = {None} if body is None else {body, body.strip(), body.replace("\r\n", "\n"), body.replace("\r\n", "\n").strip()}
    for zone, text in product(zones, bodies):
        shown = (item.subject, location, text, "text", joined, item.busy, item.reminder, item.sensitivity)
        yield fingerprint_of(item.start.isoformat(), item.end.isoformat(), content_of(zone, *shown))


def _written_form(body: str, kind: BodyKind) -> str:
    """What of a body that is written is found again in what is read, whatever the service makes of it: one of :func:`_read_forms`."""
    return _unspaced(body) if kind == "text" else _words(unescape(_TAG.sub(" ", _UNSEEN.sub(" ", body))))


def _read_forms(read: str) -> frozenset[str]:
    return frozenset((_unspaced(read), _words(read), _words(_LABEL.sub("", read))))


def _unspaced(text: str) -> str:
    return "".join(text.split())


def _words(text: str) -> str:
    return "".join(_WORD.findall(_LINK.sub(" ", text))).casefold()


def _digest(text: str, letters: int) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).digest()
    return b32encode(digest).decode("ascii").lower()[:letters]


def may_be(item: RemoteEvent, event: Event) -> bool:
    """Whether ``item``, which is unreadable, may be ``event``, as far as it tells by itself."""
    if item.marker.key:
        return item.marker.key == event.key
    return (
        ("start" in item.missing or item.start == event.start)
        and ("end" in item.missing or item.end == event.end)
        and (not item.subject or same_text(event.subject, item.subject))
    )


class Unreadable:
    """Those of one calendar that are not another source's. ``ledger`` is what is known of the calendar, by key."""

    def __init__(self, items: Iterable[RemoteEvent], ledger: Mapping[str, LedgerEntry], source: str) -> None:
        mine = source_prefix(source)
        self.items = [item for item in items if not item.marker.key or item.marker.key.startswith(mine)]
        ids = {entry.item.id: key for key, entry in ledger.items()} if self.items else {}
        self._by_key = {key: item for item in self.items if (key := item.marker.key or ids.get(item.item.id))}
        self._named: set[int] = set()

    @property
    def keys(self) -> Iterable[str]:
        """Those that are known."""
        return self._by_key.keys()

    def instead_of(self, event: Event) -> Skipped | None:
        """That ``event``, which does not stand there, is not made, as one of these may be it; None where none may."""
        found = self._by_key.get(event.key) or next((item for item in self.items if may_be(item, event)), None)
        if found is None:
            return None
        self._named.add(id(found))
        return Skipped(event.key, SkipReason.UNREADABLE, found, event)

    def others(self) -> list[Skipped]:
        """Those that are named by no event yet."""
        keys = {id(item): key for key, item in self._by_key.items()}
        return [Skipped(keys.get(id(item), ""), SkipReason.UNREADABLE, item, None) for item in self.items if id(item) not in self._named]
