"""What is remembered of calendars that were seen to be right."""

from dataclasses import replace
from datetime import timedelta

from tests.state.making import CALENDAR, MONDAY, OTHER, SOURCE, WINDOW, created
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import digest_of
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State

SEEN = LastFullRead(CALENDAR.address, "2026-11-23T08:00:00Z|7|12", "mapaaa", WINDOW.start, WINDOW.end + timedelta(days=7), MONDAY, 3)


def test_a_sighting_comes_back_as_it_was_and_the_later_one_counts(state: State) -> None:
    later = replace(SEEN, sign=None, foreign=4, seen=MONDAY + timedelta(days=1))
    state.remember(SOURCE, [SEEN, replace(SEEN, address=OTHER.address)])
    state.remember(SOURCE, [later])
    assert state.full_reads(SOURCE) == {CALENDAR.address: later, OTHER.address: replace(SEEN, address=OTHER.address)}
    assert state.full_reads("another") == {}


def test_a_calendar_that_will_be_written_is_intact_no_more(state: State) -> None:
    state.remember(SOURCE, [SEEN, replace(SEEN, address=OTHER.address)])
    state.remember("another", [SEEN])
    state.will_be_written(SOURCE, [CALENDAR])
    state.will_be_written(SOURCE, [])
    assert {address: seen.intact for address, seen in state.full_reads(SOURCE).items()} == {CALENDAR.address: False, OTHER.address: True}
    assert state.full_reads("another")[CALENDAR.address].intact


def lines(fingerprints: dict[str, str]) -> list[str]:
    return [f"{key} {fingerprint}" for key, fingerprint in fingerprints.items()]


def test_the_ledgers_fingerprints_are_those_of_its_entries_in_the_window(state: State) -> None:
    run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    state.written(run, SOURCE, CALENDAR, [created("a"), created("b", 24 * 400, "item-b")], "mapaaa")
    entries = state.ledger_entries(SOURCE, CALENDAR, WINDOW)
    assert len(entries) == 1
    fingerprints = {key: entry.fingerprint for key, entry in entries.items()}
    assert state.ledger_fingerprints(SOURCE, CALENDAR, WINDOW) == fingerprints
    assert state.ledger_digests(SOURCE, WINDOW) == {CALENDAR.address: digest_of(lines(fingerprints))}


def test_digests_of_many_calendars_are_each_of_their_own_entries(state: State) -> None:
    run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    for calendar in (CALENDAR, OTHER):
        state.written(run, SOURCE, calendar, [created(key) for key in "dbca"], "mapaaa")
    state.written(run, SOURCE, OTHER, [created("e")], "mapaaa")

    assert state.ledger_digests(SOURCE, WINDOW) == {
        calendar.address: digest_of(lines(state.ledger_fingerprints(SOURCE, calendar, WINDOW))) for calendar in (CALENDAR, OTHER)
    }
    assert state.ledger_digests("another", WINDOW) == {}


def test_of_very_many_calendars_none_is_left_out(state: State) -> None:
    run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
    many = [Calendar(f"c{number:03}@groups.example.ac.uk", "C") for number in range(101)]
    for number, calendar in enumerate(many):
        state.written(run, SOURCE, calendar, [created(f"k{key}") for key in range(1 + number % 3)], "mapaaa")
    found = state.ledger_digests(SOURCE, WINDOW)
    assert {address: digest.entries for address, digest in found.items()} == {
        calendar.address: 1 + number % 3 for number, calendar in enumerate(many)
    }
