"""The ledger: what stands where, as we last saw or wrote it."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.state.making import CALENDAR, MAPPING, MONDAY, OTHER, SOURCE, WINDOW, created, deleted, entry, event, key, updated
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.model.window import Window
from timetable_sync.state.engine import connect, state_url
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State, open_state


@pytest.fixture
def run(state: State) -> int:
    return state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))


def known(state: State, calendar: Calendar = CALENDAR) -> dict[str, str]:
    """Item id by key."""
    return {name: found.item.id for name, found in state.ledger_entries(SOURCE, calendar).items()}


def test_what_was_done_enters_the_ledger(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created("a"), created("b", 1, "item-b")], MAPPING)
    assert state.ledger_entries(SOURCE, CALENDAR) == {key("a"): entry("a"), key("b"): entry("b", 1, "item-b")}
    assert known(state, OTHER) == {}


def test_threads_read_a_file_in_turn_and_a_server_at_once(state: State, settings: StateDatabase) -> None:
    database = connect(state_url(settings), read_only=False)
    with ThreadPoolExecutor(1) as pool:
        with database.reading_in_turn():
            other = pool.submit(lambda: State(database, "here").ledger_entries(SOURCE, CALENDAR))
            waiting = database.kind == "sqlite"
            assert wait([other], timeout=0.2 if waiting else 20).done == (set() if waiting else {other})
        assert other.result(20) == {}
    database.close()


def test_an_update_takes_the_new_version_and_time(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created()], MAPPING)
    state.written(run, SOURCE, CALENDAR, [updated(hours=3)], "newmap")
    found = state.ledger_entries(SOURCE, CALENDAR)[key("a")]
    after = event("a", 3, "Moved")
    assert (found.item, found.start, found.end) == (ItemRef("item-a", "2"), after.start, after.end)
    assert (found.fingerprint, found.mapping) == (after.fingerprint(), "newmap")


def test_a_delete_strikes_the_entry_out(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created(), created("b", 1, "item-b")], MAPPING)
    state.written(run, SOURCE, CALENDAR, [deleted()], MAPPING)
    assert known(state) == {key("b"): "item-b"}


@pytest.mark.parametrize(
    "error",
    [TransientError("x"), OutcomeUnknown("x"), ConflictError("x"), EventRejected("x"), CalendarError("x"), ServiceError("x")],
    ids=lambda e: type(e).__name__,
)
def test_what_was_not_done_leaves_the_ledger_as_it_was(
    state: State, run: int, error: TransientError | OutcomeUnknown | ConflictError | EventRejected | CalendarError | ServiceError
) -> None:
    state.written(run, SOURCE, CALENDAR, [created()], MAPPING)
    before = state.ledger_entries(SOURCE, CALENDAR)
    outcomes = [created("b", error=error), updated(error=error), deleted(error=error)]
    state.written(run, SOURCE, CALENDAR, outcomes, MAPPING)
    assert state.ledger_entries(SOURCE, CALENDAR) == before


def test_how_the_service_shows_a_body_stays_as_long_as_the_entry(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created(), created("b", 1, "item-b")], MAPPING)
    state.keep_renderings(SOURCE, CALENDAR, {key("a"): "shown so", key("never there"): "shown so"})
    state.written(run, SOURCE, CALENDAR, [updated()], MAPPING)
    state.learn(SOURCE, CALENDAR, [entry()])
    assert {name: found.body for name, found in state.ledger_entries(SOURCE, CALENDAR).items()} == {key("a"): "shown so", key("b"): None}
    assert state.ledger_entries(SOURCE, OTHER) == {}
    state.keep_renderings(SOURCE, CALENDAR, {key("a"): "shown otherwise"})
    assert state.ledger_entries(SOURCE, CALENDAR)[key("a")].body == "shown otherwise"
    state.written(run, SOURCE, CALENDAR, [deleted(), created()], MAPPING)
    assert state.ledger_entries(SOURCE, CALENDAR)[key("a")].body == "shown otherwise", "the same body, in a new item"
    state.written(run, SOURCE, CALENDAR, [deleted()], MAPPING)
    state.written(run, SOURCE, CALENDAR, [created()], MAPPING)
    assert state.ledger_entries(SOURCE, CALENDAR)[key("a")].body is None


def test_a_deleted_duplicate_leaves_the_entry_of_the_one_that_stands(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created(item="the-one")], MAPPING)
    state.written(run, SOURCE, CALENDAR, [deleted(item="the-copy", reason=Reason.DUPLICATE)], MAPPING)
    assert known(state) == {key("a"): "the-one"}
    state.written(run, SOURCE, CALENDAR, [deleted(item="the-one", reason=Reason.DUPLICATE)], MAPPING)
    assert known(state) == {}


def test_one_key_that_goes_and_comes_again_in_a_batch_ends_as_the_last_of_them(state: State, run: int) -> None:
    state.written(run, SOURCE, CALENDAR, [created(item="old"), deleted(item="old"), created(item="new")], MAPPING)
    assert known(state) == {key("a"): "new"}
    state.written(run, SOURCE, CALENDAR, [updated(item="new"), deleted(item="new")], MAPPING)
    assert known(state) == {}


def test_the_window_is_half_open_and_goes_by_the_start(state: State) -> None:
    inside = Window(MONDAY, MONDAY + timedelta(hours=2))
    state.learn(SOURCE, CALENDAR, [entry("before", -1), entry("edge", 0), entry("in", 1), entry("end", 2)])
    assert set(state.ledger_entries(SOURCE, CALENDAR, inside)) == {key("edge"), key("in")}
    assert state.ledger_count(SOURCE, inside) == 2
    assert state.ledger_count(SOURCE) == 4


def test_times_come_back_aware_and_unchanged(state: State) -> None:
    state.learn(SOURCE, CALENDAR, [entry("a", 5)])
    found = state.ledger_entries(SOURCE, CALENDAR)[key("a")]
    assert found == entry("a", 5)
    assert found.start.utcoffset() == timedelta(0)


@pytest.mark.postgresql
def test_times_of_a_repeated_hour_come_back_each_as_it_was(postgresql_schema: str) -> None:
    """A server gives them in its own zone, in which these two are told apart by nothing that Python compares."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    there = make_url(postgresql_schema)
    url = there.update_query_dict({"options": f"{there.query['options']} -ctimezone=Europe/London"}).render_as_string(hide_password=False)
    entries = [entry("a")._replace(start=first, end=first + timedelta(hours=1)), entry("b")._replace(start=first + timedelta(hours=1))]
    with open_state(StateDatabase(url=url)) as state:
        state.learn(SOURCE, CALENDAR, entries)
        assert list(state.ledger_entries(SOURCE, CALENDAR).values()) == entries


