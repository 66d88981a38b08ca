"""The configurations that a history may go through, each as a value, and as the TOML that a night reads."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Policy = Literal["restore", "keep", "report"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the machine varies of a configuration; everything else is as it is by default.

    ``future`` is in days, ``past`` in hours. ``narrow`` are guards that let through few deletes of small calendars.
    """

    zone: str = "Europe/London"
    future: int = 7
    past: int = 0
    coded: bool = False
    body: bool = False
    mark: bool = False
    edited: Policy = "restore"
    deleted: Policy = "restore"
    narrow: bool = False
    stamps: bool = True

    def subject(self, title: str, activity: str) -> str:
        """What an event is called."""
        return f"{title} ({activity})" if self.coded else title

    def text(self, room: str) -> str | None:
        """What is written into an event's body; None where bodies are left alone."""
        return f"Meet in {room or 'the hall'}." if self.body else None

    def allowed_in_calendar(self, standing: int) -> int:
        """How many deletes a calendar's guard lets through."""
        return max(standing * 3 // 10, 1 if self.narrow else 5)

    def allowed_in_run(self, standing: int) -> int:
        """How many deletes the run's guard lets through."""
        return max(standing * 3 // 10, 6) if self.narrow else max(standing // 10, 10)

    @property
    def back(self) -> timedelta:
        """How far the window reaches back."""
        return timedelta(hours=self.past)

    def toml(self) -> str:
        """The configuration, but for what says where calendars and databases are."""
        guards = (
            '[guards]\ndeletes_in_calendar = { share = "30 %", at_least = 1 }\ndeletes_in_run = { share = "30 %", at_least = 6 }\n'
            if self.narrow
            else ""
        )
        body = "body = \"Meet in {{ rooms | join(', ') or 'the hall' }}.\"" if self.body else ""
        return f"""
[timetable]
url = "sqlite:///timetable.db"
time_zone = "{self.zone}"
period = "2026/27"
query = "SELECT *, json(stumbling) AS stumbled FROM meeting ORDER BY rowid"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
rooms = {{ column = "room", many = true }}
cancelled = {{ column = "cancelled", action = "{"mark" if self.mark else "delete"}" }}
[window]
future = "{self.future} days"
past = "{self.past} hours"
[event]
subject = "{"{{ title }} ({{ activity }})" if self.coded else "{{ title }}"}"
location = "{{{{ rooms | join(', ') }}}}"
{body}
categories = ["Timetable"]
[drift]
edited = "{self.edited}"
deleted = "{self.deleted}"
{guards}[run]
calendars_at_once = 1
full_reading = "{7 if self.stamps else 0} days"
[state]
url = "sqlite:///state.db"
"""
