"""Comparing: each rule that the users rely on, told on one calendar."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.planning.builders import (
    DAY,
    EDITS,
    HOUR,
    KEEP,
    MONDAY,
    REPORT,
    RULES,
    WINDOW,
    entry,
    event,
    key,
    ledger,
    plan,
    sealed,
    settled,
    snapshot,
    standing,
)
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.key import EventKey
from timetable_sync.model.marker import Marker
from timetable_sync.model.plan import SkipReason
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.model.window import Window
from timetable_sync.planning.compare import Rules, compare

NEW_MAPPING = replace(RULES, mapping="mapbbb")


# Nothing to do


def test_what_stands_as_it_ought_to_is_left_alone() -> None:
    lecture = event(categories=("Timetable",), reminder=15)

    found = plan([lecture], [standing(lecture)])

    assert (found.changes, found.left_alone, found.record, found.forget, found.bodies) == ((), (), (), (), ())
    assert (found.standing, found.expected, found.unchanged) == (1, 1, 1)


def test_an_empty_calendar_without_lessons_is_an_empty_plan() -> None:
    found = plan()

    assert (found.changes, found.standing, found.expected) == ((), 0, 0)


# Creates


def test_a_new_lesson_is_created_with_its_marker() -> None:
    lecture = event()

    (change,) = plan([lecture]).changes

    assert isinstance(change, Create)
    assert Marker.parse(change.marker)[:3] == Marker("mapaaa", lecture.fingerprint(), lecture.key)[:3]
    assert (change.after, change.reason) == (lecture, Reason.TIMETABLE)


def test_creates_come_soonest_first() -> None:
    lessons = [event(f"L{day}", MONDAY + day * DAY) for day in (9, 2, 5)]

    assert [change.when for change in plan(lessons).changes] == [MONDAY + day * DAY for day in (2, 5, 9)]


# The ledger is a cache


def test_a_lost_ledger_makes_no_duplicate_and_no_write_and_is_rebuilt_from_the_markers() -> None:
    lessons = [event("A"), event("B", MONDAY + DAY)]
    there = [standing(lessons[0], "item-1"), standing(lessons[1], "item-2")]

    found = plan(lessons, there, known={})

    assert found.changes == ()
    assert {known.key: known for known in found.record} == ledger(*there)


def test_a_ledger_of_another_host_or_an_old_copy_is_put_right_without_a_write() -> None:
    lecture = event()
    there = standing(lecture, "item-2", version="v7")
    old = entry(there)._replace(item=ItemRef("item-1", "v1"), fingerprint="a" * 16)

    found = plan([lecture], [there], known={lecture.key: old})

    assert found.changes == ()
    assert found.record == (entry(there),)


def test_a_ledger_that_knows_more_than_there_is_forgets_it() -> None:
    gone = standing(event("GONE"))

    found = plan([], [], known=ledger(gone))

    assert found.changes == ()
    assert found.forget == (gone.marker.key,)


def test_the_ledgers_past_is_not_forgotten() -> None:
    past = standing(event("PAST", MONDAY - DAY))

    assert plan([], [], known=ledger(past)).forget == ()


def test_what_stands_is_put_on_record_before_it_is_changed_since_the_change_may_be_held() -> None:
    moved, left = event("MOVED"), event("LEFT", MONDAY + DAY)
    there = [standing(moved, "1"), sealed(left, "2")]

    found = settled(plan([replace(moved, subject="Logic")], there, known={}))

    assert {type(change) for change in found.changes} == {Update, Delete}
    assert {known.item.id for known in found.record} == {"1", "2"}


@pytest.mark.parametrize("rules", [RULES, KEEP, REPORT], ids=["restore", "keep", "report"])
@pytest.mark.parametrize("made", [standing, sealed])
def test_an_edited_event_of_which_nothing_is_on_record_may_be_a_copy_and_stays(rules: Rules, made: Callable[..., RemoteEvent]) -> None:
    """For good: what was left so is not on record the next night either."""
    lecture = event()
    there = made(lecture, subject="Party")

    found = plan([lecture], [there], known={}, rules=rules)

    assert (found.changes, found.record, found.forget, found.standing) == ((), (), (), 1)
    assert [(left.why, left.before, left.after) for left in found.left_alone] == [(SkipReason.UNRECORDED, there, lecture)]


def test_what_is_on_record_is_not_recorded_again_while_its_change_is_held_night_after_night() -> None:
    left, edited = event("LEFT"), event("EDITED", MONDAY + DAY)

    there = [standing(left, "1"), standing(edited, "2", version="v2", subject="Party")]

    found = plan([edited], there, ledger(standing(left, "1"), standing(edited, "2")))

    assert len(found.changes) == 2
    assert found.record == ()


# Updates


@pytest.mark.parametrize(
    "after",
    [
        {"start": MONDAY + HOUR, "end": MONDAY + 2 * HOUR},
        {"end": MONDAY + 2 * HOUR},
        {"zone": "Europe/Prague"},
        {"subject": "Logic"},
        {"location": "Aula 2"},
        {"location": ""},
        {"body": "Dr Who"},
        {"categories": ("Exam",)},
        {"busy": Busy.FREE},
        {"reminder": 15},
        {"sensitivity": Sensitivity.PRIVATE},
    ],
    ids=str,
)
def test_a_change_of_any_owned_field_is_one_update_of_the_same_item(after: dict[str, object]) -> None:
    lecture = event()
    there = standing(lecture)
    changed = replace(lecture, **after)  # type: ignore[arg-type]  # a field's name and a value of its type

    (change,) = plan([changed], [there]).changes

    assert isinstance(change, Update)
    assert (change.before, change.after, change.reason) == (there, changed, Reason.TIMETABLE)
    assert Marker.parse(change.marker).fingerprint == changed.fingerprint()


def test_a_move_within_the_week_is_an_update_so_that_the_entry_moves_instead_of_vanishing() -> None:
    lecture = event()

    found = plan([event(start=MONDAY + 3 * DAY)], [standing(lecture)])

    assert (found.creates, found.updates, found.deletes) == (0, 1, 0)


def test_a_move_into_another_week_is_a_create_and_a_delete() -> None:
    found = plan([event(start=MONDAY + 7 * DAY)], [standing(event())])

    assert (found.creates, found.updates, found.deletes) == (1, 0, 1)


def test_an_event_moved_by_the_timetable_is_named_as_such_even_if_someone_edited_it_too() -> None:
    lecture = event()

    (change,) = plan([replace(lecture, subject="Logic")], [standing(lecture, location="Pub")]).changes

    assert change.reason is Reason.TIMETABLE


# A change of the mapping


def test_a_changed_mapping_is_named_as_the_reason() -> None:
    lecture = event()

    (change,) = plan([replace(lecture, subject="COMP101: Algorithms")], [standing(lecture)], rules=NEW_MAPPING).changes

    assert change.reason is Reason.MAPPING
    assert isinstance(change, Update)
    assert Marker.parse(change.marker).mapping == "mapbbb"


def test_a_changed_mapping_that_leaves_an_event_as_it_is_writes_nothing() -> None:
    lecture = event()
    there = standing(lecture)

    first = plan([lecture], [there], rules=NEW_MAPPING)
    second = plan([lecture], [there], known={known.key: known for known in first.record}, rules=NEW_MAPPING)

    assert first.changes == ()
    assert (second.changes, second.record) == ((), ())


def test_after_a_changed_mapping_the_timetables_next_change_is_not_taken_for_the_mappings() -> None:
    lecture = event()
    there = standing(lecture)
    first = plan([lecture], [there], rules=NEW_MAPPING)

    (change,) = plan([replace(lecture, subject="Logic")], [there], {known.key: known for known in first.record}, NEW_MAPPING).changes

    assert change.reason is Reason.TIMETABLE


# Deletes


def test_a_lesson_that_left_the_timetable_is_deleted() -> None:
    there = standing(event())

    assert plan([], [there]).changes == (Delete(there, Reason.LEFT),)


def test_a_calendar_that_left_the_timetable_is_cleared_of_ours_and_nothing_else() -> None:
    ours = [standing(event(f"L{day}", MONDAY + day * DAY), f"item-{day}") for day in range(5)]

    found = plan([], ours, foreign=3)

    assert found.deletes == len(found.changes) == 5
    assert found.foreign == 3


# Foreign events


def test_events_of_another_source_are_foreign_and_never_touched() -> None:
    other = standing(event(key=key(source="exams")))
    longer = standing(event(key=key(source="timetable-exams")), "item-2")

    found = plan([event()], [other, longer], known={})

    assert [type(change) for change in found.changes] == [Create]
    assert (found.standing, found.foreign, found.record) == (0, 2, ())


def test_a_source_with_odd_characters_in_its_name_still_knows_its_own() -> None:
    lecture = event(key=EventKey("Ünï/1", "p", "A", "2026-W48", 1).text())

    assert plan([lecture], [standing(lecture)], rules=replace(RULES, source="Ünï/1")).changes == ()


# The window's edges


def test_a_lesson_on_the_first_edge_of_the_window_is_written_once_and_stays() -> None:
    lecture = event(start=WINDOW.start)

    assert plan([lecture]).creates == 1
    assert plan([lecture], [standing(lecture)]).changes == ()


@pytest.mark.parametrize("start", [WINDOW.end, WINDOW.start - timedelta(seconds=1)], ids=["last edge", "just before"])
def test_a_lesson_that_starts_outside_of_the_window_is_neither_written_nor_deleted(start: datetime) -> None:
    outside = event(start=start)

    assert plan([outside]).changes == ()
    assert plan([outside]).expected == 0
    assert plan([], [standing(outside)]).changes == ()


def test_a_lesson_under_way_at_the_windows_start_is_past_even_if_a_backend_lists_it() -> None:
    under_way = event(start=WINDOW.start - HOUR, end=WINDOW.start + HOUR)

    found = plan([], [standing(under_way)])

    assert (found.changes, found.standing) == ((), 0)


def test_a_lesson_that_ends_after_the_window_belongs_to_it_by_its_start() -> None:
    late = event(start=WINDOW.end - HOUR, end=WINDOW.end + HOUR)

    assert plan([late]).creates == 1
    assert plan([late], [standing(late)]).changes == ()


def test_what_happened_this_week_stays_when_its_lesson_is_moved_to_a_later_day() -> None:
    """Monday's meeting took place; on Wednesday the timetable says Friday: Friday's is made, Monday's is past and out of sight."""
    wednesday = Window(MONDAY + 2 * DAY, WINDOW.end)
    was = standing(event())
    moved = event(start=MONDAY + 4 * DAY)

    found = compare([moved], snapshot(window=wednesday), ledger(was), RULES)

    assert [(type(change), change.reason) for change in found.changes] == [(Create, Reason.TIMETABLE)]


