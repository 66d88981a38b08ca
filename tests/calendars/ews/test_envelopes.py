"""The envelope is exchangelib's, to the letter; it is only put into words once."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from lxml import etree

from timetable_sync.calendars.ews.names import MESSAGES, TYPES
from timetable_sync.calendars.ews.operations import GetFolders, MailboxAccount
from timetable_sync.calendars.ews.requests import enveloped, get_stamp


def canonical(document: bytes) -> bytes:
    return etree.tostring(etree.fromstring(document), method="c14n")


@pytest.mark.parametrize("version", ["Exchange2013", "Exchange2013_SP1", "Exchange2016"])
@pytest.mark.parametrize("address", ["comp101@groups.example.ac.uk", "o'hara&<sons>@example.ac.uk"])
def test_it_is_what_exchangelib_puts_around_a_request(version: str, address: str) -> None:
    protocol = cast(Any, SimpleNamespace(version=SimpleNamespace(api_version=version), credentials=None))
    service: Any = GetFolders(MailboxAccount(address, protocol, address))
    theirs: bytes = service.wrap(content=etree.fromstring(get_stamp(address)), api_version=version)

    ours = enveloped(get_stamp(address), version, address)

    assert canonical(ours) == canonical(theirs)
    head = theirs[: theirs.index(b"<m:GetFolder")]
    assert ours.startswith(head)


@pytest.mark.parametrize("address", ["comp101@groups.example.ac.uk", "o'hara&<sons>@example.ac.uk"])
def test_what_asks_for_a_stamp_is_in_the_schemas_order_whoever_is_asked(address: str) -> None:
    asked = etree.fromstring(get_stamp(address))
    m, t = f"{{{MESSAGES}}}", f"{{{TYPES}}}"
    assert [element.tag for element in asked.iter()] == [
        *(m + name for name in ("GetFolder", "FolderShape")),
        *(t + name for name in ("BaseShape", "AdditionalProperties", "FieldURI", "ExtendedFieldURI", "ExtendedFieldURI")),
        m + "FolderIds",
        *(t + name for name in ("DistinguishedFolderId", "Mailbox", "EmailAddress")),
    ]
    assert asked.findtext(f".//{t}EmailAddress") == address


def test_a_text_goes_in_as_it_is() -> None:
    assert b"<s:Body><m:GetFolder/></s:Body></s:Envelope>" in enveloped(b"<m:GetFolder/>", "Exchange2016", "a@example.ac.uk")
