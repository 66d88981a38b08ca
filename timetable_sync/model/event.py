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

    def with_fingerprint(self, fingerprint: str) -> "Event":
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
    return fingerprint_of_parts(times_of(start, end), encoded(content))


def times_of(start: str, end: str) -> bytes:
    """What times have a share in a fingerprint as."""
    return f"{start}{PART}{end}{PART}".encode()


def encoded(content: str) -> bytes:
    """What :func:`content_of` an event has a share in its fingerprint as."""
    return content.encode("utf-8", "surrogatepass")


def fingerprint_of_parts(times: bytes, content: bytes) -> str:
    """As :func:`fingerprint_of`, of :func:`times_of` and :func:`encoded`: for those who need each of them many times."""
    number = int.from_bytes(hashlib.blake2b(times + content, digest_size=10).digest(), "big")
    high, low = number >> 40, number & 0xFFFFFFFFFF
    # Written out: half the time of a loop.
    return (
        f"{_PAIRS[high >> 30]}{_PAIRS[high >> 20 & 0x3FF]}{_PAIRS[high >> 10 & 0x3FF]}{_PAIRS[high & 0x3FF]}"
        f"{_PAIRS[low >> 30]}{_PAIRS[low >> 20 & 0x3FF]}{_PAIRS[low >> 10 & 0x3FF]}{_PAIRS[low & 0x3FF]}"
    )