# Someone edited it


def edited(of: Event, fields: dict[str, object]) -> RemoteEvent:
    return standing(of, version="v2")._replace(**fields)  # type: ignore[arg-type]  # a field's name and a value of its type


@pytest.mark.parametrize("fields", EDITS, ids=str)
def test_an_edited_event_is_restored(fields: dict[str, object]) -> None:
    lecture = event(categories=("Timetable",))

    (change,) = plan([lecture], [edited(lecture, fields)], ledger(standing(lecture))).changes

    assert isinstance(change, Update)
    assert (change.after, change.reason) == (lecture, Reason.EDITED)


@pytest.mark.parametrize("fields", EDITS, ids=str)
@pytest.mark.parametrize("rules", [RULES, KEEP, REPORT], ids=["restore", "keep", "report"])
def test_what_the_service_makes_of_an_event_is_not_written_every_night(fields: dict[str, object], rules: Rules) -> None:
    """The version that stands is the one we wrote, so nobody edited it."""
    lecture = event(categories=("Timetable",))
    there = edited(lecture, fields)

    found = plan([lecture], [there], ledger(there), rules)

    assert (found.changes, found.record, found.unchanged) == ((), (), 0)
    assert [(left.why, left.before, left.after) for left in found.left_alone] == [(SkipReason.NOT_KEPT, there, lecture)]


