"""Which folder each address leads to, what follows, and what is remembered of it."""

from dataclasses import replace

import pytest

from tests.planning.builders import COMP101, DAY, MONDAY
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import FolderSeen, KnownFolder
from timetable_sync.planning.folders import ExpectedFolders, FoldersFound, Resolution, learnt, now_known, resolve

KNOWN = KnownFolder(COMP101, "a folder", MONDAY)


@pytest.mark.parametrize(
    ("before", "look", "after"),
    [
        (None, FolderSeen("a folder", MONDAY), KNOWN),
        (None, FolderSeen("a folder"), KnownFolder(COMP101, "a folder")),
        (KNOWN, FolderSeen("a folder", MONDAY + DAY), replace(KNOWN, seen=MONDAY + DAY)),
        (KNOWN, FolderSeen("", MONDAY + DAY), replace(KNOWN, seen=MONDAY + DAY)),
        (KNOWN, FolderSeen(), KNOWN),
        (replace(KNOWN, gone_nights=2, gone_last=MONDAY), FolderSeen("a folder"), KNOWN),
    ],
    ids=["new", "new and not read", "read again", "by a service that told no id", "nothing at all", "back again"],
)
def test_of_an_address_is_remembered_what_was_found_last(before: KnownFolder | None, look: FolderSeen, after: KnownFolder) -> None:
    known = {} if before is None else {COMP101.address: before}
    assert list(learnt(known, [COMP101], {COMP101.address: look})) == [after]


def known(**folders: str) -> dict[str, KnownFolder]:
    """What is remembered: addresses by name, with the folder that each led to."""
    return {address: KnownFolder(Calendar(address, address.upper()), folder) for address, folder in folders.items()}


def tonight(wanted: str = "", gone: str = "", unseen: str = "", **leads: str) -> FoldersFound:
    """Addresses that answer, with the folder of each. ``wanted``, ``gone`` and ``unseen`` (but visited) are named in a row."""
    visited = [*leads, *gone.split(), *unseen.split()]
    return FoldersFound({address: FolderSeen(folder) for address, folder in leads.items()}, gone.split(), wanted.split(), visited)


def test_where_every_address_leads_where_it_led_nothing_follows() -> None:
    assert resolve(known(a="F", b="G"), tonight("a b", a="F", b="G")) == Resolution()
    assert resolve({}, tonight("a b", a="F", b="G")) == Resolution()
    assert resolve(known(a="F"), tonight("a", a="")) == Resolution(), "the service does not tell"


RENAMED = Resolution(moved={"old": "new"}, dropped=frozenset({"old"}))


@pytest.mark.parametrize(
    "found",
    [
        tonight("new", new="F", old="F"),
        tonight("new", new="F", gone="old"),
        tonight("new", new="F", unseen="old"),
        tonight("new", new="F"),
        tonight("new", new="F", old="G"),
    ],
    ids=["an alias", "gone", "without an answer", "not looked at", "another mailbox now"],
)
def test_what_was_known_of_a_folder_goes_to_the_address_that_the_timetable_names_for_it(found: FoldersFound) -> None:
    assert resolve(known(old="F"), found) == RENAMED
    assert resolve(known(old="F", new="F"), found) == RENAMED


def test_a_service_that_gives_all_folders_one_id_tells_nothing_by_it() -> None:
    assert resolve({}, tonight("a b c", a="10", b="10", c="10")) == Resolution()
    assert resolve(known(a="10", b="", c="", d=""), tonight("a b c d", a="10", b="10")) == Resolution()
    assert sorted(resolve({}, tonight("a b", a="F", b="F")).failed) == ["a", "b"], "an address and its alias, and no other calendar"
    assert sorted(resolve({}, tonight("a b c d", a="F", b="F", c="F", d="G")).failed) == ["a", "b", "c"]
    assert sorted(resolve(known(d="G"), tonight("a b c", a="F", b="F", c="F")).failed) == ["a", "b", "c"]


def test_a_mailbox_that_is_alone_and_had_other_names_is_no_sign_of_such_a_service() -> None:
    both = resolve(known(old="F", older="F", a="F"), tonight("a b", a="F", b="F", gone="old older"))
    assert both.failed.keys() == {"a", "b"}
    forgotten = known(a="F") | {"old": KnownFolder(Calendar("old", "OLD"), "F", gone_nights=3)}
    assert resolve(forgotten, tonight("a b", a="F", b="F")).failed.keys() == {"a", "b"}


