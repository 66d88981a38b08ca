"""The EWS backend against the sandbox, over HTTP and with a real token: a world for the contract, and for tests of EWS's own."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.calendars.contract import Seen
from timetable_sync.calendars.contract import TokenSource
from timetable_sync.calendars.ews.backend import EwsBackend, open_ews
from timetable_sync.calendars.ews.windows_zones import windows_zone
from timetable_sync.config.sections.ews import Ews
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET
from timetable_sync.sandbox.client import SandboxClient

_BUSY = {
    "Free": Busy.FREE,
    "Tentative": Busy.TENTATIVE,
    "Busy": Busy.BUSY,
    "OOF": Busy.OUT_OF_OFFICE,
    "WorkingElsewhere": Busy.WORKING_ELSEWHERE,
}
_ELEMENTS = {
    "start": ["Start"],
    "end": ["End"],
    "busy": ["LegacyFreeBusyStatus"],
    "reminder": ["ReminderIsSet", "ReminderMinutesBeforeStart"],
    "sensitivity": ["Sensitivity"],
    "all_day": ["IsAllDayEvent"],
    "series": ["CalendarItemType"],
    "version": ["ItemId"],
}
_numbers = itertools.count(1)


class SandboxWorld:
    """Two fresh group mailboxes of a sandbox that runs."""

    def __init__(self, client: SandboxClient, tokens: TokenSource, **settings: Any) -> None:
        number = next(_numbers)
        self.client = client
        self.calendar = Calendar(f"comp{number}@groups.example.ac.uk", "COMP")
        self.other = Calendar(f"math{number}@groups.example.ac.uk", "MATH")
        self.nobody = Calendar(f"nobody{number}@groups.example.ac.uk", "NOBODY")
        client.add_mailboxes([self.calendar.address, self.other.address], "group")
        given = {"endpoint": client.ews_url, "timeout": timedelta(seconds=30)} | settings
        self.backend: EwsBackend = open_ews(Ews(**given), tokens)

    def seen(self, calendar: Calendar) -> list[Seen]:
        return [_seen(one) for one in self.client.events(calendar.address)]

    def deleted(self, calendar: Calendar) -> list[Seen]:
        return [_seen(one) for one in self.client.deleted_items(calendar.address)]

    def add_appointment(self, calendar: Calendar, start: datetime, end: datetime, subject: str) -> str:
        return self.client.add_appointment(calendar.address, subject, start, end)

    def edit(self, calendar: Calendar, item: str, **fields: Any) -> None:
        if "marker" in fields:
            fields["extended"] = [[PROPERTY_SET, f"name:{PROPERTY_NAME}", "String", fields.pop("marker")]]
        if "missing" in fields:
            fields["not_given"] = [element for name in fields.pop("missing") for element in _ELEMENTS[name]]
        self.client.edit_event(calendar.address, item, **fields)

    def delete(self, calendar: Calendar, item: str) -> None:
        self.client.delete_event(calendar.address, item)

    def copy(self, calendar: Calendar, item: str) -> str:
        return self.client.copy_event(calendar.address, item)

    def also_as(self, calendar: Calendar) -> Calendar:
        self.client.add_alias(calendar.address, f"also-{calendar.address}")
        return Calendar(f"also-{calendar.address}", calendar.name)

    def make_anew(self, calendar: Calendar) -> None:
        self.client.make_mailbox_anew(calendar.address)

    def unclear_next_write(self, *, done: bool) -> None:
        self.fault(what="drop", when="after" if done else "before", operation="[CUD]*Item")

    def busy_next_request(self, seconds: float) -> None:
        self.fault(what="busy", backoff_ms=int(seconds * 1000))

    def fault(self, **fault: Any) -> None:
        """A fault that concerns this world's mailboxes alone."""
        number = self.calendar.address.partition("@")[0].removeprefix("comp")
        self.client.set_fault({"mailbox": f"*[!0-9]{number}@*", **fault})

    def let_time_pass(self) -> None:
        """Exchange tells a folder's time by the second."""
        self.client.advance_clock(1)

    def same_zone(self, seen: str, zone: str) -> bool:
        return seen == windows_zone(zone)


def _seen(view: Mapping[str, Any]) -> Seen:
    markers = [one[3] for one in view["extended"] if one[:2] == [PROPERTY_SET, f"name:{PROPERTY_NAME}"]]
    return Seen(
        id=view["id"],
        start=datetime.fromisoformat(view["start"]),
        end=datetime.fromisoformat(view["end"]),
        subject=view["subject"],
        location=view["location"],
        body=view["body"],
        categories=tuple(view["categories"]),
        busy=_BUSY[view["busy"]],
        reminder=view["reminder_minutes"] if view["reminder_is_set"] else None,
        sensitivity=Sensitivity(view["sensitivity"].lower()),
        marker=markers[0] if markers else None,
        zone=view["time_zone"],
    )
