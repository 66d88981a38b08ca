"""What bites in exchangelib and in Exchange, where no other test holds it: docs/traps.md has all of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from lxml import etree

from tests.calendars.contract import WEEK, creating, errors, event
from tests.calendars.ews.canned import Canned, CannedServer
from tests.calendars.ews.conftest import Opener
from tests.calendars.ews.sandbox_world import SandboxWorld
from tests.calendars.ews.test_requests import STEPS, Step
from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar
from timetable_sync.planning.compare import Rules, compare

TYPES = "{http://schemas.microsoft.com/exchange/services/2006/types}"


def test_exchangelibs_own_item_is_left_as_it_is() -> None:
    """``CalendarItem.register()`` is global, raises when repeated, and a bare subclass leaks into it: none of it is done."""
    looked = """
from exchangelib import CalendarItem
before = [field.name for field in CalendarItem.FIELDS]
import timetable_sync.calendars.ews.backend, timetable_sync.calendars.ews.find_item, timetable_sync.night
assert [field.name for field in CalendarItem.FIELDS] == before
assert not CalendarItem.__subclasses__(), CalendarItem.__subclasses__()
"""
    ended = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_mailbox_is_named_by_its_address_alone(server: CannedServer, opened: Opener, calendar: Calendar, step: Step) -> None:
    """Whether Exchange wants MailboxType "GroupMailbox" for a group's is not settled; in the schema it is optional."""
    server.always = lambda _: Canned(status=400)
    with suppress(BackendError):
        step(opened(), calendar)
    named = list(mailboxes(server))
    assert {tuple((child.tag, child.text) for child in mailbox) for mailbox in named} <= {((f"{TYPES}EmailAddress", calendar.address),)}
    if step is STEPS["snapshot"]:
        assert named


def mailboxes(server: CannedServer) -> Iterator[etree._Element]:
    for asked in server.asked:
        yield from etree.fromstring(asked.body).iter(f"{TYPES}Mailbox")


@pytest.mark.parametrize("zone", ["Europe/Prague", "Europe/Budapest", "Europe/Kiev", "Asia/Calcutta"])
def test_zones_of_one_name_in_windows_are_no_change(sandbox_world: SandboxWorld, zone: str) -> None:
    """Exchange knows Prague's time by Budapest's name: the event comes back in the zone of the name, and is not written again."""
    wanted = event(zone=zone)
    assert errors(sandbox_world.backend.apply(sandbox_world.calendar, creating(wanted))) == [None]

    snapshot = sandbox_world.backend.snapshot(sandbox_world.calendar, WEEK)
    (standing,) = snapshot.ours

    assert compare([wanted], snapshot, {}, Rules("uni", standing.marker.mapping)).changes == ()
