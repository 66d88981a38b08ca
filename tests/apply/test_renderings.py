"""How a service shows bodies is found out from what was put back, and only from that."""

import threading
from collections.abc import Mapping, Sequence

from tests.planning.builders import COMP101, event, standing
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.recording import renderings
from timetable_sync.apply.retry import Retrier
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory.backend import MemoryBackend
from timetable_sync.errors import ConflictError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason, Update
from timetable_sync.model.plan import CalendarPlan
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.planning.body_match import rendering_of

LECTURE = event(body="Room 1.2")
PUT_BACK = Update(standing(LECTURE), LECTURE, "1 marker", Reason.EDITED)
DONE = ChangeResult(PUT_BACK, ItemRef("item-1", "v2"))


class Showing(MemoryBackend):
    """A service that shows its only body so; None where the event is gone."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text
        self.asked: list[str] = []

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        self.asked += [item.id for item in items]
        return {} if self._text is None else {item.id: self._text for item in items}


def overwriting(text: str | None) -> CalendarPlan:
    """A plan of which a body is put back that was read as ``text``; None where it is something else."""
    overwritten = {} if text is None else {LECTURE.key: rendering_of("Room 1.2", "text", text)}
    return CalendarPlan(COMP101, 1, 1, 0, 0, (PUT_BACK,), overwritten=overwritten)


def patience() -> Retrier:
    return Retrier(threading.Event(), float("inf"), Silent())


def test_what_reads_after_it_was_put_back_as_it_did_before_is_the_services_way() -> None:
    found = renderings(Showing("ROOM 1.2"), overwriting("ROOM 1.2"), [DONE], patience())
    assert found == {LECTURE.key: rendering_of("Room 1.2", "text", "ROOM 1.2")}


def test_what_reads_otherwise_than_before_was_an_edit() -> None:
    for text in ("Room 1.2", "ROOM 1.2", None):
        assert renderings(Showing(text), overwriting("Room 12"), [DONE], patience()) == {}


def test_nothing_is_read_where_no_body_was_put_back() -> None:
    for plan, outcome in (
        (overwriting(None), DONE),
        (overwriting("ROOM 1.2"), ChangeResult(PUT_BACK, error=ConflictError("changed meanwhile"))),
    ):
        backend = Showing("ROOM 1.2")
        assert renderings(backend, plan, [outcome], patience()) == {}
        assert backend.asked == []
