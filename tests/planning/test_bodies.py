"""Bodies, which no listing shows: when they are read, and what comes of it."""

import pytest

from tests.planning.builders import DAY, KEEP, MONDAY, REPORT, RULES, entry, event, ledger, plan, standing
from timetable_sync.model.change import Reason, Update
from timetable_sync.model.plan import SkipReason
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.planning.bodies import settle_bodies
from timetable_sync.planning.body_match import rendering_of
from timetable_sync.planning.compare import Rules
from timetable_sync.planning.ownership import marker_of


def test_a_body_is_looked_at_only_where_the_events_version_is_not_the_one_we_wrote() -> None:
    lecture = event(body="Dr Who")
    there = standing(lecture, version="v1")

    assert plan([lecture], [there]).bodies == ()
    (check,) = plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], ledger(there)).bodies
    assert (check.event, check.standing.item.change_key) == (lecture, "v2")


def test_an_edited_body_is_found_although_the_ledger_was_lost() -> None:
    lecture = event(body="Dr Who, Aula 1")
    there = standing(lecture)
    drafted = plan([lecture], [there], {})

    edited = settle_bodies(drafted, {"item-1": "Dr No"}, RULES)
    right = settle_bodies(drafted, {"item-1": "Dr Who, Aula 1"}, RULES)

    assert (edited.changes, edited.record, [left.why for left in edited.left_alone]) == ((), (), [SkipReason.UNRECORDED])
    assert (right.changes, right.record) == ((), tuple(ledger(there).values()))


def test_a_body_that_is_not_ours_is_never_looked_at() -> None:
    lecture = event(body=None)
    there = standing(lecture)

    found = plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], ledger(there))

    assert found.bodies == ()
    assert [known.item.change_key for known in found.record] == ["v2"]


def test_an_edited_body_is_restored() -> None:
    lecture = event(body="Dr Who, Aula 1")
    there = standing(lecture)
    now = there._replace(item=ItemRef("item-1", "v2"))

    found = settle_bodies(plan([lecture], [now], ledger(there)), {"item-1": "Dr No"}, RULES)

    assert found.changes == (Update(now, lecture, marker_of(lecture, "mapaaa"), Reason.EDITED),)
    assert found.bodies == ()


@pytest.mark.parametrize(("rules", "why"), [(KEEP, SkipReason.EDITED_KEPT), (REPORT, SkipReason.EDITED_REPORTED)], ids=["keep", "report"])
def test_an_edited_body_is_kept_where_that_is_the_policy(rules: Rules, why: SkipReason) -> None:
    lecture = event(body="Dr Who, Aula 1")
    there = standing(lecture)
    drafted = plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], ledger(there), rules)

    found = settle_bodies(drafted, {"item-1": "Dr No"}, rules)

    assert found.changes == ()
    assert [left.why for left in found.left_alone] == [why]
    assert found.record == ()


def test_a_body_that_is_right_after_all_is_remembered_and_not_read_again() -> None:
    lecture = event(body="Dr Who, Aula 1")
    there = standing(lecture)
    now = there._replace(item=ItemRef("item-1", "v2"))

    found = settle_bodies(plan([lecture], [now], ledger(there)), {"item-1": "Dr Who,\r\n  Aula 1 \r\n"}, RULES)

    assert (found.changes, found.unchanged) == ((), 1)
    assert found.record == (entry(now),)
    assert plan([lecture], [now], {known.key: known for known in found.record}).bodies == ()


def test_a_body_that_the_service_is_known_to_show_otherwise_is_right() -> None:
    lecture = event(body="Room 1.2")
    there = standing(lecture)
    shown = rendering_of("Room 1.2", "text", "ROOM 1.2")
    known = {there.marker.key: entry(there)._replace(body=shown)}
    drafted = plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], known)

    found = settle_bodies(drafted, {"item-1": "ROOM 1.2\r\n"}, RULES)
    edited = settle_bodies(drafted, {"item-1": "ROOM 12\r\n"}, RULES)

    assert (found.changes, found.unchanged, found.overwritten) == ((), 1, {})
    assert [type(change) for change in edited.changes] == [Update]
    assert edited.overwritten == {lecture.key: rendering_of("Room 1.2", "text", "ROOM 12")}


def test_how_one_body_is_shown_says_nothing_of_another() -> None:
    before, lecture = event(body="Room 1.2"), event(body="ROOM 1.2")
    there = standing(lecture)
    known = {there.marker.key: entry(there)._replace(body=rendering_of("Room 1.2", "text", "Room 1.3"))}
    drafted = plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], known)

    assert settle_bodies(drafted, {"item-1": "Room 1.3"}, RULES).changes != ()
    assert before.fingerprint() != lecture.fingerprint()


def test_how_a_body_is_shown_is_not_written_down_again_each_night() -> None:
    lecture = event(body="Room 1.2")
    there = standing(lecture)
    known = {there.marker.key: entry(there)._replace(body=rendering_of("Room 1.2", "text", "ROOM 1.2"))}

    found = plan([lecture], [there], known)

    assert (found.changes, found.record, found.bodies) == ((), (), ())


def test_an_event_that_vanished_before_its_body_was_read_is_left_to_the_next_night() -> None:
    lecture = event(body="Dr Who, Aula 1")
    there = standing(lecture)

    found = settle_bodies(plan([lecture], [there._replace(item=ItemRef("item-1", "v2"))], ledger(there)), {}, RULES)

    assert (found.changes, found.record, found.bodies) == ((), (), ())


def test_restored_bodies_are_sorted_in_with_the_other_changes() -> None:
    late, soon = event("LATE", MONDAY + 5 * DAY, body="Dr Who"), event("SOON", body="Dr Who")
    there = standing(soon)
    drafted = plan([late, soon], [there._replace(item=ItemRef("item-1", "v2"))], ledger(there))

    found = settle_bodies(drafted, {"item-1": "Dr No"}, RULES)

    assert [change.key for change in found.changes] == [soon.key, late.key]
