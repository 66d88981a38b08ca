"""A calendar item as the store keeps it: owned fields by their element's name, extended properties, change key. No XML."""

from dataclasses import dataclass, field
from typing import Any

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