def test_in_the_first_night_what_is_known_under_an_address_is_of_the_folder_that_it_leads_to() -> None:
    assert resolve(known(old=""), tonight("new", new="F", old="F")) == RENAMED


def test_a_mailbox_that_got_another_name_while_the_timetable_names_the_old_one_as_well_is_renamed() -> None:
    assert resolve(known(old="F"), tonight("new old", new="F", gone="old")) == Resolution(moved={"old": "new"})


@pytest.mark.parametrize(
    ("found", "failed"),
    [
        (tonight("a b", a="F", b="F"), "a b"),
        (tonight("a b", b="F"), "b"),
        (tonight("a b", b="F", unseen="a"), "a b"),
        (tonight("a b c", a="F", b="F", c="F", d="G"), "a b c"),
    ],
    ids=["both looked at", "one remembered", "one without an answer", "three"],
)
def test_of_one_folder_by_two_addresses_that_the_timetable_names_nobody_can_say_whose_it_is(found: FoldersFound, failed: str) -> None:
    for before in (known(a="F"), known(a="F", b="F")):
        resolution = resolve(before, found)
        assert " ".join(sorted(resolution.failed)) == failed
        assert (resolution.moved, resolution.forgotten) == ({}, frozenset())


def test_an_old_name_of_one_of_two_that_nobody_can_tell_apart_is_left_alone_as_well() -> None:
    resolution = resolve(known(a="F", old="F"), tonight("a b c", a="F", b="F", old="F", c="G"))
    assert (sorted(resolution.failed), sorted(resolution.dropped), dict(resolution.moved)) == (["a", "b"], ["old"], {})


def test_an_old_name_of_a_calendar_that_could_not_be_looked_at_is_left_alone() -> None:
    resolution = resolve(known(a="F", old="F"), tonight("a", old="F", unseen="a"))
    assert (sorted(resolution.failed), sorted(resolution.dropped), dict(resolution.moved)) == (["old"], [], {})


def test_of_two_old_names_of_one_mailbox_one_is_cleared() -> None:
    assert resolve(known(a="F", b="F"), tonight("", a="F", b="F")) == Resolution(moved={"b": "a"}, dropped=frozenset({"b"}))


def test_a_mailbox_that_was_made_anew_forgets_what_was_known() -> None:
    assert resolve(known(a="F"), tonight("a", a="G")) == Resolution(forgotten=frozenset({"a"}))
    left = resolve(known(a="F"), tonight("", a="G"))
    assert left == Resolution(forgotten=frozenset({"a"}), dropped=frozenset({"a"})), (
        "one that left the timetable is nobody's to clear any more"
    )


def test_an_address_that_is_gone_keeps_what_is_known_for_when_it_is_back() -> None:
    assert resolve(known(a="F"), tonight("a", gone="a")) == Resolution()
    assert resolve(known(a="F"), tonight("", gone="a")) == Resolution()


def test_two_that_changed_places_each_get_what_is_known_of_their_folder() -> None:
    resolution = resolve(known(a="F", b="G"), tonight("a b", a="G", b="F"))
    assert resolution == Resolution(moved={"a": "b", "b": "a"})
    assert (resolution.known_as("a"), resolution.known_as("b")) == (["b"], ["a"])


def test_addresses_that_moved_on_by_one_each_take_along_what_is_known() -> None:
    resolution = resolve(known(a="F", b="G"), tonight("b c", b="F", c="G", gone="a"))
    assert resolution == Resolution(moved={"a": "b", "b": "c"}, dropped=frozenset({"a"}))
    assert {address: one.folder for address, one in now_known(known(a="F", b="G"), resolution).items()} == {"b": "F", "c": "G"}


def test_it_is_no_news_where_an_address_leads_unless_it_led_elsewhere_or_another_led_there() -> None:
    expected = ExpectedFolders({"a": "F", "b": ""})
    assert expected.meets("a", "F")
    assert expected.meets("b", "H")
    assert expected.meets("c", "H")
    assert expected.meets("a", "")
    assert not expected.meets("a", "G")
    assert not expected.meets("b", "F")
    assert not expected.meets("c", "F")
