"""What is kept of rows that were set aside, and the sentences that the report has for them."""

from collections import Counter

from timetable_sync.model.plan import Unresolved
from timetable_sync.timetable.rejected_rows import RejectedRow, RejectedRows, notes_of


def test_all_are_counted_and_the_first_hundred_kept_by_row() -> None:
    bad_rows = RejectedRows()
    for row in range(250, 0, -1):
        bad_rows.add(RejectedRow(row, "ends", "end before start"), "end before start", [Unresolved(None, "", "A1", "2026-W48")])
    assert (bad_rows.count, dict(bad_rows.by_reason)) == (250, {"end before start": 250})
    assert [bad.row for bad in bad_rows.examples] == list(range(151, 251))


def test_what_is_left_open_stands_once_and_in_an_order_of_its_own() -> None:
    left_open = [Unresolved(None, "", activity, week) for activity in ("A2", "A1", "A2") for week in (None, "2026-W48")]
    found = []
    for order in (left_open, left_open[::-1]):
        bad_rows = RejectedRows()
        for unsettled in order:
            bad_rows.add(RejectedRow(1, "starts", "x"), "x", [unsettled])
        found.append(bad_rows.unsettled)
    assert found[0] == found[1]
    assert set(found[0]) == set(left_open)
    assert len(found[0]) == 4


def test_too_many_things_left_open_leave_everything_open() -> None:
    bad_rows = RejectedRows()
    for number in range(30_000):
        bad_rows.add(RejectedRow(number, "starts", "x"), "x", [Unresolved(None, "", f"A{number}", None)])
    assert bad_rows.unsettled == (Unresolved(None, None, None, None),)
    assert bad_rows.count == 30_000


def test_nothing_is_worth_knowing_of_an_ordinary_reading() -> None:
    assert notes_of(Counter(), Counter(), {"a@x.uk": {"A"}}, "") == ()


def test_each_oddity_is_one_sentence_with_its_number() -> None:
    names = {"a@x.uk": {"A", "a"}, "b@x.uk": {"B"}, "c@x.uk": {f"C{number}" for number in range(9)}}
    taken = "the first by the alphabet was taken (many = true would collect them, for {{ "
    assert notes_of(Counter(title=1, type=3), Counter(subject=1, body=2), names, "read without a snapshot") == (
        "read without a snapshot",
        f"the rows of one lesson differ in title; {taken}title | join(', ') }}}})",
        f"in 3 lessons the rows differ in type; {taken}type | join(', ') }}}})",
        "2 events with a body that is too long: it was cut",
        "1 event with a subject that is too long: it was cut",
        "a@x.uk is the calendar of A and a: they are one calendar",
        "c@x.uk is the calendar of C0, C1, C2, C3, C4 and 4 more: they are one calendar",
    )


def test_many_shared_addresses_are_counted_and_not_listed() -> None:
    notes = notes_of(Counter(), Counter(), {f"{number}@x.uk": {"A", "B"} for number in range(30)}, "")
    assert len(notes) == 6
    assert notes[-1] == "25 more addresses are the calendar of several names"
