"""Changes know by when they matter."""

from tests.planning.builders import DAY, MONDAY, event, standing
from timetable_sync.model.change import Change, Create, Delete, Reason, Update


def test_an_update_matters_from_where_it_stands_or_where_it_goes_whichever_is_sooner() -> None:
    monday, friday = event(), event(start=MONDAY + 4 * DAY)

    assert Update(standing(monday), friday, "marker", Reason.TIMETABLE).when == MONDAY
    assert Update(standing(friday), monday, "marker", Reason.TIMETABLE).when == MONDAY


def test_a_change_bears_the_key_of_its_event() -> None:
    lecture = event()

    changes: list[Change] = [
        Create(lecture, "marker", Reason.TIMETABLE),
        Update(standing(lecture), lecture, "marker", Reason.EDITED),
        Delete(standing(lecture), Reason.LEFT),
    ]

    assert {change.key for change in changes} == {lecture.key}
    assert {change.when for change in changes} == {MONDAY}
