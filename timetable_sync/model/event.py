"""An event: what ought to stand in one calendar. The fields that we own, and no more."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

#: Exchange refuses a longer subject; FindItem cuts every string there.
#: https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation
LONGEST_SUBJECT = 255

BodyKind = Literal["text", "html"]

#: Between categories (unit separator): no category holds it.
JOINT = "\x1f"
#: Between the parts of what is digested (record separator).
PART = "\x1e"

# Base32 (RFC 4648), two characters at a time: several times quicker than base64's, and there are a million of them.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_PLACES = range(70, -1, -10)


class Busy(StrEnum):
    """How the time is shown to others."""

    FREE = "free"
    TENTATIVE = "tentative"
    BUSY = "busy"
    OUT_OF_OFFICE = "out-of-office"
    WORKING_ELSEWHERE = "working-elsewhere"


class Sensitivity(StrEnum):
    """Who may see the details."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True, slots=True)
class Event:
    """What ought to stand in one calendar.

    ``start`` and ``end`` are aware, in UTC, whole seconds, and end is after start; ``zone`` is the IANA name of
    the zone in which people read them. ``location``, ``body`` and ``categories`` that are None are not ours: they
    are neither written nor compared. ``categories`` are sorted. ``reminder`` is in minutes before the start, or None for off.
    """

    key: str
    start: datetime
    end: datetime
    zone: str
    subject: str
    location: str | None = None
    body: str | None = None
    body_kind: BodyKind = "text"
    categories: tuple[str, ...] | None = None
    busy: Busy = Busy.BUSY
    reminder: int | None = None
    sensitivity: Sensitivity = Sensitivity.NORMAL
    # Not given and not copied by replace(): an event that was made of another one has another content.
    _fingerprint: str | None = field(default=None, init=False, repr=False, compare=False)

    def fingerprint(self) -> str:
        """16 characters (80 bits) of base32: the digest of all owned content, the key left out. Worked out once."""
        known = self._fingerprint
        if known is None:
            categories = None if self.categories is None else JOINT.join(self.categories)
            shown = (self.subject, self.location, self.body, self.body_kind, categories, self.busy, self.reminder, self.sensitivity)
            known = fingerprint_of(self.start.isoformat(), self.end.isoformat(), content_of(self.zone, *shown))
            object.__setattr__(self, "_fingerprint", known)
        return known

    def known_by(self, fingerprint: str) -> "Event":
        """This event, with its ``fingerprint`` as :func:`fingerprint_of` gave it for the same content."""
        object.__setattr__(self, "_fingerprint", fingerprint)
        return self


def content_of(
    zone: str,
    subject: str,
    location: str | None,
    body: str | None,
    body_kind: str,
    categories: str | None,
    busy: str,
    reminder: int | None,
    sensitivity: str,
) -> str:
    """All that an event owns but its times, as one text; ``categories`` are joined by :data:`JOINT`."""
    return PART.join(
        (
            zone,
            subject,
            "" if location is None else "=" + location,
            "" if body is None else body_kind + "=" + body,
            "" if categories is None else "=" + categories,
            busy,
            "off" if reminder is None else str(reminder),
            sensitivity,
        )
    )


def fingerprint_of(start: str, end: str, content: str) -> str:
    """The fingerprint of what is no event yet: moments in UTC as in "2026-11-24T09:00:00+00:00", and :func:`content_of` it."""
    digest = hashlib.blake2b(f"{start}{PART}{end}{PART}{content}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    number = int.from_bytes(digest, "big")
    return "".join([_PAIRS[number >> place & 0x3FF] for place in _PLACES])
