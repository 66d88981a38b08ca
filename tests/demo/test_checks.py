"""The demo's checks find what is wrong: planted faults, one at a time."""

from dataclasses import asdict
from typing import Any

import pytest

from timetable_sync.demo import checks
from timetable_sync.demo.checks import Expected

ADDRESS = "bio-y1@groups.aldermoor.example"
LECTURE = Expected(
    start="2026-10-19T08:00:00Z",
    end="2026-10-19T09:00:00Z",
    subject="BIO101 Lecture: Cell Biology",
    location="Great Hall",
    body="Dr Maeve Larkin\nFor BIO-Y1",
    categories=("Timetable",),
    busy="Busy",
    reminder=None,
)
WANTED = {ADDRESS: {"one": LECTURE}}


def stands(event: Expected = LECTURE, *, ours: bool = True, **more: Any) -> dict[str, Any]:
    marker = [["4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "name:TimetableSync", "String", "..."]] if ours else []
    shown = {**asdict(event), "reminder_is_set": event.reminder is not None, "reminder_minutes": event.reminder or 15}
    return {"id": "1", "change_key": "a", "extended": marker, **shown, **more}


def test_what_is_right_is_not_complained_of() -> None:
    appointment = stands(ours=False, id="2", subject="Cake")
    assert checks.unequal({ADDRESS: [stands(), appointment]}, WANTED) == []
    assert checks.unequal({ADDRESS: [stands(body="Dr Maeve Larkin\r\nFor BIO-Y1")]}, WANTED) == []


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="missing"),
        pytest.param([stands(), stands(id="2")], id="twice"),
        pytest.param([stands(start="2026-10-19T09:00:00Z")], id="an hour late"),
        pytest.param([stands(location="Lab 1")], id="another room"),
        pytest.param([stands(body="Dr Pavel Horák\nFor BIO-Y1")], id="another lecturer"),
        pytest.param([stands(reminder_is_set=True)], id="a reminder"),
        pytest.param([stands(ours=False)], id="not ours"),
        pytest.param([stands(), stands(id="2", subject="BIO101 Lecture: Gone")], id="one too many"),
    ],
)
def test_a_calendar_that_differs_is_found(events: list[dict[str, Any]]) -> None:
    assert checks.unequal({ADDRESS: events}, WANTED)


def test_a_calendar_that_ought_to_be_empty_and_is_not_is_found() -> None:
    assert checks.unequal({ADDRESS: [stands()]}, {})


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([], id="deleted"),
        pytest.param([stands(ours=False, change_key="b")], id="written again"),
        pytest.param([stands(ours=False), stands(ours=False, id="2")], id="copied"),
    ],
)
def test_a_colleagues_appointment_that_is_not_what_it_was_is_found(after: list[dict[str, Any]]) -> None:
    before = {ADDRESS: [stands(ours=False)]}
    assert checks.touched(before, {ADDRESS: after})
    assert checks.touched(before, before) == []


def test_an_hour_lost_to_the_clock_change_is_found() -> None:
    summer = stands(start="2026-10-19T08:00:00Z")
    assert checks.wrong_hours({ADDRESS: [summer, stands(start="2026-10-26T09:00:00Z")]}, LECTURE.subject, 9) == []
    assert checks.wrong_hours({ADDRESS: [summer, stands(start="2026-10-26T08:00:00Z")]}, LECTURE.subject, 9)
    assert checks.wrong_hours({ADDRESS: [summer]}, LECTURE.subject, 9)


def test_requests_that_write_and_mails_are_found() -> None:
    assert checks.written({"FindItem": 14, "token": 1}) == []
    assert checks.written({"FindItem": 14, "UpdateItem": 1}) == ["1 UpdateItem requests"]
    assert (checks.mailed(0), len(checks.mailed(1))) == ([], 1)


def test_differences_are_counted_by_lesson_and_not_by_what_is_in_it() -> None:
    moved = {ADDRESS: {"one": Expected(**{**asdict(LECTURE), "start": "2026-10-20T08:00:00Z"}), "two": LECTURE}}
    assert checks.differences(WANTED, moved) == (1, 1, 0)
    assert checks.differences(moved, {}) == (0, 0, 2)
