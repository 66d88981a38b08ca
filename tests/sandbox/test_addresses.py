"""Mailboxes are found by aliases, get other addresses, and are made anew, as in Exchange."""

from dataclasses import replace

import pytest

from tests.sandbox.asking import Ews
from tests.sandbox_process import SandboxProcess
from timetable_sync.sandbox.client import SandboxRefused
from timetable_sync.sandbox.world import World


def folder_of(ews: Ews, address: str) -> str:
    """The id of the calendar that an address leads to, or the code by which it is refused."""
    answer = replace(ews, mailbox=address).ask(
        '<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="calendar">'
        f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:FolderIds></m:GetFolder>"
    )
    return str(answer.one("//t:FolderId").get("Id")) if answer.status == 200 else answer.fault


def test_an_alias_leads_to_the_same_folder_in_whatever_case(sandbox: SandboxProcess, ews: Ews) -> None:
    first = folder_of(ews, ews.mailbox)
    sandbox.client.add_alias(ews.mailbox, "Logic@groups.example.ac.uk")
    assert folder_of(ews, "logic@Groups.example.ac.uk") == first


def test_a_mailbox_that_is_renamed_keeps_its_ids_and_its_old_address(sandbox: SandboxProcess, ews: Ews) -> None:
    old = ews.mailbox
    first = folder_of(ews, old)
    sandbox.client.rename_mailbox(old, "renamed@new.example.ac.uk")
    assert folder_of(ews, "renamed@new.example.ac.uk") == folder_of(ews, old) == first
    sandbox.client.remove_alias(old)
    assert folder_of(ews, "renamed@new.example.ac.uk") == first
    assert folder_of(ews, old) == "ErrorNonExistentMailbox"


def test_an_alias_may_be_refused_with_the_primary_address_in_the_answer(sandbox: SandboxProcess, ews: Ews) -> None:
    sandbox.client.add_alias(ews.mailbox, "logic@groups.example.ac.uk", refused="ErrorNonPrimarySmtpAddress")
    assert folder_of(ews, "logic@groups.example.ac.uk") == "ErrorNonPrimarySmtpAddress"
    answer = replace(ews, mailbox="logic@groups.example.ac.uk").get("id")
    assert answer.one("//t:Value[@Name='Primary']").text == ews.mailbox


def test_a_mailbox_that_is_made_anew_has_another_folder(sandbox: SandboxProcess, ews: Ews) -> None:
    address, first = ews.mailbox, folder_of(ews, ews.mailbox)
    sandbox.client.make_mailbox_anew(address)
    second = folder_of(ews, address)
    sandbox.client.remove_mailbox(address)
    sandbox.client.add_mailbox(address)
    assert len({first, second, folder_of(ews, address)}) == 3


def test_an_address_is_one_mailboxs_alone(sandbox: SandboxProcess, ews: Ews) -> None:
    sandbox.client.add_mailbox("other@groups.example.ac.uk")
    with pytest.raises(SandboxRefused, match="another mailbox's own"):
        sandbox.client.add_alias(ews.mailbox, "other@groups.example.ac.uk")
    with pytest.raises(SandboxRefused, match="another mailbox's own"):
        sandbox.client.rename_mailbox(ews.mailbox, "other@groups.example.ac.uk")


def test_a_world_that_is_kept_knows_its_aliases_and_what_was_made_anew() -> None:
    world = World()
    mailbox = world.add_mailbox("a@example.ac.uk", "group")
    world.rename(world.make_anew(mailbox), "b@example.ac.uk")
    again = World()
    again.load(world.as_json())
    found = again.mailbox("a@example.ac.uk")
    assert found is not None
    assert found is again.mailbox("b@example.ac.uk")
    assert found.ids.calendar != mailbox.ids.calendar
    assert again.as_json() == world.as_json()
