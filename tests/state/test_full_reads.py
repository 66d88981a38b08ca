"""What is remembered of copies that people made of events of ours: each is named once, while it stands."""

from tests.state.making import CALENDAR, OTHER, SOURCE
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
