"""Runs, what guards said, and every change with before, after, reason and outcome."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import timetable_sync
from tests.state.making import CALENDAR, MAPPING, MONDAY, OTHER, SOURCE, WINDOW, created, deleted, key, standing, updated
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.errors import BackendError, CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.model.change import Create, Reason, Update
from timetable_sync.model.event import Event
from timetable_sync.model.plan import Held
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.state.run_records import CalendarRecord, RunBeginning
from timetable_sync.state.store import State

BEGINNING = RunBeginning(SOURCE, MONDAY, WINDOW, ("COMP*",), ("deletes_in_run",))


def test_a_run_is_recorded_from_its_beginning_to_its_end(state: State) -> None:
    number = state.begin_run(BEGINNING)
    begun = state.last_run(SOURCE)
    assert begun is not None
    assert (begun.id, begun.started, begun.finished, begun.exit_code) == (number, MONDAY, None, None)
    assert (begun.window, begun.calendars, begun.forced) == (WINDOW, ("COMP*",), ("deletes_in_run",))
    assert begun.version == timetable_sync.__version__
    state.finish_run(
        number,
        finished=MONDAY + timedelta(minutes=4),
        exit_code=5,
        counts={"created": 312},
        summary={"requests": {"FindItem": 894}},
        failure="",
    )
    ended = state.last_run(SOURCE)
    assert ended is not None
    assert (ended.finished, ended.exit_code) == (MONDAY + timedelta(minutes=4), 5)
    assert ended.counts == {"created": 312}
    assert ended.summary == {"requests": {"FindItem": 894}}


def test_runs_are_numbered_on_and_listed_newest_first(state: State) -> None:
    numbers = [state.begin_run(BEGINNING) for _ in range(3)]
    state.begin_run(RunBeginning("another", MONDAY, WINDOW))
    assert [found.id for found in state.runs(SOURCE)] == sorted(numbers, reverse=True)
    assert [found.id for found in state.runs(SOURCE, 1)] == numbers[-1:]
    assert len(set(numbers)) == 3


def test_what_guards_held_and_what_was_forced_is_kept(state: State) -> None:
    number = state.begin_run(BEGINNING)
    verdicts = [
        Held("deletes_in_calendar", CALENDAR, "41 of 90 events would be deleted, the limit is 30 %", 41, 90, 27),
        Held("deletes_in_run", None, "500 of 900 events would be deleted, the limit is 10 %", 500, 900, 90, forced=True),
    ]
    state.finish_run(number, finished=MONDAY, exit_code=5, verdicts=verdicts)
    assert state.run_verdicts(number) == verdicts
    assert state.run_verdicts(number + 1) == []


def test_calendars_worth_a_word_are_kept(state: State) -> None:
    number = state.begin_run(BEGINNING)
    records = [
        CalendarRecord(CALENDAR, "changed", 3, 2, 1),
        CalendarRecord(OTHER, "failed", message="no such mailbox", advice="Check calendars.address."),
    ]
    state.finish_run(number, finished=MONDAY, exit_code=1, calendars=list(reversed(records)), failure="x")
    assert state.run_calendars(number) == records


def test_two_records_of_one_mailbox_do_not_spoil_a_nights_end(state: State) -> None:
    number = state.begin_run(BEGINNING)
    state.finish_run(
        number, finished=MONDAY, exit_code=1, calendars=[CalendarRecord(CALENDAR, "failed"), CalendarRecord(CALENDAR, "changed")]
    )
    assert [record.status for record in state.run_calendars(number)] == ["changed"]


def test_each_change_is_kept_with_before_after_and_reason(state: State) -> None:
    number = state.begin_run(BEGINNING)
    earliest = datetime.now(UTC)
    state.written(number, SOURCE, CALENDAR, [created(), updated(), deleted()], MAPPING)
    create, update, delete = state.changes(SOURCE)
    assert [(found.action, found.reason, found.outcome, found.error) for found in (create, update, delete)] == [
        ("create", "the timetable changed", "done", ""),
        ("update", "the timetable changed", "done", ""),
        ("delete", "it left the timetable", "done", ""),
    ]
    assert create.before is None
    assert create.after == {
        "start": "2026-11-23T09:00:00Z",
        "end": "2026-11-23T10:00:00Z",
        "zone": "Europe/London",
        "subject": "Lecture",
        "location": "R1",
        "body": "Dr X",
        "body_kind": "text",
        "categories": ["Timetable"],
        "busy": "busy",
        "reminder": None,
        "sensitivity": "normal",
    }
    assert update.before is not None
    assert update.after is not None
    assert (update.before["start"], update.after["start"]) == ("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z")
    assert (update.before["subject"], update.after["subject"]) == ("Lecture", "Moved")
    assert delete.after is None
    assert delete.before is not None
    assert delete.before["item"] == "item-a"
    assert earliest <= create.at <= datetime.now(UTC)
    assert (create.run_id, create.address, create.key) == (number, CALENDAR.address, key("a"))


def test_fields_that_are_not_ours_are_left_out(state: State) -> None:
    number = state.begin_run(BEGINNING)
    bare = Event(key("a"), MONDAY, MONDAY + timedelta(hours=1), "UTC", "Bare")
    state.written(number, SOURCE, CALENDAR, [ChangeResult(Create(bare, "m", Reason.TIMETABLE), ItemRef("i", "1"))], MAPPING)
    [found] = state.changes(SOURCE)
    assert found.after is not None
    assert set(found.after) == {"start", "end", "zone", "subject", "busy", "reminder", "sensitivity"}


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OutcomeUnknown("503 after sending"), "unclear"),
        (TransientError("busy"), "not now"),
        (ConflictError("changed meanwhile"), "stale"),
        (EventRejected("subject too long"), "refused"),
        (CalendarError("no such mailbox"), "calendar failed"),
        (ServiceError("403"), "run failed"),
        (BackendError("odd"), "failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_failed_is_kept_with_the_word_and_the_message(state: State, error: BackendError, word: str) -> None:
    number = state.begin_run(BEGINNING)
    state.written(number, SOURCE, CALENDAR, [created(error=error)], MAPPING)
    [found] = state.changes(SOURCE)
    assert (found.outcome, found.error) == (word, error.message)


def test_an_events_story_is_told_across_runs_in_order(state: State) -> None:
    first, second = state.begin_run(BEGINNING), state.begin_run(BEGINNING)
    state.written(first, SOURCE, CALENDAR, [created("a"), created("b", 1, "item-b")], MAPPING)
    state.written(second, SOURCE, CALENDAR, [updated("a")], MAPPING)
    state.written(second, SOURCE, OTHER, [created("a", item="there")], MAPPING)
    told = state.changes(SOURCE, key=key("a"), address=CALENDAR.address)
    assert [(found.run_id, found.action) for found in told] == [(first, "create"), (second, "update")]
    assert len(state.changes(SOURCE, key=key("a"))) == 3
    assert [found.address for found in state.changes(SOURCE, run_id=second)] == [CALENDAR.address, OTHER.address]
    assert [found.address for found in state.changes(SOURCE, most=1)] == [OTHER.address]
    assert state.changes("another") == []


def test_text_that_no_database_column_takes_is_kept_all_the_same(state: State) -> None:
    odd = "NUL \x00, half a pair \ud83d, whole 😀, bidi \u202e"
    number = state.begin_run(BEGINNING)
    after = Event(key("a"), MONDAY, MONDAY + timedelta(hours=1), "UTC", odd, body=odd)
    change = Update(standing(), after, "m", Reason.EDITED)
    state.written(number, SOURCE, CALENDAR, [ChangeResult(change, None, EventRejected(odd))], MAPPING)
    state.finish_run(number, finished=MONDAY, exit_code=1, failure=odd, calendars=[CalendarRecord(CALENDAR, "failed", message=odd)])
    [found] = state.changes(SOURCE)
    assert found.after is not None
    assert found.after["subject"] == odd
    assert found.error.startswith("NUL \N{REPLACEMENT CHARACTER}, half a pair ?")
    assert json.dumps(found.after)


def test_an_error_that_carries_a_token_is_kept_without_it(state: State) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJ0b2tlbiJ9.c2lnbmF0dXJlLWNhbmFyeQ"
    number = state.begin_run(BEGINNING)
    state.written(number, SOURCE, CALENDAR, [created(error=EventRejected(f"Authorization: Bearer {token}"))], MAPPING)
    state.finish_run(
        number,
        finished=MONDAY,
        exit_code=1,
        failure=f"Bearer {token}",
        calendars=[CalendarRecord(CALENDAR, "failed", message=f"Bearer {token}", advice=token)],
    )
    run = state.last_run(SOURCE)
    assert "c2lnbmF0dXJl" not in repr((state.changes(SOURCE), run, state.run_calendars(number)))
