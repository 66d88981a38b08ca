"""What is remembered of calendars seen to be right, of addresses that were visited, and of copies named once while they stand."""

from dataclasses import replace
from datetime import timedelta

from tests.state.making import CALENDAR, MONDAY, OTHER, SOURCE, WINDOW, created
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import digest_of
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.store import State


def test_copies_that_were_named_come_back_by_address_and_are_forgotten_once_gone(state: State) -> None:
    assert state.named_copies(SOURCE) == {}
    state.keep_copies(SOURCE, CALENDAR, {"item-1", "item-2"})
    state.keep_copies(SOURCE, OTHER, {"item-3"})

    state.keep_copies(SOURCE, CALENDAR, {"item-2"})
    state.keep_copies(SOURCE, OTHER, ())

    assert state.named_copies(SOURCE) == {CALENDAR.address: {"item-2"}}
    assert state.named_copies("another") == {}


def test_they_go_along_with_their_calendar_and_are_forgotten_with_it(state: State) -> None:
    state.keep_copies(SOURCE, CALENDAR, {"item-1"})

    state.readdress(SOURCE, {CALENDAR.address: OTHER}, ())
    assert state.named_copies(SOURCE) == {OTHER.address: {"item-1"}}

    state.readdress(SOURCE, {}, {OTHER.address})
    assert state.named_copies(SOURCE) == {}


VISITED = KnownFolder(CALENDAR, "AAMkAD/+=", MONDAY, 0, None)


def test_what_was_found_of_an_address_comes_back_as_it_was_and_the_later_counts(state: State) -> None:
    gone = KnownFolder(OTHER, gone_nights=3, gone_last=MONDAY)
    later = replace(VISITED, folder="another", seen=MONDAY + timedelta(days=1))
    state.keep_visited(SOURCE, [VISITED, gone])
    state.keep_visited(SOURCE, [later])
    state.keep_visited(SOURCE, [])
    assert state.visited(SOURCE) == {CALENDAR.address: later, OTHER.address: gone}
    assert state.visited("another") == {}


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
