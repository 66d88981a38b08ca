"""Our requests are valid by Microsoft's own schemas, online and on premises."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from tests.calendars.contract import TEXTS, WEEK, creating, deleting, event, updating
from tests.calendars.ews.canned import Canned, CannedServer
from tests.calendars.ews.conftest import Opener
from tests.calendars.ews.test_writing import standing
from timetable_sync.calendars.ews.backend import EwsBackend
from timetable_sync.errors import BackendError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.snapshot import ItemRef

pytestmark = pytest.mark.shared

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


def test_receipts_are_suppressed_only_where_the_schema_has_it(server: CannedServer, opened: Opener, calendar: Calendar) -> None:
    for version, suppressed in (("Exchange2013", None), ("Exchange2013_SP1", "true"), ("Exchange2016", "true")):
        for change in (updating(standing(1), event()), deleting(standing(1))):
            server.answer(status=400)
            opened(version=version).apply(calendar, [change])
            assert server.asked[-1].find("//m:UpdateItem | //m:DeleteItem").get("SuppressReadReceipts") == suppressed
