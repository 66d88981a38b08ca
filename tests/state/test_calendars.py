"""All that is on record of a calendar goes along to another address, or is struck out."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.state.making import CALENDAR, MAPPING, MONDAY, OTHER, SOURCE, WINDOW, created, entry
from timetable_sync.errors import LeaseLost
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Create
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.plan import Held
from timetable_sync.state.intents import Sending
from timetable_sync.state.run_records import PURGE, CalendarRecord, Holding, Matter, RunBeginning
from timetable_sync.state.store import State

NEW = Calendar("comp101@new.example.ac.uk", "COMP101 new")
SEEN = LastFullRead(CALENDAR.address, "sign", MAPPING, WINDOW.start, WINDOW.end, MONDAY, 0)


@pytest.fixture
def run(state: State) -> int:
    """Two calendars with two events each, one of the changes held, and both seen; another source has the same addresses."""
    run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    for source in (SOURCE, "another"):
        for calendar in (CALENDAR, OTHER):
            state.written(run, source, calendar, [created("a"), created("b", 1, "item-b")], MAPPING)
        state.remember(source, [SEEN])
        state.keep_visited(source, [KnownFolder(CALENDAR, "F", MONDAY)])
    change = created().change
    assert isinstance(change, Create)
    held = Held("deletes_in_calendar", CALENDAR, "too many", 41, 90, 27)
    state.finish_run(
        run,
        finished=MONDAY,
        exit_code=5,
        calendars=[CalendarRecord(CALENDAR, "held")],
        verdicts=[held],
        source=SOURCE,
        holding=Holding([held], {CALENDAR: [change]}, frozenset([CALENDAR.address]), whole=True),
    )
    return run


def known(state: State, source: str = SOURCE) -> dict[str, int]:
    return {one.address: len(state.ledger_entries(source, one)) for one in state.ledger_calendars(source)}


def test_what_is_known_of_a_calendar_goes_along_to_its_new_address(state: State, run: int) -> None:
    entries = state.ledger_entries(SOURCE, CALENDAR)
    state.readdress(SOURCE, {CALENDAR.address: NEW}, ())
    assert state.ledger_entries(SOURCE, NEW) == entries
    assert known(state) == {NEW.address: 2, OTHER.address: 2}
    assert [one.name for one in state.ledger_calendars(SOURCE)] == ["COMP101 new", "MATH201"]
    assert [held.calendar for held in state.recorded.held(SOURCE)[0]] == [NEW]
    assert (state.full_reads(SOURCE), state.visited(SOURCE)) == ({}, {})
    assert known(state, "another") == {CALENDAR.address: 2, OTHER.address: 2}
    assert list(state.full_reads("another")) == [CALENDAR.address]


def test_where_both_have_an_entry_that_of_the_new_address_stays(state: State, run: int) -> None:
    own = entry("a", 0, "item of its own")
    state.learn(SOURCE, NEW, [own])
    state.readdress(SOURCE, {CALENDAR.address: NEW}, ())
    found = state.ledger_entries(SOURCE, NEW)
    assert len(found) == 2
    assert found[own.key] == own


def test_calendars_that_changed_places_change_what_is_known(state: State, run: int) -> None:
    state.learn(SOURCE, OTHER, [entry("only here")])
    state.readdress(SOURCE, {CALENDAR.address: OTHER, OTHER.address: CALENDAR}, ())
    assert known(state) == {CALENDAR.address: 3, OTHER.address: 2}


def test_what_is_known_of_a_calendar_that_was_made_anew_is_struck_out_and_what_was_done_stays(state: State, run: int) -> None:
    state.readdress(SOURCE, {}, [CALENDAR.address])
    assert known(state) == {OTHER.address: 2}
    assert state.recorded.held(SOURCE) == ([], [])
    assert len(state.changes(SOURCE, address=CALENDAR.address)) == 2


def test_a_calendar_is_forgotten_with_all_that_was_ever_done_to_it_and_nothing_of_others_is(state: State, run: int) -> None:
    gone = state.forget(SOURCE, [CALENDAR.address])
    assert (gone["ledger"], gone["history"], gone["held"], gone["verdict"], gone["run_calendar"], gone["visited"]) == (2, 2, 1, 1, 1, 1)
    assert known(state) == {OTHER.address: 2}
    assert CALENDAR not in state.recorded.calendars(SOURCE)
    assert state.changes(SOURCE, address=CALENDAR.address) == []
    assert (state.run_calendars(run), state.run_verdicts(run)) == ([], [])
    assert len(state.changes(SOURCE, address=OTHER.address)) == 2
    assert known(state, "another") == {CALENDAR.address: 2, OTHER.address: 2}
    assert set(state.forget(SOURCE, [CALENDAR.address]).values()) == {0}


def test_several_are_forgotten_at_once_with_what_may_still_be_under_way(state: State, run: int) -> None:
    for calendar in (CALENDAR, OTHER):
        state.about_to_send(SOURCE, Sending(calendar, ("a", "b")))
    gone = state.forget(SOURCE, [CALENDAR.address, OTHER.address])
    assert (gone["ledger"], gone["history"], gone["create_intent"]) == (4, 4, 2)
    assert (known(state), state.unanswered(SOURCE), state.recorded.on_record(SOURCE)) == ({}, [], [])
    assert known(state, "another") == {CALENDAR.address: 2, OTHER.address: 2}


def test_a_run_that_has_lost_its_lease_forgets_nothing(state: State, run: int, query: Callable[[str], list[tuple[object, ...]]]) -> None:
    with state.lease("forget", timedelta(minutes=5)):
        query("UPDATE lease SET token = 'somebody else''s'")
        with pytest.raises(LeaseLost):
            state.forget(SOURCE, [CALENDAR.address])
    assert known(state) == {CALENDAR.address: 2, OTHER.address: 2}


@pytest.mark.parametrize("left", ["sighting", "visited", "matter", "run_calendar", "verdict", "create_intent", "held_count"])
def test_whatever_table_has_something_of_a_calendar_it_is_on_record(
    state: State, run: int, query: Callable[[str], list[tuple[object, ...]]], left: str
) -> None:
    state.matters.keep(SOURCE, [Matter("failed", CALENDAR.address, "", "COMP101", "no such mailbox", "", MONDAY, MONDAY)])
    state.about_to_send(SOURCE, Sending(CALENDAR, ("a",)))
    for table in ("ledger", "history", "held", "held_change", "held_count", "held_loss", *_MORE):
        if table != left:
            query(f"DELETE FROM {table}")
    assert [one.address for one in state.recorded.on_record(SOURCE)] == [CALENDAR.address]
    assert state.forget(SOURCE, [CALENDAR.address])[left] == 1
    assert state.recorded.on_record(SOURCE) == []


_MORE = ("sighting", "visited", "matter", "run_calendar", "verdict", "create_intent")


def test_the_nights_of_a_calendar_are_those_that_came_to_their_end_newest_first(state: State, run: int) -> None:
    purged = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW, kind=PURGE))
    state.finish_run(purged, finished=MONDAY, exit_code=0, calendars=[CalendarRecord(CALENDAR, "changed")])
    failed = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    state.finish_run(failed, finished=MONDAY, exit_code=1, calendars=[CalendarRecord(CALENDAR, "failed", message="no such mailbox")])
    state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    nights = [(night.id, record and record.status) for night, record in state.recorded.last_nights(SOURCE, CALENDAR.address)]
    assert nights == [(failed, "failed"), (run, "held")]
    assert [record for _, record in state.recorded.last_nights(SOURCE, OTHER.address)] == [None, None]
