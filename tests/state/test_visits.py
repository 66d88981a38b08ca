"""What is remembered of addresses that were visited."""

from dataclasses import replace
from datetime import timedelta

from tests.state.making import CALENDAR, MONDAY, OTHER, SOURCE
from timetable_sync.model.folder import KnownFolder
from timetable_sync.state.store import State

SEEN = KnownFolder(CALENDAR, "AAMkAD/+=", MONDAY, 0, None)


def test_what_was_found_of_an_address_comes_back_as_it_was_and_the_later_counts(state: State) -> None:
    gone = KnownFolder(OTHER, gone_nights=3, gone_last=MONDAY)
    later = replace(SEEN, folder="another", seen=MONDAY + timedelta(days=1))
    state.keep_visited(SOURCE, [SEEN, gone])
    state.keep_visited(SOURCE, [later])
    state.keep_visited(SOURCE, [])
    assert state.visited(SOURCE) == {CALENDAR.address: later, OTHER.address: gone}
    assert state.visited("another") == {}
