"""Which mailbox a calendar of the timetable is. Says nothing of whether it may be written."""

import re
from collections.abc import Mapping
from typing import Any

from timetable_sync.settings.schema import Calendars
from timetable_sync.timetable.templates import TemplateFailed, Templates

# What a mailbox in Exchange can be called; quoted local parts are not among it.
# https://learn.microsoft.com/exchange/recipients/email-addresses
_SMTP = re.compile(r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$")


class Addresses:
    """The address template, compiled, and what it gave, by calendar name where it uses nothing else."""

    def __init__(self, calendars: Calendars, templates: Templates) -> None:
        self._template = templates.compile("calendars.address", calendars.address)
        self._by_name_alone = set(templates.names_in(calendars.address)) <= {"calendar"}
        self._known: dict[str, str] = {}

    def address(self, name: str, columns: Mapping[str, Any]) -> str:
        """The address of the calendar ``name``, in lower case. ``columns`` are those of its lesson. Raises TemplateFailed."""
        if (known := self._known.get(name)) is not None:
            return known
        address = self._template.render({**columns, "calendar": name}).strip().lower()
        if len(address) > 254 or ".." in address or _SMTP.match(address) is None:
            raise TemplateFailed(f'calendars.address gives "{address[:80]}" for calendar "{name[:60]}", which is not a mail address')
        if self._by_name_alone:
            self._known[name] = address
        return address
