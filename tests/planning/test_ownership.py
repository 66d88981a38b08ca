"""Several events with one mark: duplicates of ours, and copies that people made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
    ledger,
    plan,
    sealed,
    settled,
    standing,
)
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.plan import SkipReason
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.planning.bodies import settle_bodies
from timetable_sync.planning.body_match import rendering_of
from timetable_sync.planning.compare import Rules
from timetable_sync.planning.ownership import written

# Duplicates


def test_duplicates_of_one_marker_are_reduced_to_the_one_that_we_know() -> None:
    lecture = event()
    first, known, third = (standing(lecture, f"item-{number}") for number in (1, 2, 3))

    found = settled(plan([lecture], [first, known, third], ledger(known)))

    assert found.changes == (Delete(first, Reason.DUPLICATE), Delete(third, Reason.DUPLICATE))
    assert found.unchanged == 1


def test_without_a_ledger_the_one_that_is_right_stays_then_the_oldest() -> None:
    lecture = event()
    wrong = standing(lecture, "item-1", subject="Party", created=MONDAY - 9 * DAY)
    young, old = standing(lecture, "item-2", created=MONDAY - DAY), standing(lecture, "item-3", created=MONDAY - 2 * DAY)
    ageless = standing(lecture, "item-0", created=None)

    found = settled(plan([lecture], [wrong, ageless, young, old], {}))

    assert {change.before.item.id for change in found.changes if isinstance(change, Delete)} == {"item-0", "item-2"}
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, wrong)]
    assert [known.item.id for known in found.record] == ["item-3"]


def test_whatever_order_they_are_listed_in_the_same_one_stays() -> None:
    lecture = event()
    copies = [standing(lecture, f"item-{number}") for number in range(4)]

    forwards, backwards = (settled(plan([lecture], there, {})) for there in (copies, copies[::-1]))

    assert set(forwards.changes) == set(backwards.changes)
    assert forwards.deletes == 3


def test_the_one_of_several_that_is_ours_is_put_right_and_the_other_that_someone_made_of_it_is_left_alone() -> None:
    lecture = event()
    known = standing(lecture, "item-1", version="v2", subject="Party")
    copy = standing(lecture, "item-2", start=MONDAY + DAY, end=MONDAY + DAY + HOUR)

    found = plan([lecture], [known, copy], ledger(standing(lecture, "item-1")))

    assert [(type(change), change.reason) for change in found.changes] == [(Update, Reason.EDITED)]
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, copy)]
    assert (found.standing, found.foreign) == (1, 1)


@pytest.mark.parametrize("made", [standing, sealed])
def test_all_copies_of_a_lesson_that_left_are_deleted_where_nobody_changed_them(made: Callable[..., RemoteEvent]) -> None:
    copies = [made(event(), f"item-{number}") for number in (1, 2)]

    found = settled(plan([], copies))

    assert set(found.changes) == {Delete(copies[0], Reason.LEFT), Delete(copies[1], Reason.LEFT)}


# A person's copies

MINE: list[dict[str, Any]] = [
    {"start": MONDAY + 3 * HOUR, "end": MONDAY + 4 * HOUR, "subject": "Mine"},
    *EDITS,
]


@pytest.mark.parametrize("known", [True, False], ids=["known", "ledger lost"])
@pytest.mark.parametrize("rules", [RULES, KEEP, REPORT], ids=["restore", "keep", "report"])
@pytest.mark.parametrize("fields", MINE, ids=str)
@pytest.mark.parametrize("made", [standing, sealed])
def test_a_copy_that_someone_changed_is_theirs(
    made: Callable[..., RemoteEvent], fields: dict[str, Any], rules: Rules, *, known: bool
) -> None:
    lecture = event(categories=("Timetable",))
    ours, copy = made(lecture), made(lecture, "item-2", created=MONDAY, **fields)

    found = settled(plan([lecture], [copy, ours], ledger(ours) if known else {}, rules))

    assert (found.changes, found.unchanged, found.standing, found.foreign) == ((), 1, 1, 1)
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, copy)]
    assert known or found.record == (entry(ours),)


@pytest.mark.parametrize("made", [standing, sealed])
def test_a_copy_in_which_only_the_body_was_changed_is_theirs(made: Callable[..., RemoteEvent]) -> None:
    lecture = event(body="Dr Who")
    ours, copy = made(lecture), made(lecture, "item-2", created=MONDAY)

    found = settled(plan([lecture], [ours, copy], ledger(ours)), {"item-2": "Dr Who, and bring a pen"})
    without = settled(plan([event()], [made(event()), made(event(), "item-2")], ledger(made(event()))), {"item-2": "Bring a pen"})

    assert found.changes == without.changes == ()
    assert [left.why for left in (*found.left_alone, *without.left_alone)] == [SkipReason.COPY] * 2


@pytest.mark.parametrize("made", [standing, sealed])
def test_of_a_body_in_html_each_sign_counts_and_what_the_service_is_known_to_show_instead(made: Callable[..., RemoteEvent]) -> None:
    lecture = event(body="<p>Room 1.2, C++</p>", body_kind="html")
    ours, other = made(lecture), made(lecture, "item-2", created=MONDAY)
    shown = rendering_of("<p>Room 1.2, C++</p>", "html", "Room 1.2 (C++)")
    known = {lecture.key: entry(ours)._replace(body=shown)}

    edited = settled(plan([lecture], [ours, other], known), {"item-2": "Room 12, C++"})
    rendered = settled(plan([lecture], [ours, other], known), {"item-2": "Room 1.2 (C++)"})

    assert (edited.changes, [(left.why, left.before) for left in edited.left_alone]) == ((), [(SkipReason.COPY, other)])
    assert (rendered.changes, rendered.left_alone) == ((Delete(other, Reason.DUPLICATE),), ())


@pytest.mark.parametrize("fields", [{"location": "At home"}, {"categories": ("Mine",)}])
@pytest.mark.parametrize("made", [standing, sealed])
def test_a_copy_in_which_someone_wrote_into_a_field_that_is_not_ours_is_theirs(
    made: Callable[..., RemoteEvent], fields: dict[str, Any]
) -> None:
    lecture = event(location=None)
    copy = made(lecture, "item-2", **fields)

    found = settled(plan([lecture], [made(lecture), copy], ledger(made(lecture))))

    assert (found.changes, [(left.why, left.before) for left in found.left_alone]) == ((), [(SkipReason.COPY, copy)])


def test_the_one_that_is_as_we_wrote_it_is_ours_though_we_know_another_one_that_someone_edited() -> None:
    lecture = event()
    known, copy = sealed(lecture, "item-1", version="v2", subject="Party"), sealed(lecture, "item-2")

    found = plan([lecture], [known, copy], ledger(sealed(lecture)))

    assert (found.changes, found.record) == ((), (entry(copy),))
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, known)]


def test_a_copy_is_theirs_though_the_timetable_changes_the_event_the_same_night() -> None:
    lecture = event()
    changed = replace(lecture, subject="Logic")
    ours, copy = sealed(lecture), sealed(lecture, "item-2", start=MONDAY + HOUR, end=MONDAY + 2 * HOUR)
    unedited = sealed(lecture, "item-3")

    for known in (ledger(ours), {}):
        found = settled(plan([changed], [copy, ours, unedited], known))
        assert {(type(change), change.key and change.before.item.id) for change in found.changes if not isinstance(change, Create)} == {
            (Update, "item-1"),
            (Delete, "item-3"),
        }
        assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, copy)]


@pytest.mark.parametrize(("rules", "made_anew"), [(RULES, 1), (KEEP, 0), (REPORT, 0)], ids=["restore", "keep", "report"])
@pytest.mark.parametrize("made", [standing, sealed])
def test_a_copy_whose_original_is_gone_is_theirs_and_the_policy_says_whether_ours_is_made_anew(
    made: Callable[..., RemoteEvent], rules: Rules, made_anew: int
) -> None:
    lecture = event()
    copy = made(lecture, "item-2", start=MONDAY + HOUR, end=MONDAY + 2 * HOUR)

    found = plan([lecture], [copy], ledger(made(lecture)), rules)

    assert (found.creates, found.updates, found.deletes, found.standing) == (made_anew, 0, 0, 0)
    assert SkipReason.COPY in [left.why for left in found.left_alone]


def test_an_unchanged_copy_whose_original_is_gone_takes_its_place() -> None:
    lecture = event()
    copy = sealed(lecture, "item-2")

    found = plan([lecture], [copy], ledger(sealed(lecture)))

    assert (found.changes, found.left_alone, found.record) == ((), (), (entry(copy),))


@pytest.mark.parametrize("made", [standing, sealed])
def test_a_copy_whose_lesson_left_or_is_another_calendars_is_theirs_if_someone_changed_it(made: Callable[..., RemoteEvent]) -> None:
    lecture = event(body="Dr Who") if made is sealed else event()
    moved, same = made(lecture, "item-2", subject="Mine"), made(lecture, "item-3")

    found = settled(plan([], [moved, same], {}), {"item-3": lecture.body or ""})
    noted = settled(plan([], [same], {}), {"item-3": "Bring a pen"})

    assert found.changes == (Delete(same, Reason.LEFT),)
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, moved)]
    assert (noted.changes, noted.record, noted.standing, [left.why for left in noted.left_alone]) == ((), (), 0, [SkipReason.COPY])


def test_of_a_lesson_that_left_the_one_that_we_know_goes_edited_or_not() -> None:
    there = sealed(event(), subject="Party")

    assert plan([], [there], ledger(sealed(event()))).changes == (Delete(there, Reason.LEFT),)


def test_a_copy_that_someone_moved_from_the_past_into_the_window_is_theirs() -> None:
    own = sealed(event(start=WINDOW.start - DAY))
    copy = own._replace(item=ItemRef("item-2", "v1"), start=MONDAY, end=MONDAY + HOUR)

    found = plan([], [copy], ledger(own))

    assert (found.changes, found.forget, [left.why for left in found.left_alone]) == ((), (), [SkipReason.COPY])


def test_of_an_earlier_versions_mark_a_text_body_tells_whether_it_was_edited() -> None:
    lecture = event(body="Dr Who")
    there = standing(lecture)

    right, noted = (settled(plan([], [there], {}), {"item-1": body}) for body in ("Dr Who\r\n", "Bring a pen"))

    assert (right.deletes, noted.deletes, [left.why for left in noted.left_alone]) == (1, 0, [SkipReason.COPY])


def test_what_cannot_be_told_after_a_lost_ledger_and_a_change_of_the_timetable_is_ours_as_long_as_its_mark_is_an_earlier_versions() -> None:
    lecture = event(body="<b>Dr Who</b>", body_kind="html")
    there = {made: made(lecture) for made in (standing, sealed)}

    old, new = (settled(plan([replace(lecture, location="Aula 2")], [one], {}), {"item-1": "Dr Who"}) for one in there.values())

    assert [change.reason for change in (*old.changes, *new.changes)] == [Reason.TIMETABLE] * 2
    edited = sealed(lecture, subject="Mine")
    found = plan([replace(lecture, location="Aula 2")], [edited], {})
    assert (found.changes, [left.why for left in found.left_alone]) == ((), [SkipReason.UNRECORDED])


def test_of_two_whose_bodies_differ_the_one_that_is_right_is_ours_whichever_is_older() -> None:
    lecture = event(body="Dr Who")
    noted, right = sealed(lecture, "item-1", created=MONDAY - 2 * DAY), sealed(lecture, "item-2", created=MONDAY)

    found = settled(plan([lecture], [noted, right], {}), {"item-1": "Bring a pen"})

    assert (found.changes, found.record) == ((), (entry(right),))
    assert [(left.why, left.before) for left in found.left_alone] == [(SkipReason.COPY, noted)]


def test_what_no_record_knows_and_has_the_words_that_were_written_is_ours_though_they_are_shown_otherwise() -> None:
    lecture = event(body="<p>Dr Who, Aula 1</p>", body_kind="html")
    there = sealed(lecture)

    found = settled(plan([lecture], [there], {}), {"item-1": "DR WHO (AULA 1)"})
    kept = settle_bodies(plan([lecture], [there], {}, KEEP), {"item-1": "DR WHO (AULA 1)"}, KEEP)

    assert ([change.reason for change in found.changes], [known.item.id for known in found.record]) == ([Reason.EDITED], ["item-1"])
    assert (kept.changes, [left.why for left in kept.left_alone]) == ((), [SkipReason.EDITED_KEPT])


def test_what_no_record_knows_and_the_timetable_changes_is_ours_if_its_body_too_is_as_its_mark_says() -> None:
    lecture = event(body="Dr Who")
    there = sealed(lecture)
    drafted = plan([replace(lecture, subject="Logic")], [there], {})

    right, noted = (settled(drafted, {"item-1": body}) for body in ("Dr Who\r\n", "Bring a pen"))

    assert ([change.reason for change in right.changes], [known.item.id for known in right.record]) == ([Reason.TIMETABLE], ["item-1"])
    assert (noted.changes, noted.record, [left.why for left in noted.left_alone]) == ((), (), [SkipReason.UNRECORDED])


def test_a_long_text_is_as_we_wrote_it_though_listings_cut_it() -> None:
    lecture = event(subject="x" * 255, location="\U0001f393" * 200)
    there = sealed(lecture, location="\U0001f393" * 127)

    assert written(there, ["Europe/London"])
    assert not written(there._replace(subject="y" + "x" * 254), ["Europe/London"])
