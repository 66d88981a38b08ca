"""An event: what ought to stand in one calendar. The fields that we own, and no more."""

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

#: Exchange refuses a longer subject; FindItem cuts every string there.
#: https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation
LONGEST_SUBJECT = 255

BodyKind = Literal["text", "html"]


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

    def fingerprint(self) -> str:
        """16 characters (80 bits) of base32: the digest of all owned content, the key left out."""
        parts = (
            self.start.isoformat(),
            self.end.isoformat(),
            self.zone,
            self.subject,
            "" if self.location is None else "=" + self.location,
            "" if self.body is None else self.body_kind + "=" + self.body,
            "" if self.categories is None else "=" + "\x1f".join(self.categories),
            self.busy.value,
            "off" if self.reminder is None else str(self.reminder),
            self.sensitivity.value,
        )
        digest = hashlib.blake2b("\x1e".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).digest()
        return b32encode(digest).decode("ascii").lower()