def test_an_event_that_the_service_keeps_otherwise_is_written_when_the_timetable_changes_it() -> None:
    lecture = event()
    there = standing(lecture, subject="ALGORITHMS")

    (change,) = plan([replace(lecture, subject="Logic")], [there], ledger(there)).changes

    assert change.reason is Reason.TIMETABLE


@pytest.mark.parametrize("fields", EDITS, ids=str)
@pytest.mark.parametrize(("rules", "why"), [(KEEP, SkipReason.EDITED_KEPT), (REPORT, SkipReason.EDITED_REPORTED)], ids=["keep", "report"])
def test_an_edited_event_is_kept_where_that_is_the_policy(fields: dict[str, object], rules: Rules, why: SkipReason) -> None:
    lecture = event(categories=("Timetable",))
    there = edited(lecture, fields)

    found = plan([lecture], [there], ledger(standing(lecture)), rules)

    assert found.changes == ()
    assert [(left.why, left.before, left.after) for left in found.left_alone] == [(why, there, lecture)]


@pytest.mark.parametrize("rules", [KEEP, REPORT], ids=["keep", "report"])
def test_a_kept_edit_lasts_until_the_timetable_changes_the_event(rules: Rules) -> None:
    lecture = event()

    (change,) = plan([replace(lecture, location="Aula 2")], [standing(lecture, subject="Party")], rules=rules).changes

    assert isinstance(change, Update)
    assert change.reason is Reason.TIMETABLE


def test_edits_of_fields_that_are_not_ours_are_nobodys_business() -> None:
    lecture = event(location=None)

    assert plan([lecture], [standing(lecture, location="Pub", categories=("Fun",))]).changes == ()


@pytest.mark.parametrize(("rules", "why"), [(KEEP, SkipReason.EDITED_KEPT), (REPORT, SkipReason.EDITED_REPORTED)])
def test_an_event_that_someone_moved_stays_where_edits_are_kept_also_once_its_own_time_is_over(rules: Rules, why: SkipReason) -> None:
    own = standing(event(start=WINDOW.start - DAY))
    moved = own._replace(start=MONDAY, end=MONDAY + HOUR, item=ItemRef("item-1", "v2"))

    found = plan([], [moved], ledger(own), rules)

    assert (found.changes, [left.why for left in found.left_alone], found.forget) == ((), [why], ())


