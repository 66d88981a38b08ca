"""Whatever the schema allows gets an answer: the sandbox has no request that makes it stumble."""

import random

import pytest
from lxml import etree

from tests.sandbox.asking import schemas
from tests.sandbox.samples import ADDRESS, REQUESTS
from tests.sandbox.spoiling import spoilt
from timetable_sync.sandbox import people
from timetable_sync.sandbox.entra.directory import Application
from timetable_sync.sandbox.entra.tokens import Grant
from timetable_sync.sandbox.ews.responses import SoapFault
from timetable_sync.sandbox.ews.service import carry_out, look_at
from timetable_sync.sandbox.world import World

_GRANT = Grant("app", "tenant", ["full_access_as_app"])


def _world() -> tuple[World, str, str]:
    """A world with an event and a series, and their ids."""
    world = World()
    mailbox = world.add_mailbox(ADDRESS, "group")
    world.directory.applications["app"] = Application("tenant", "app", {}, [], ("full_access_as_app",))
    fields = {"subject": "x", "start": "2026-01-05T09:00:00Z", "end": "2026-01-05T10:00:00Z", "body": "<b>b</b>", "body_type": "HTML"}
    plain, series = people.add(mailbox, fields), people.add(mailbox, fields)
    people.make_series(mailbox, series.id, {"count": 5})
    return world, plain.id, series.id


@pytest.mark.parametrize("name", REQUESTS)
def test_whatever_the_schema_allows_is_answered_in_its_form(name: str) -> None:
    world, plain, series = _world()
    sample = REQUESTS[name].replace('Id="A" ChangeKey="B"', f'Id="{plain}"').replace('Id="A"', f'Id="{plain}"').replace("a@b.c", ADDRESS)
    sample = sample.replace(f'RecurringMasterId="{plain}"', f'RecurringMasterId="{series}"').replace('"AutoResolve"', '"AlwaysOverwrite"')
    answers = 0
    for seed in range(8):
        dice = random.Random(f"{name} {seed}")  # noqa: S311 - the same spoilt requests every time
        for twin in spoilt(etree.fromstring(sample.encode()), dice):
            try:
                asked = look_at(etree.tostring(twin))
            except SoapFault:
                continue
            answer = carry_out(world, asked, _GRANT, {"X-AnchorMailbox": ADDRESS})
            answers += 1
            assert answer.status in (200, 500)
            for which, schema in schemas().items():
                assert schema.validate(etree.fromstring(answer.text.encode())), f"{which}: {schema.error_log}\n{etree.tostring(twin)!r}"
    assert answers > 0
    assert world.mailboxes[ADDRESS].overlapping(0, 2**33)
