"""A calendar item as the store keeps it, and the ids that items, folders and change keys have.

An item is owned fields by their element's name, extended properties and a change key; no XML. Ids and change keys look and behave like
Exchange's: long base64, case-sensitive, with ``/`` and ``+`` in them. Nothing can be told from them but the mailbox that they belong to;
and an id with one letter changed is malformed or unknown.
"""

import base64
import binascii
import hashlib
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

_ITEM_HEAD = b"\x00\x03\x24\x00"
_FOLDER_HEAD = b"\x01\x03\x24\x00"
_KEY_HEAD = b"\x0f\x00\x00\x00\x16\x00\x00\x00"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class IdMaker:
    """Makes the ids of one mailbox. ``origin`` (the address that it was made with) decides the mailbox's GUID, whatever its address is."""

    def __init__(self, origin: str) -> None:
        self.guid = str(uuid.uuid5(uuid.NAMESPACE_URL, "mailto:" + origin.lower()))
        digest = hashlib.sha256(origin.lower().encode()).digest()
        # Each prefix is a multiple of three bytes long, so that its base64 can be prepended.
        self._item = _text((_ITEM_HEAD + self.guid.encode() + b"\x00F" + digest)[:72])
        self._key = _text(_KEY_HEAD + digest[:16])
        # Weak random numbers are right here: an id is a name, not a secret.
        self._random = random.Random(digest)  # noqa: S311
        self.calendar = _text(_FOLDER_HEAD + self.guid.encode() + b"\x00." + digest + bytes(6) + b"\x01\r")
        self.deleted = _text(_FOLDER_HEAD + self.guid.encode() + b"\x00." + digest + bytes(6) + b"\x01\n")
        self.root = _text(_FOLDER_HEAD + self.guid.encode() + b"\x00." + digest + bytes(6) + b"\x01\x08")

    def item(self, number: int) -> str:
        """The id of the ``number``-th item that this mailbox ever had."""
        return self._item + _text(self._random.randbytes(31) + number.to_bytes(8, "big"))

    def change_key(self, number: int) -> str:
        """The ``number``-th change key of this mailbox."""
        return self._key + _text(number.to_bytes(6, "big"))

    def owns(self, item_id: str) -> bool:
        """Whether the id was made for this mailbox."""
        return item_id.startswith(self._item)


def occurrence_id(master_id: str, index: int) -> str:
    """The id of the ``index``-th occurrence (from 1) of a recurring series: not an id of its own in the store."""
    return "FRAAC" + _text(index.to_bytes(3, "big")) + master_id


def split_occurrence_id(item_id: str) -> tuple[str, int] | None:
    """Master's id and index from an occurrence's id; None for any other id."""
    if not item_id.startswith("FRAAC") or len(item_id) < 20:
        return None
    try:
        return item_id[9:], int.from_bytes(base64.b64decode(item_id[5:9], validate=True), "big")
    except binascii.Error:
        return None


def well_formed(item_id: str) -> bool:
    """Whether it is base64 of something long enough to be an id; Exchange calls anything else malformed."""
    found = split_occurrence_id(item_id)
    if found is not None:
        item_id = found[0]
    try:
        raw = base64.b64decode(item_id, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= 60 and raw[1:4] == _ITEM_HEAD[1:4]


#: What an extended property is known by: property set (a GUID, or "tag"), name ("name:…", "id:…" or the tag), type.
PropertyKey = tuple[str, str, str]

#: What a field is when nobody set it. A reminder is on by itself: an Exchange habit that surprises.
DEFAULTS: dict[str, Any] = {
    "ItemClass": "IPM.Appointment",
    "Sensitivity": "Normal",
    "Importance": "Normal",
    "ReminderIsSet": True,
    "ReminderMinutesBeforeStart": 15,
    "IsAllDayEvent": False,
    "LegacyFreeBusyStatus": "Busy",
    "IsResponseRequested": True,
    "IsCancelled": False,
    "AllowNewTimeProposal": True,
    "IsOnlineMeeting": False,
    "ConferenceType": 0,
    "Culture": "en-US",
    "StartTimeZone": "UTC",
    "EndTimeZone": "UTC",
    "BodyType": "Text",
    "CalendarItemType": "Single",
}

ATTENDEES = ("RequiredAttendees", "OptionalAttendees", "Resources")


@dataclass(slots=True)
class Item:
    """One item. ``start`` and ``end`` in seconds since 1970; every other field by the name of its element.

    The field ``NotGiven`` names elements that are left out when the item is handed out, whatever they hold: nearly all are optional.
    ``rendered`` holds finished fragments by the number of the shape they were made for: whoever changes anything clears it.
    """

    id: str
    number: int
    start: int
    end: int
    fields: dict[str, Any]
    extended: dict[PropertyKey, str | list[str]] = field(default_factory=dict)
    change_key: str = ""
    created: int = 0
    modified: int = 0
    modified_by: str = ""
    rendered: dict[int, str] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """A field's value, or what it is when nobody set it."""
        found = self.fields.get(name)
        return DEFAULTS.get(name) if found is None else found

    @property
    def attendees(self) -> list[dict[str, str]]:
        """Everybody who is invited."""
        return [one for name in ATTENDEES for one in self.fields.get(name, ())]

    @property
    def is_master(self) -> bool:
        """Whether it stands for a recurring series."""
        return "Recurrence" in self.fields

    def as_json(self) -> dict[str, Any]:
        """Everything there is to the item, for the state file and for bit-by-bit comparison: to be written out at once, not kept."""
        return {
            "id": self.id,
            "number": self.number,
            "start": self.start,
            "end": self.end,
            "fields": self.fields,
            "extended": [[*key, value] for key, value in sorted(self.extended.items())],
            "change_key": self.change_key,
            "created": self.created,
            "modified": self.modified,
            "modified_by": self.modified_by,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Item":
        """The item that :meth:`as_json` wrote."""
        data = dict(data)
        extended = {(one[0], one[1], one[2]): one[3] for one in data.pop("extended")}
        return cls(extended=extended, **data)