def test_an_event_that_someone_moved_into_the_window_goes_where_edits_are_put_right() -> None:
    own = standing(event(start=WINDOW.start - DAY))
    moved = own._replace(start=MONDAY, end=MONDAY + HOUR, item=ItemRef("item-1", "v2"))

    assert plan([], [moved], ledger(own)).deletes == 1


# Someone deleted it


def test_a_deleted_event_is_made_anew_and_the_reason_says_so() -> None:
    lecture = event()

    (change,) = plan([lecture], [], ledger(standing(lecture))).changes

    assert isinstance(change, Create)
    assert change.reason is Reason.DELETED


@pytest.mark.parametrize(("rules", "why"), [(KEEP, SkipReason.DELETED_KEPT), (REPORT, SkipReason.DELETED_REPORTED)], ids=["keep", "report"])
def test_a_deleted_event_stays_deleted_where_that_is_the_policy(rules: Rules, why: SkipReason) -> None:
    lecture = event()

    found = plan([lecture], [], ledger(standing(lecture)), rules)

    assert (found.changes, found.forget, found.record) == ((), (), ())
    assert [(left.why, left.before, left.after) for left in found.left_alone] == [(why, None, lecture)]


@pytest.mark.parametrize("rules", [KEEP, REPORT], ids=["keep", "report"])
def test_a_deletion_is_kept_until_the_timetable_changes_the_event(rules: Rules) -> None:
    lecture = event()

    (change,) = plan([replace(lecture, location="Aula 2")], [], ledger(standing(lecture)), rules).changes

    assert isinstance(change, Create)
    assert change.reason is Reason.TIMETABLE


def test_a_kept_deletion_outlives_a_change_of_the_mapping_but_not_the_timetables_next_change() -> None:
    lecture = event()
    rules = replace(NEW_MAPPING, deleted="keep")
    mapped = replace(lecture, subject="COMP101: Algorithms")

    first = plan([mapped], [], ledger(standing(lecture)), rules)
    known = {entry.key: entry for entry in first.record}
    second = plan([mapped], [], known, rules)
    third = plan([replace(mapped, location="Aula 2")], [], known, rules)

    assert first.changes == second.changes == ()
    assert second.record == ()
    assert [type(change) for change in third.changes] == [Create]


def test_a_lesson_that_we_never_wrote_is_not_taken_for_deleted_by_someone() -> None:
    (change,) = plan([event()], [], {}, KEEP).changes

    assert change.reason is Reason.TIMETABLE


# Series


def test_an_event_that_someone_made_a_series_is_left_alone_and_named() -> None:
    lecture = event()
    occurrences = [standing(lecture, f"item-{week}", start=MONDAY + week * 7 * DAY, series=True) for week in range(3)]

    found = plan([replace(lecture, subject="Logic")], occurrences, ledger(occurrences[0]))

    assert found.changes == ()
    assert [left.why for left in found.left_alone] == [SkipReason.SERIES]


def test_a_series_of_a_lesson_that_left_is_left_alone_and_named() -> None:
    found = plan([], [standing(event(), series=True)])

    assert found.changes == ()
    assert [left.why for left in found.left_alone] == [SkipReason.SERIES]


def test_a_copy_that_someone_made_a_series_does_not_freeze_the_event_itself() -> None:
    lecture = event()
    itself, copy = standing(lecture, "item-1"), standing(lecture, "item-2", series=True)

    kept = plan([replace(lecture, subject="Logic")], [itself, copy])
    left = settled(plan([], [itself, copy]))

    assert [(type(change), change.key) for change in kept.changes] == [(Update, lecture.key)]
    assert left.changes == (Delete(itself, Reason.LEFT),)
    assert [alone.why for alone in kept.left_alone] == [alone.why for alone in left.left_alone] == [SkipReason.SERIES]


# Clock changes


def test_a_lesson_at_nine_is_at_nine_before_and_after_the_clocks_change() -> None:
    """London, October 2026: 08:00 UTC before the 25th, 09:00 UTC after. Both stand as they are; neither is taken for edited."""
    before = event("A", datetime(2026, 10, 23, 8, 0, tzinfo=UTC))
    after = event("A", datetime(2026, 10, 26, 9, 0, tzinfo=UTC))
    window = Window(before.start, after.end)

    found = compare([before, after], snapshot(standing(before, "1"), standing(after, "2"), window=window), {}, RULES)

    assert (found.changes, found.unchanged) == ((), 2)