def test_calendars_are_those_with_events_in_the_window(state: State) -> None:
    state.learn(SOURCE, CALENDAR, [entry("a")])
    state.learn(SOURCE, OTHER, [entry("b", 24 * 30)])
    assert state.ledger_calendars(SOURCE, WINDOW) == [CALENDAR]
    assert state.ledger_calendars(SOURCE) == [CALENDAR, OTHER]


def test_sources_know_nothing_of_each_other(state: State) -> None:
    state.learn("theirs", CALENDAR, [entry("a")])
    assert state.ledger_entries(SOURCE, CALENDAR) == {}
    assert state.ledger_calendars(SOURCE) == []
    assert state.ledger_count(SOURCE) == 0
    state.learn(SOURCE, CALENDAR, [], [key("a")])
    assert state.ledger_count("theirs") == 1


def test_counting_goes_by_address_and_takes_any_number_of_them(state: State) -> None:
    state.learn(SOURCE, CALENDAR, [entry("a"), entry("b", 1)])
    state.learn(SOURCE, OTHER, [entry("c")])
    many = [f"c{number}@groups.example.ac.uk" for number in range(40_000)]
    assert state.ledger_count(SOURCE, WINDOW, [*many, OTHER.address]) == 1
    assert state.ledger_count(SOURCE, WINDOW, {CALENDAR.address, OTHER.address}) == 3
    assert state.ledger_count(SOURCE, WINDOW, []) == 0
    assert state.ledger_count(SOURCE, WINDOW, None) == 3


def test_more_entries_than_a_statement_has_parameters_are_learned_at_once(state: State) -> None:
    entries = [entry(f"x{number}", number % 100, f"item-{number}") for number in range(6_000)]
    state.learn(SOURCE, CALENDAR, entries)
    assert state.ledger_entries(SOURCE, CALENDAR) == {found.key: found for found in entries}
    state.learn(SOURCE, CALENDAR, [], [found.key for found in entries])
    assert state.ledger_count(SOURCE) == 0


def test_learning_overwrites_and_forgets(state: State) -> None:
    state.learn(SOURCE, CALENDAR, [entry("a"), entry("b")])
    state.learn(SOURCE, CALENDAR, [entry("a", 7, "item-z")], [key("b")])
    assert state.ledger_entries(SOURCE, CALENDAR) == {key("a"): entry("a", 7, "item-z")}


def test_with_nothing_to_learn_or_to_tell_the_database_is_not_even_asked(state: State, run: int) -> None:
    asked: list[str] = []
    database = state._database  # to see what it is asked
    assert database is not None
    sa.event.listen(database._engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    state.learn(SOURCE, CALENDAR, [], [])
    state.written(run, SOURCE, CALENDAR, [], MAPPING)
    assert asked == []
    state.ledger_count(SOURCE)
    assert any("FROM ledger" in statement for statement in asked)


def test_eight_threads_write_at_once_and_nothing_is_lost(state: State, run: int) -> None:
    def work(worker: int) -> None:
        calendar = Calendar(f"c{worker}@groups.example.ac.uk", f"C{worker}")
        for batch in range(10):
            outcomes = [created(f"{batch}-{number}", number, f"item-{worker}-{batch}-{number}") for number in range(25)]
            state.written(run, SOURCE, calendar, outcomes, MAPPING)
            state.ledger_entries(SOURCE, calendar, WINDOW)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, worker) for worker in range(8)]:
            done.result()
    assert state.ledger_count(SOURCE) == 8 * 10 * 25
    assert len(state.ledger_calendars(SOURCE)) == 8
    assert len(state.changes(SOURCE, run_id=run)) == 8 * 10 * 25


def test_a_calendars_odd_name_is_kept_as_far_as_a_database_can(state: State) -> None:
    state.learn(SOURCE, Calendar("odd@groups.example.ac.uk", "A\x00B\ud800 😀"), [entry("a")])
    [found] = state.ledger_calendars(SOURCE)
    assert found.name.endswith("😀")
