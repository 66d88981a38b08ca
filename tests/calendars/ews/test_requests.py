"""Our requests are valid by Microsoft's own schemas, online and on premises; their envelope is exchangelib's, to the letter."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lxml import etree

from tests.calendars.contract import TEXTS, WEEK, creating, deleting, event, updating
from tests.calendars.ews.canned import Canned, CannedServer
from tests.calendars.ews.conftest import Opener
from tests.calendars.ews.test_writing import standing
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.calendars.ews.names import MESSAGES, TYPES
from timetable_sync.calendars.ews.operations import GetFolders, MailboxAccount
from timetable_sync.calendars.ews.requests import enveloped, get_stamp
from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import ItemRef

SETS = ("online-V2018_01_08", "onprem-15.2.2562.17")
_schemas: dict[str, etree.XMLSchema] = {}


@pytest.fixture(params=SETS)
def schema(request: pytest.FixtureRequest, ews_schemas: Path) -> etree.XMLSchema:
    """One of the two sets, read once."""
    name = str(request.param)
    if name not in _schemas:
        _schemas[name] = etree.XMLSchema(etree.parse(ews_schemas / name / "all.xsd"))
    return _schemas[name]


def events() -> list[Event]:
    """Events of every shape."""
    found = [event(n, subject=text, location=text, body=text, categories=(text, "z")) for n, text in enumerate(TEXTS.values())]
    found += [event(busy=busy, reminder=0) for busy in Busy]
    found += [event(sensitivity=sensitivity, reminder=1440) for sensitivity in Sensitivity]
    found += [event(), event(location="", body="", categories=()), event(body="<p>x</p>", body_kind="html")]
    return found


Step = Callable[[EwsBackend, Calendar], object]
STEPS: dict[str, Step] = {
    "snapshot": lambda backend, calendar: backend.snapshot(calendar, WEEK),
    "read_bodies": lambda backend, calendar: backend.read_bodies(calendar, [ItemRef("AAA=", "BBB=")] * 3),
    "stamp": lambda backend, calendar: backend.stamp(calendar),
    "create": lambda backend, calendar: backend.apply(calendar, creating(*events())),
    "update": lambda backend, calendar: backend.apply(calendar, [updating(standing(1), one) for one in events()]),
    "update of a day": lambda backend, calendar: backend.apply(calendar, [updating(standing(1, all_day=True), event())]),
    "delete": lambda backend, calendar: backend.apply(calendar, [deleting(standing(1)), deleting(standing(2))]),
}


@pytest.mark.shared
@pytest.mark.parametrize("version", ["Exchange2013", "Exchange2013_SP1", "Exchange2016"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_every_request_is_valid(
    server: CannedServer, opened: Opener, calendar: Calendar, schema: etree.XMLSchema, step: Step, version: str
) -> None:
    server.always = lambda _: Canned(status=400)
    try:
        step(opened(version=version), calendar)
    except BackendError as error:
        assert "HTTP 400" in error.message
    (asked,) = server.asked
    schema.assertValid(asked.root)
    assert asked.find("//t:RequestServerVersion/@Version") == version


@pytest.mark.shared
def test_receipts_are_suppressed_only_where_the_schema_has_it(server: CannedServer, opened: Opener, calendar: Calendar) -> None:
    for version, suppressed in (("Exchange2013", None), ("Exchange2013_SP1", "true"), ("Exchange2016", "true")):
        for change in (updating(standing(1), event()), deleting(standing(1))):
            server.answer(status=400)
            opened(version=version).apply(calendar, [change])
            assert server.asked[-1].find("//m:UpdateItem | //m:DeleteItem").get("SuppressReadReceipts") == suppressed


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
