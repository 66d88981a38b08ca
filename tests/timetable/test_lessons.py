"""Folding and numbering, as pure functions of rows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetable_sync.timetable.columns import JOINT, Field, MeetingRow, stored
from timetable_sync.timetable.lessons import Contradiction, Lesson, fold

FIELDS = (Field("rooms", True), Field("title", False))
HOUR = 3_600


def meeting(start: int = 0, *, rooms: str = "R1", title: str = "Logic", **more: Any) -> MeetingRow:
    usual = {"period": "2026", "activity": "A1", "week": "W1", "end": start + HOUR, "number": 1, "cancelled": 0, "calendars": "C1"}
    given_ = {**usual, **more}
    return (
        *(given_[name] for name in ("period", "activity", "week")),
        start,
        *(given_[name] for name in ("end", "number", "cancelled", "calendars")),
        rooms,
        title,
    )


def lessons(rows: Sequence[MeetingRow], *, own_ids: bool = False, differing: Counter[str] | None = None) -> list[Lesson | Contradiction]:
    count: Counter[str] = Counter() if differing is None else differing
    return list(fold(map(stored, sorted(rows, key=lambda row: row[:5])), FIELDS, own_ids=own_ids, differing=count))


def only(found: list[Lesson | Contradiction]) -> Lesson:
    (lesson,) = found
    assert isinstance(lesson, Lesson)
    return lesson


def test_a_cross_product_of_rooms_and_calendars_is_one_lesson() -> None:
    rows = [meeting(rooms=room, calendars=calendar, number=9 - at) for at, (room, calendar) in enumerate(
        [("R2", "C2"), ("R1", "C2"), ("R2", "C1"), ("R1", "C1")]
    )]  # fmt: skip
    lesson = only(lessons(rows))
    assert (lesson.calendars, lesson.values, lesson.row) == (("C1", "C2"), (("R1", "R2"), "Logic"), 6)


def test_an_empty_cell_means_nothing_more_of_this_kind() -> None:
    lesson = only(lessons([meeting(rooms="", title="", calendars=""), meeting(rooms="R1"), meeting(rooms=f"R2{JOINT}R1", title="")]))
    assert (lesson.calendars, lesson.values) == (("C1",), (("R1", "R2"), "Logic"))


def test_of_what_differs_and_is_no_set_the_first_by_the_alphabet_is_taken_and_counted() -> None:
    differing: Counter[str] = Counter()
    rows = [meeting(title="Sets"), meeting(title="Logic"), meeting(title=""), meeting(HOUR, title="Logic")]
    found = lessons(rows, differing=differing)
    assert [lesson.values[1] for lesson in found if isinstance(lesson, Lesson)] == ["Logic", "Logic"]
    assert differing == {"title": 1}


def test_cancelled_rows_add_nothing_to_a_lesson_that_takes_place() -> None:
    rows = [meeting(rooms="R9", calendars="C9", title="A", cancelled=1), meeting(rooms="R1"), meeting(rooms="R8", cancelled=1)]
    differing: Counter[str] = Counter()
    lesson = only(lessons(rows, differing=differing))
    assert (lesson.cancelled, lesson.calendars, lesson.values) == (False, ("C1",), (("R1",), "Logic"))
    assert not differing


def test_a_lesson_is_cancelled_when_all_its_rows_are() -> None:
    lesson = only(lessons([meeting(rooms="R2", cancelled=1), meeting(rooms="R1", cancelled=1)]))
    assert (lesson.cancelled, lesson.values[0]) == (True, ("R1", "R2"))


def test_lessons_are_numbered_by_time_within_activity_and_week() -> None:
    rows = [
        meeting(3 * HOUR),
        meeting(0, end=2 * HOUR),
        meeting(0),
        meeting(9 * HOUR, week="W2"),
        meeting(0, activity="A2"),
        meeting(0, period="2027"),
    ]
    found = [(one.period, one.activity, one.week, one.nth, one.start, one.end) for one in lessons(rows) if isinstance(one, Lesson)]
    assert found == [
        ("2026", "A1", "W1", 1, 0, HOUR),
        ("2026", "A1", "W1", 2, 0, 2 * HOUR),
        ("2026", "A1", "W1", 3, 3 * HOUR, 4 * HOUR),
        ("2026", "A1", "W2", 1, 9 * HOUR, 10 * HOUR),
        ("2026", "A2", "W1", 1, 0, HOUR),
        ("2027", "A1", "W1", 1, 0, HOUR),
    ]


def test_a_cancelled_lesson_counts_so_that_the_others_keep_their_numbers() -> None:
    found = lessons([meeting(0), meeting(HOUR, cancelled=1), meeting(2 * HOUR)])
    assert [(one.nth, one.cancelled) for one in found if isinstance(one, Lesson)] == [(1, False), (2, True), (3, False)]


def test_a_lesson_has_one_number_in_all_its_calendars() -> None:
    found = lessons([meeting(0, calendars="C1"), meeting(HOUR, calendars="C2"), meeting(2 * HOUR, calendars=f"C1{JOINT}C2")])
    assert [(one.nth, one.calendars) for one in found if isinstance(one, Lesson)] == [(1, ("C1",)), (2, ("C2",)), (3, ("C1", "C2"))]


def test_rows_of_one_own_id_are_one_lesson_and_the_first_in_its_week() -> None:
    rows = [meeting(0, week="own", rooms="R2"), meeting(0, week="own", rooms="R1"), meeting(HOUR, week="own", activity="A2")]
    found = [(one.activity, one.nth, one.values[0]) for one in lessons(rows, own_ids=True) if isinstance(one, Lesson)]
    assert found == [("A1", 1, ("R1", "R2")), ("A2", 1, ("R1",))]


@pytest.mark.parametrize("other", [meeting(HOUR, week="own"), meeting(0, week="own", end=2 * HOUR)])
def test_rows_of_one_own_id_that_disagree_on_the_time_are_a_contradiction(other: MeetingRow) -> None:
    found = lessons([meeting(0, week="own", number=5), other, meeting(0, week="own", activity="A2")], own_ids=True)
    assert found[0] == Contradiction(1, "2026", "A1")
    assert isinstance(found[1], Lesson)


def test_a_cancelled_row_of_an_own_id_may_tell_the_time_before_the_move() -> None:
    lesson = only(lessons([meeting(0, week="own", cancelled=1), meeting(HOUR, week="own")], own_ids=True))
    assert (lesson.start, lesson.cancelled) == (HOUR, False)


def test_no_rows_are_no_lessons() -> None:
    assert lessons([]) == []


def test_thousands_of_rows_of_one_lesson_are_folded_one_by_one() -> None:
    rows = (meeting(rooms=f"R{number % 3}", number=number + 1) for number in range(50_000))
    (lesson,) = fold(map(stored, rows), FIELDS, own_ids=False, differing=Counter())
    assert isinstance(lesson, Lesson)
    assert lesson.values[0] == ("R0", "R1", "R2")


ROWS = st.lists(
    st.builds(
        lambda hour, length, rooms, title, cancelled, calendars, number: meeting(
            hour * HOUR, end=(hour + length) * HOUR, rooms=rooms, title=title, cancelled=cancelled, calendars=calendars, number=number
        ),
        st.integers(0, 2),
        st.integers(1, 2),
        st.sampled_from(["", "R1", "R2", f"R1{JOINT}R3"]),
        st.sampled_from(["", "Logic", "Sets"]),
        st.integers(0, 1),
        st.sampled_from(["C1", "C2", f"C1{JOINT}C2"]),
        st.integers(1, 99),
    ),
    max_size=10,
)


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.booleans())
def test_the_order_of_rows_changes_no_lesson(orders: tuple[list[MeetingRow], list[MeetingRow]], own_ids: bool) -> None:
    found = []
    for rows in orders:
        differing: Counter[str] = Counter()
        found.append((lessons(rows, own_ids=own_ids, differing=differing), differing))
    assert found[0] == found[1]
