"""What is kept of rows that were set aside."""

from timetable_sync.model.plan import Unresolved
from timetable_sync.timetable.rejected_rows import RejectedRow, RejectedRows


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
