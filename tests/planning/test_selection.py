"""Selection: what is visited, what is only reported on, and what must never be touched."""

from typing import Any

import pytest

from timetable_sync.config.sections.calendars import Calendars
from timetable_sync.model.calendar import Calendar
from timetable_sync.planning.selection import Selection, matches, select

COMP101 = Calendar("comp101@groups.example.ac.uk", "COMP101")
COMP102 = Calendar("comp102@groups.example.ac.uk", "COMP102")
MATH200 = Calendar("math200@groups.example.ac.uk", "MATH200")
RECTOR = Calendar("rector@example.ac.uk", "COMP999")
ALL = [COMP101, COMP102, MATH200]


def chosen(*asked: str, named: list[Calendar] | None = None, remembered: tuple[Calendar, ...] = (), **given: Any) -> Selection:
    rules = Calendars.model_validate({"address": "{{ calendar }}", "allow": ["*@groups.example.ac.uk"], **given})
    return select(ALL if named is None else named, remembered, rules, asked)


def test_without_further_rules_all_calendars_that_are_allowed_are_visited() -> None:
    assert chosen() == Selection((COMP101, COMP102, MATH200), frozenset(), ())


def test_a_mailbox_that_is_not_allowed_is_not_even_read() -> None:
    found = chosen(named=[COMP101, RECTOR])

    assert (found.visited, found.refused) == ((COMP101,), (RECTOR,))


def test_the_address_decides_what_is_allowed_and_never_the_name() -> None:
    dressed = Calendar("rector@example.ac.uk", "comp101@groups.example.ac.uk")

    found = chosen(named=[dressed])

    assert (found.visited, found.refused) == ((), (dressed,))


def test_a_pattern_of_addresses_does_not_match_what_merely_ends_in_the_like() -> None:
    outside = Calendar("x@groups.example.ac.uk.evil.example", "X")

    assert chosen(named=[outside]).refused == (outside,)


def test_a_calendar_that_left_the_timetable_is_visited_since_the_ledger_knows_it() -> None:
    assert chosen(named=[COMP101], remembered=(MATH200,)).visited == (COMP101, MATH200)


def test_a_calendar_that_left_and_is_not_allowed_any_more_is_refused() -> None:
    assert chosen(named=[COMP101], remembered=(RECTOR,)).refused == (RECTOR,)


def test_a_renamed_calendar_is_visited_once_under_its_present_name() -> None:
    before = Calendar(COMP101.address, "Old name")

    assert chosen(named=[COMP101], remembered=(before,)).visited == (COMP101,)


def test_a_pilot_visits_only_its_calendars() -> None:
    assert chosen(pilot=["COMP*"]).visited == (COMP101, COMP102)


def test_calendars_outside_of_the_pilot_are_left_even_if_the_ledger_knows_them() -> None:
    assert chosen(named=[COMP101], remembered=(MATH200,), pilot=["COMP*"]).visited == (COMP101,)


def test_report_only_calendars_are_visited_and_marked() -> None:
    found = chosen(report_only=["MATH*"])

    assert found.visited == (COMP101, COMP102, MATH200)
    assert found.report_only == {MATH200.address}


@pytest.mark.parametrize("asked", ["COMP101", "comp101", "comp101@groups.example.ac.uk", "*101", "COMP10[13]", "comp101@*"])
def test_a_calendar_can_be_asked_for_by_name_address_or_pattern_in_any_case(asked: str) -> None:
    assert chosen(asked).visited == (COMP101,)


def test_several_calendars_can_be_asked_for() -> None:
    assert chosen("COMP101", "MATH*").visited == (COMP101, MATH200)


def test_asking_for_a_calendar_does_not_allow_it() -> None:
    found = chosen("COMP999", named=[COMP101, RECTOR])

    assert (found.visited, found.refused) == ((), (RECTOR,))


def test_asking_for_a_calendar_does_not_make_it_written_where_it_is_only_reported_on() -> None:
    assert chosen("MATH200", report_only=["MATH*"]).report_only == {MATH200.address}


def test_asking_for_a_calendar_outside_of_the_pilot_visits_nothing() -> None:
    assert chosen("MATH200", pilot=["COMP*"]).visited == ()


def test_a_calendar_nobody_asked_for_is_not_reported_as_refused() -> None:
    assert chosen("COMP101", named=[COMP101, RECTOR]).refused == ()


def test_a_calendar_that_matches_no_pattern_does_not_match() -> None:
    assert not matches(COMP101, [])
    assert not matches(COMP101, ["COMP", "101"])


def doubting(doubtful: dict[str, set[str]], *remembered: Calendar, named: list[Calendar] | None = None, **given: Any) -> Selection:
    rules = Calendars.model_validate({"address": "{{ calendar }}", "allow": ["*@groups.example.ac.uk"], **given})
    return select([COMP102] if named is None else named, remembered, rules, (), doubtful)


def test_a_calendar_in_doubt_is_not_even_read_where_it_might_be_and_where_it_was() -> None:
    moved = Calendar("old@groups.example.ac.uk", "COMP101")

    found = doubting({"COMP101": {COMP101.address, "x@groups.example.ac.uk"}}, COMP101, moved, MATH200)

    assert found.visited == (COMP102, MATH200)
    assert [calendar for calendar, _ in found.doubtful] == [COMP101, moved]


def test_one_that_another_name_leads_to_goes_on() -> None:
    found = doubting({"COMP101": {COMP101.address, COMP102.address}}, COMP101, COMP102)

    assert (found.visited, [calendar for calendar, _ in found.doubtful]) == ((COMP102,), [COMP101])


def test_one_of_which_nothing_is_known_is_named_once_and_only_where_it_may_be_written() -> None:
    assert [one for one, _ in doubting({"NEW": {"a@groups.example.ac.uk", "b@groups.example.ac.uk"}}).doubtful] == [
        Calendar("a@groups.example.ac.uk", "NEW")
    ]
    assert doubting({"NEW": {"a@example.ac.uk"}}).doubtful == ()
    assert doubting({"NEW": {"a@groups.example.ac.uk"}}, pilot=["COMP*"]).doubtful == ()
