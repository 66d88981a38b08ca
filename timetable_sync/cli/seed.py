"""What a sandbox has to hold for a configuration's nights: its application, and a mailbox for every calendar of its timetable."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from timetable_sync.config.load import Loaded
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.manifest import manifest_of
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable

#: Every calendar is named whatever the window; of its events, none is wanted here.
_NO_TIME = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``calls`` are what the sandbox is told before it listens, in this order; ``mailboxes`` is how many it gets."""

    calls: tuple[tuple[str, dict[str, Any]], ...]
    mailboxes: int


def rehearsal(loaded: Loaded) -> Rehearsal:
    """For one configuration. Raises CredentialsRefused, TimetableUnusable or UsageError as a night would."""
    settings = loaded.settings
    entra = settings.application
    certificate = load_certificate(entra)
    application = {
        "manifest": manifest_of(certificate.der),
        "tenant": entra.tenant,
        "client_id": entra.client,
        "roles": ["full_access_as_app"],
        "secrets": {},
        "scopes": [],
    }
    with read_timetable(settings, _NO_TIME, base=loaded.base) as reading:
        addresses = sorted({calendar.address for calendar in reading.calendars()})
    mailboxes = {"mailboxes": [{"address": address, "kind": "group"} for address in addresses]}
    return Rehearsal((("register_app", application), ("add_mailboxes", mailboxes)), len(addresses))
