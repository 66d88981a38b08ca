"""EWS's own habits, against the sandbox: what the contract does not know of."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.calendars.contract import HOUR, MONDAY, WEEK, creating, deleting, errors, event, marker, updating
from tests.calendars.ews.sandbox_world import SandboxWorld
from timetable_sync.errors import BackendError, CalendarError, EventRejected, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.model.window import Window


@pytest.fixture
def world(sandbox_world: SandboxWorld) -> Iterator[SandboxWorld]:
    sandbox_world.client.reset_requests()
    yield sandbox_world
    sandbox_world.client.clear_faults()


def subjects(world: SandboxWorld) -> list[str]:
    """What stands in the calendar."""
    return sorted(one.subject for one in world.seen(world.calendar))


def test_a_whole_night_asks_for_nothing_but_its_job(world: SandboxWorld) -> None:
    world.backend.apply(world.calendar, creating(*(event(n, MONDAY + n * HOUR) for n in range(20))))
    ours = world.backend.snapshot(world.calendar, WEEK).ours
    world.backend.apply(world.calendar, [updating(one, event(n, MONDAY + n * HOUR, subject="New")) for n, one in enumerate(ours[:10])])
    world.backend.apply(world.calendar, [deleting(one) for one in ours[10:]])
    world.backend.stamp(world.calendar)
    asked = world.client.requests()
    # The token was fetched before, if another test needed it: at most once for all of them.
    assert asked.pop("token", 0) <= 1
    assert asked == {"CreateItem": 1, "FindItem": 1, "UpdateItem": 1, "DeleteItem": 1, "GetFolder": 1} == world.backend.requests
    assert world.client.mails() == 0


def test_shared_user_and_room_mailboxes_work_alike(world: SandboxWorld) -> None:
    for kind in ("shared", "user", "room"):
        calendar = type(world.calendar)(f"{kind}-{world.calendar.address}", kind)
        world.client.add_mailbox(calendar.address, kind)
        assert errors(world.backend.apply(calendar, creating(event(1)))) == [None]
        assert len(world.backend.snapshot(calendar, WEEK).ours) == 1


def test_an_event_that_became_a_series_is_known_as_one(world: SandboxWorld) -> None:
    item = world.backend.apply(world.calendar, creating(event(1)))[0].item
    assert item is not None
    world.client.make_series(world.calendar.address, item.id, count=3)
    ours = world.backend.snapshot(world.calendar, Window(WEEK.start, WEEK.start + timedelta(days=60))).ours
    assert [one.series for one in ours] == [True, True, True]
    assert {one.marker.key for one in ours} == {event(1).key}


def test_an_event_that_was_made_to_last_all_day_is_put_right(world: SandboxWorld) -> None:
    item = world.backend.apply(world.calendar, creating(event(1)))[0].item
    assert item is not None
    world.edit(world.calendar, item.id, all_day=True, start=MONDAY - 9 * HOUR, end=MONDAY + 15 * HOUR)
    window = Window(WEEK.start - 24 * HOUR, WEEK.end)
    (standing,) = world.backend.snapshot(world.calendar, window).ours
    assert standing.all_day
    assert errors(world.backend.apply(world.calendar, [updating(standing, event(1))])) == [None]
    (standing,) = world.backend.snapshot(world.calendar, window).ours
    assert (standing.all_day, standing.start, standing.end) == (False, MONDAY, MONDAY + HOUR)


def test_a_write_that_is_answered_503_may_have_happened(world: SandboxWorld) -> None:
    world.fault(what="http", status=503, retry_after=3, when="after", operation="CreateItem")
    outcomes = world.backend.apply(world.calendar, creating(event(1), event(2)))
    assert errors(outcomes) == [OutcomeUnknown, OutcomeUnknown]
    assert isinstance(outcomes[0].error, OutcomeUnknown)
    assert outcomes[0].error.wait == 3.0
    assert len(subjects(world)) == 2


def test_a_busy_answer_after_the_work_counts_as_exchange_says(world: SandboxWorld) -> None:
    world.fault(what="busy", backoff_ms=700, inside=True, operation="CreateItem")
    outcomes = world.backend.apply(world.calendar, creating(event(1), event(2)))
    assert errors(outcomes) == [TransientError, TransientError]
    assert [one.error.wait for one in outcomes if isinstance(one.error, TransientError)] == [0.7, 0.7]
    assert subjects(world) == []


def test_a_create_that_is_answered_with_busy_as_a_whole_may_have_happened(world: SandboxWorld) -> None:
    world.fault(what="busy", backoff_ms=700, when="after", operation="CreateItem")
    outcomes = world.backend.apply(world.calendar, creating(event(1), event(2)))
    assert [(type(one.error), one.error.wait, one.error.busy) for one in outcomes if isinstance(one.error, OutcomeUnknown)] == [
        (OutcomeUnknown, 0.7, True)
    ] * 2
    assert len(subjects(world)) == 2


def test_an_update_that_is_answered_with_busy_can_simply_be_sent_again(world: SandboxWorld) -> None:
    world.backend.apply(world.calendar, creating(event(1)))
    (there,) = world.backend.snapshot(world.calendar, WEEK).ours
    world.fault(what="busy", operation="UpdateItem")
    assert errors(world.backend.apply(world.calendar, [updating(there, event(1))])) == [TransientError]


def test_single_items_that_fail_leave_the_others_done(world: SandboxWorld) -> None:
    world.fault(what="item_error", code="ErrorInvalidPropertySet", items=[1], operation="CreateItem")
    assert errors(world.backend.apply(world.calendar, creating(event(1), event(2), event(3)))) == [None, EventRejected, None]
    assert subjects(world) == ["COMP0001 Lecture", "COMP0003 Lecture"]


def test_results_that_are_missing_leave_all_unclear(world: SandboxWorld) -> None:
    world.fault(what="missing_items", items=[1], operation="CreateItem")
    assert errors(world.backend.apply(world.calendar, creating(event(1), event(2), event(3)))) == [OutcomeUnknown] * 3


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_connection_that_is_dropped_at_any_moment(world: SandboxWorld, when: str) -> None:
    world.fault(what="drop", when=when, operation="FindItem")
    with pytest.raises(TransientError):
        world.backend.snapshot(world.calendar, WEEK)
    world.fault(what="drop", when=when, operation="CreateItem")
    assert errors(world.backend.apply(world.calendar, creating(event(1)))) == [OutcomeUnknown]
    assert len(subjects(world)) == (0 if when == "before" else 1)


@pytest.mark.parametrize(
    ("fault", "reading", "writing"),
    [
        ({"what": "malformed"}, TransientError, OutcomeUnknown),
        ({"what": "http", "status": 403}, ServiceError, ServiceError),
        ({"what": "http", "status": 429, "retry_after": 2}, TransientError, TransientError),
        ({"what": "fault", "code": "ErrorMailboxMoveInProgress"}, TransientError, OutcomeUnknown),
        ({"what": "fault", "code": "ErrorInternalServerError"}, TransientError, OutcomeUnknown),
        ({"what": "fault", "code": "ErrorImpersonationDenied"}, ServiceError, ServiceError),
        ({"what": "fault", "code": "ErrorAccountDisabled"}, CalendarError, CalendarError),
    ],
)
def test_faults_are_sorted(world: SandboxWorld, fault: dict[str, Any], reading: type[BackendError], writing: type[BackendError]) -> None:
    world.backend.snapshot(world.calendar, WEEK)
    world.fault(**fault)
    with pytest.raises(reading):
        world.backend.snapshot(world.calendar, WEEK)
    world.fault(**fault)
    assert errors(world.backend.apply(world.calendar, creating(event(1)))) == [writing]


def test_a_token_that_expires_in_the_night_is_renewed(world: SandboxWorld) -> None:
    world.backend.snapshot(world.calendar, WEEK)
    world.client.refuse_tokens()
    assert errors(world.backend.apply(world.calendar, creating(event(1)))) == [None]
    assert subjects(world) == ["COMP0001 Lecture"]
    assert world.backend.requests["CreateItem"] == 2


def test_a_slow_server_is_waited_for_only_so_long(_sandbox: Any) -> None:
    world = SandboxWorld(*_sandbox, timeout=timedelta(seconds=0.5))
    world.fault(what="latency", seconds=3, operation="*Item")
    with pytest.raises(TransientError, match=r"0\.5 seconds"):
        world.backend.snapshot(world.calendar, WEEK)
    world.client.clear_faults()
    world.backend.close()


def test_nobody_is_invited_though_somebody_made_it_a_meeting(world: SandboxWorld) -> None:
    item = world.backend.apply(world.calendar, creating(event(1)))[0].item
    assert item is not None
    before = world.client.mails()
    world.client.add_attendee(world.calendar.address, item.id, "student@example.ac.uk")
    (standing,) = world.backend.snapshot(world.calendar, WEEK).ours
    world.backend.apply(world.calendar, [updating(standing, event(1, MONDAY + HOUR))])
    (standing,) = world.backend.snapshot(world.calendar, WEEK).ours
    assert standing.start == MONDAY + HOUR
    assert errors(world.backend.apply(world.calendar, [deleting(standing)])) == [None]
    assert world.client.mails() == before


def test_an_unclear_create_can_be_found_by_its_marker(world: SandboxWorld) -> None:
    world.unclear_next_write(done=True)
    one = event(1)
    assert errors(world.backend.apply(world.calendar, creating(one))) == [OutcomeUnknown]
    around = Window(one.start, one.start + timedelta(seconds=1))
    assert [standing.marker.text() for standing in world.backend.snapshot(world.calendar, around).ours] == [marker(one)]


def test_each_thousand_costs_few_requests(world: SandboxWorld) -> None:
    events = [event(n, MONDAY + n * timedelta(minutes=9)) for n in range(1100)]
    for at in range(0, 1100, world.backend.batch):
        world.backend.apply(world.calendar, creating(*events[at : at + world.backend.batch]))
    world.client.reset_requests()
    found = world.backend.snapshot(world.calendar, Window(MONDAY, MONDAY + timedelta(days=8)))
    assert len(found.ours) == 1100
    assert world.client.requests() == {"FindItem": 3}
