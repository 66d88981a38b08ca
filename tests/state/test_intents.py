"""Requests that make events are on record before they are sent, whatever happens to process, machine or clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.state.making import CALENDAR, MAPPING, MONDAY, OTHER, SOURCE, WINDOW, created, updated
from timetable_sync import host_clock
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import EventRejected, OutcomeUnknown
from timetable_sync.model.calendar import Calendar
from timetable_sync.state import intents
from timetable_sync.state.intents import Sending
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State, open_state

Query = Callable[[str], list[tuple[object, ...]]]
KEYS = (created("a").change.key, created("b").change.key)


def begun(state: State) -> int:
    return state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))


def test_what_was_sent_and_is_not_recorded_is_found_by_the_next_run(state: State, settings: StateDatabase) -> None:
    state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
    state.about_to_send("another", Sending(OTHER, KEYS))
    with open_state(settings) as later:
        (found,) = later.unanswered(SOURCE)
    assert (found.calendar, found.keys) == (CALENDAR, KEYS)
    assert timedelta(0) <= found.ago < timedelta(minutes=1)


def test_it_goes_with_the_record_of_its_batch_and_the_next_one_comes_with_it(state: State) -> None:
    run = begun(state)
    first = state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
    assert first is not None
    second = state.written(
        run, SOURCE, CALENDAR, [created("a"), created("b", 1, "i")], MAPPING, intent=first.id, sending=Sending(OTHER, KEYS)
    )
    assert [found.calendar for found in state.unanswered(SOURCE)] == [OTHER]
    assert second is not None
    state.written(run, SOURCE, OTHER, [created("a", error=EventRejected("no"))], MAPPING, intent=second.id)
    assert state.unanswered(SOURCE) == []


def test_what_nobody_could_find_out_stays_with_its_keys_and_since_when(state: State, query: Query) -> None:
    run = begun(state)
    entered = state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
    assert entered is not None
    sent = query("SELECT sent FROM create_intent")
    outcomes = [
        created("a"),
        created("b", 1, "i", error=OutcomeUnknown("the connection broke off")),
        updated("c", error=OutcomeUnknown("too")),
    ]
    state.written(run, SOURCE, CALENDAR, outcomes, MAPPING, intent=entered.id)
    assert [found.keys for found in state.unanswered(SOURCE)] == [KEYS[1:]]
    assert query("SELECT sent FROM create_intent") == sent


def test_a_request_that_is_sent_again_begins_anew(state: State, query: Query) -> None:
    first = state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
    assert first is not None
    query(f"UPDATE create_intent SET seconds = seconds - 100, sent = '{MONDAY:%Y-%m-%d %H:%M:%S.000000}'")
    assert state.unanswered(SOURCE)[0].ago > timedelta(seconds=99)
    again = state.about_to_send(SOURCE, Sending(CALENDAR, KEYS[1:], first.id))
    (found,) = state.unanswered(SOURCE)
    assert again is not None
    assert (again.id, found.keys) == (first.id, KEYS[1:])
    assert found.ago < timedelta(seconds=60)


def test_what_is_settled_is_gone(state: State) -> None:
    for calendar in (CALENDAR, OTHER):
        state.about_to_send(SOURCE, Sending(calendar, KEYS))
    first, _ = state.unanswered(SOURCE)
    state.settled([])
    state.settled([first])
    assert [found.calendar for found in state.unanswered(SOURCE)] == [OTHER]


def test_a_calendar_of_which_only_an_intent_tells_is_on_record(state: State) -> None:
    odd = Calendar("new@groups.example.ac.uk", "NEW\x00")
    state.about_to_send(SOURCE, Sending(odd, KEYS))
    assert state.recorded.calendars(SOURCE) == [Calendar(odd.address, "NEW\ufffd")]


def test_a_dry_run_sees_them_and_a_database_that_is_not_there_has_none(state: State, settings: StateDatabase, tmp_path: Path) -> None:
    state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
    with open_state(settings, read_only=True) as looking:
        assert len(looking.unanswered(SOURCE)) == 1
    with open_state(StateDatabase(url=f"sqlite:///{tmp_path / 'none.db'}"), read_only=True) as looking:
        assert looking.unanswered(SOURCE) == []


# Clocks


@pytest.fixture
def sqlite_state(sqlite_url: str) -> StateDatabase:
    return StateDatabase(url=sqlite_url)


def wall_clock(monkeypatch: pytest.MonkeyPatch, *, days: int) -> None:
    """It was set so far forward, or back."""
    monkeypatch.setattr(intents, "_here", lambda: datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize("days", [365, -365], ids=["forward", "back"])
def test_a_wall_clock_that_is_set_changes_nothing(sqlite_state: StateDatabase, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    with open_state(sqlite_state) as state:
        state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
        wall_clock(monkeypatch, days=days)
        assert timedelta(0) <= state.unanswered(SOURCE)[0].ago < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("days", "up", "ago"),
    [(365, 40.0, 40.0), (365, 9e6, 9e6), (-365, 9e6, 0.0)],
    ids=["set forward, and just booted", "up for long", "set back"],
)
def test_of_another_boot_both_clocks_have_to_say_that_it_was_long_ago(
    sqlite_state: StateDatabase, monkeypatch: pytest.MonkeyPatch, days: int, up: float, ago: float
) -> None:
    with open_state(sqlite_state) as state:
        state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
        wall_clock(monkeypatch, days=days)
        monkeypatch.setattr(host_clock, "name", lambda: "another boot")
        monkeypatch.setattr(host_clock, "seconds", lambda: up)
        assert state.unanswered(SOURCE)[0].ago == timedelta(seconds=ago)


@pytest.mark.postgresql
def test_on_postgresql_the_databases_clock_decides(postgresql_schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wall_clock(monkeypatch, days=365)
    monkeypatch.setattr(host_clock, "seconds", lambda: 9e9)
    with open_state(StateDatabase(url=postgresql_schema)) as state:
        state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
        wall_clock(monkeypatch, days=700)
        assert state.unanswered(SOURCE)[0].ago < timedelta(minutes=1)


# A power cut


def test_it_is_on_the_disk_before_it_is_sent_and_records_that_can_be_read_again_are_not_forced_there(
    sqlite_state: StateDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(sqlite_state) as state:
        run, database = begun(state), state._database
        assert database is not None
        said: list[int] = []

        @sa.event.listens_for(database._engine, "commit")
        def committed(connection: sa.Connection) -> None:
            said.append(connection.connection.cursor().execute("PRAGMA synchronous").fetchone()[0])

        entered = state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
        assert entered is not None
        state.written(run, SOURCE, CALENDAR, [created()], MAPPING, intent=entered.id)
        state.written(run, SOURCE, CALENDAR, [created()], MAPPING, sending=Sending(CALENDAR, KEYS))
        state.learn(SOURCE, CALENDAR, (), ["k"])
    assert said == [2, 1, 2, 1], "2 is FULL, 1 is NORMAL: https://sqlite.org/pragma.html#pragma_synchronous"


@pytest.mark.postgresql
@pytest.mark.parametrize(("configured", "used"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")])
def test_a_server_that_promises_less_is_asked_for_more_and_never_for_less(postgresql_schema: str, configured: str, used: str) -> None:
    url = sa.make_url(postgresql_schema)
    url = url.update_query_dict({"options": f"{url.query['options']} -csynchronous_commit={configured}"})
    with open_state(StateDatabase(url=url.render_as_string(hide_password=False))) as state:
        database = state._database
        assert database is not None
        said: list[str] = []

        @sa.event.listens_for(database._engine, "commit")
        def committed(connection: sa.Connection) -> None:
            said.append(str(connection.exec_driver_sql("SHOW synchronous_commit").scalar()))

        state.about_to_send(SOURCE, Sending(CALENDAR, KEYS))
        state.learn(SOURCE, CALENDAR, (), ["k"])
    assert said == [used, configured]
