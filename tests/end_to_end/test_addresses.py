"""Mailboxes that are found by an alias, got another address, or were made anew: over HTTP, by commands as they are typed."""

from collections.abc import Iterator, Mapping

import pytest

from tests.end_to_end.installation import WRITING, Installation

COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"
NOW = ("--now", "2026-10-13T01:00")
MOVED = {
    "TIMETABLE_SYNC_CALENDARS__ADDRESS": "{{ calendar | lower }}@new.example.ac.uk",
    "TIMETABLE_SYNC_CALENDARS__ALLOW": '["*@new.example.ac.uk", "*@groups.example.ac.uk"]',
}


@pytest.fixture
def filled(installation: Installation) -> Iterator[Installation]:
    """After two nights; the last change in the calendars is some minutes old."""
    client = installation.sandbox.client
    for address in ("comp101@new.example.ac.uk", "math101@new.example.ac.uk"):
        client.remove_mailbox(address)
        client.remove_alias(address)
    assert installation.run(*NOW).returncode == 0
    client.advance_clock(180)
    assert installation.run(*NOW).returncode == 0
    yield installation
    client.advance_clock(-180)


def writes(installation: Installation) -> Mapping[str, int]:
    return {name: many for name, many in installation.sandbox.client.requests().items() if name in WRITING}


@pytest.mark.parametrize("old", ["kept", "taken away", "refused"])
def test_a_changed_domain_writes_nothing_whatever_becomes_of_the_old_addresses(filled: Installation, old: str) -> None:
    client = filled.sandbox.client
    for address in (COMP, MATH):
        client.rename_mailbox(address, address.replace("groups", "new"), keep=old == "kept")
        if old == "refused":
            client.add_alias(address.replace("groups", "new"), address, refused="ErrorNonPrimarySmtpAddress")
    before = {address: client.events(address.replace("groups", "new")) for address in (COMP, MATH)}
    client.reset_requests()

    dry = filled.run(*NOW, "--dry-run", environment=MOVED)
    nights = [filled.run(*NOW, environment=MOVED) for _ in range(2)]

    assert [one.returncode for one in (dry, *nights)] == [0, 0, 0], nights[0].stdout
    assert "2 calendars have another address now, and what was known of it went along" in nights[0].stdout
    assert "another address" not in nights[1].stdout
    assert writes(filled) == {}
    assert {address: client.events(address.replace("groups", "new")) for address in (COMP, MATH)} == before
    client.reset_requests()
    assert filled.run(*NOW, environment=MOVED).returncode == 0
    assert client.requests() == {"GetFolder": 2, "token": 1}, "a quiet night, as ever"


def test_two_calendars_whose_addresses_lead_to_one_mailbox_fail_by_name_and_lose_nothing(filled: Installation) -> None:
    client = filled.sandbox.client
    client.remove_mailbox(MATH)
    client.add_alias(COMP, MATH)
    before = client.events(COMP)
    client.reset_requests()

    for _ in range(2):
        night = filled.run(*NOW)

        assert night.returncode == 1
        assert f"{COMP} leads to the same mailbox as {MATH}" in night.stdout
        assert f"{MATH} leads to the same mailbox as {COMP}" in night.stdout
    assert writes(filled) == {}
    assert client.events(COMP) == before


def test_a_mailbox_that_was_made_anew_is_filled_in_one_night_and_nothing_is_held(filled: Installation) -> None:
    client = filled.sandbox.client
    client.remove_mailbox(COMP)
    client.add_mailbox(COMP)
    client.add_appointment(COMP, "Coffee", "2026-10-15T09:00:00+00:00", "2026-10-15T10:00:00+00:00")

    night = filled.run(*NOW)

    assert night.returncode == 0, night.stdout
    assert "1 calendar was made anew" in night.stdout
    assert sorted(event["subject"] for event in client.events(COMP)) == ["Coffee", "Logic", "Logic", "Logic"]
    assert client.deleted_items(COMP) == []
