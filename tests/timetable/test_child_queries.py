"""Queries of their own for rooms, staff, groups, calendars: over real databases, joined here, whatever the order and the collation."""

import random
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.timetable.configurations import configuration
from tests.timetable.nights import Everything
from tests.timetable.servers import KINDS, Server
from timetable_sync.config.schema import Settings
from timetable_sync.errors import TimetableUnusable
from timetable_sync.model.plan import Unresolved
from timetable_sync.model.window import Window
from timetable_sync.timetable import reader as reading_module
from timetable_sync.timetable.columns import MeetingRow
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import Work
from timetable_sync.timetable.reader import read_timetable

WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))

EVENT = "id VARCHAR(40), activity VARCHAR(40), title VARCHAR(40), weekday INTEGER, weeks VARCHAR(40), starts VARCHAR(40), ends VARCHAR(40)"
COLUMNS = {
    "activity": "activity",
    "title": "title",
    "weekday": {"column": "weekday", "monday": 0},
    "weeks": "weeks",
    "start": "starts",
    "end": "ends",
}
#: Six weeks from 5 October 2026.
WEEKS = {"form": "flags", "axis": {"first": "2026-10-05", "length": 6}}


def child(name: str, **more: Any) -> dict[str, Any]:
    return {"query": f"SELECT * FROM event_{name}", "key": "event_id", "parent": "id", "value": "value", **more}


def timetable(url: str, **children: Any) -> Settings:
    columns = COLUMNS if "calendars" in children else COLUMNS | {"calendar": "activity"}
    return configuration(url, "SELECT * FROM event", columns=columns, weeks=WEEKS, children=children)


def event(number: object, activity: str = "", weeks: str = "YYYYYY", weekday: int = 0) -> tuple[object, ...]:
    return number, activity or f"A{number}", "Logic", weekday, weeks, "09:00", "10:00"


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    url = f"sqlite:///{tmp_path}/timetable.db" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    return Server(request.param, url)


@pytest.fixture
def sqlite(tmp_path: Path) -> Server:
    return Server("sqlite", f"sqlite:///{tmp_path}/timetable.db")


def linked(server: Server, name: str, rows: Sequence[Sequence[object]]) -> None:
    server.table(f"event_{name}", "event_id VARCHAR(40), value VARCHAR(40), weeks VARCHAR(40)", rows)


def lessons(settings: Settings) -> list[Lesson]:
    seen = Everything()
    with read_timetable(settings, WINDOW, witness=seen) as reading:
        assert dict(reading.bad_rows.by_reason) == {}
    return seen.lessons


def test_rooms_and_staff_of_their_own_queries_are_sorted_sets_and_none_is_none(server: Server) -> None:
    server.table("event", EVENT, [event(1), event(2)])
    linked(server, "rooms", [(1, "R2", None), (1, "R1", None), (1, "R1", None), (3, "R9", None)])
    linked(server, "staff", [(1, "Boole ", None), (1, "          ", None), (1, None, None)])
    found = lessons(timetable(server.url, rooms=child("rooms"), staff=child("staff")))
    assert [(lesson.activity, lesson.values[:2]) for lesson in found] == [("A1", (("R1", "R2"), ("Boole",)))] * 6 + [("A2", ((), ()))] * 6


def test_each_row_can_have_weeks_of_its_own(server: Server) -> None:
    server.table("event", EVENT, [event(1, weeks="YYYYNY")])
    linked(server, "rooms", [(1, "R1", "YYNNNN"), (1, "R2", "NNYYYY"), (1, "R3", None), (1, "R4", "NNNNNN")])
    found = lessons(timetable(server.url, rooms=child("rooms", weeks="weeks")))
    assert [lesson.values[0] for lesson in found] == [("R1", "R3")] * 2 + [("R2", "R3")] * 3


def test_dated_rows_take_part_in_childrens_weeks_too(sqlite: Server) -> None:
    sqlite.table(
        "event",
        "id INTEGER, starts VARCHAR(40), ends VARCHAR(40)",
        [(1, f"2026-10-{day:02d} 09:00", f"2026-10-{day:02d} 10:00") for day in (11, 12)],
    )
    linked(sqlite, "rooms", [(1, "R1", "YNNNNN"), (1, "R2", "NYNNNN")])
    columns = {"activity": "id", "calendar": "id", "title": "id", "start": "starts", "end": "ends"}
    settings = configuration(
        sqlite.url, "SELECT * FROM event", columns=columns, weeks=WEEKS, children={"rooms": child("rooms", weeks="weeks")}
    )
    # The Sunday is the first week's last day.
    assert [lesson.values[0] for lesson in lessons(settings)] == [("R1",), ("R2",)]


def test_calendars_of_a_query_of_their_own_have_weeks_too(server: Server) -> None:
    server.table("event", EVENT, [event(1, weeks="YYNNNN")])
    linked(server, "calendars", [(1, "COMP101", None), (1, "MATH101", "NYNNNN")])
    with read_timetable(timetable(server.url, calendars=child("calendars", weeks="weeks")), WINDOW) as reading:
        assert [(calendar.name, len(reading.events(calendar))) for calendar in reading.calendars()] == [("COMP101", 2), ("MATH101", 1)]


def test_neither_the_order_of_rows_nor_the_databases_collation_matters(server: Server) -> None:
    # In an order that no two collations agree on; and keys that some collations take for equal.
    keys = ["a", "B", "ä", "Z", "z", "Ä", "_", "-1", "10", "9", "é", "E", "ß", "SS", "ŝ", "А", "я", "c-o", "co", "c o"]
    keys = [f"{key}{number}" for key in keys for number in range(4)]
    shuffled = random.Random(7).sample(keys, len(keys))  # noqa: S311 - an order, no secret
    server.table("event", EVENT, [event(key) for key in shuffled])
    linked(server, "rooms", [(key, f"room of {key}", None) for key in reversed(shuffled)])
    for order in ("", " ORDER BY id", " ORDER BY id DESC"):
        settings = configuration(
            server.url,
            f"SELECT * FROM event{order}",
            columns=COLUMNS | {"calendar": "activity"},
            address="{{ 'all' }}@groups.example.ac.uk",
            weeks=WEEKS,
            children={"rooms": child("rooms")},
        )
        found = lessons(settings)
        assert len(found) == 6 * len(keys)
        assert all(lesson.values[0] == (f"room of {lesson.activity[1:]}",) for lesson in found)


def test_a_key_of_several_columns_must_fit_in_all_of_them(sqlite: Server) -> None:
    sqlite.table("event", f"{EVENT}, term VARCHAR(9)", [(*event(1), "T1"), (*event(2), "T2")])
    sqlite.table("event_rooms", "term VARCHAR(9), event_id INTEGER, value VARCHAR(9)", [("T1", 1, "R1"), ("T2", 1, "R9"), ("T2", 2, "R2")])
    settings = timetable(sqlite.url, rooms=child("rooms") | {"key": ["term", "event_id"], "parent": ["term", "id"]})
    assert {(lesson.activity, lesson.values[0]) for lesson in lessons(settings)} == {("A1", ("R1",)), ("A2", ("R2",))}


def test_further_columns_and_maps_are_sets_of_their_own_for_templates(sqlite: Server) -> None:
    sqlite.table("event", EVENT, [event(1)])
    sqlite.table("event_rooms", "event_id INTEGER, value VARCHAR(9), site VARCHAR(9)", [(1, "R1", "N"), (1, "R2", "S"), (1, "R3", "N")])
    columns = {"sites": {"column": "site", "map": {"N": "North Campus"}}}
    settings = timetable(sqlite.url, rooms=child("rooms", columns=columns)).model_copy(
        update={"event": configuration(event={"location": "{{ sites | join(' and ') }}: {{ rooms | join(', ') }}"}).event}
    )
    with read_timetable(settings, WINDOW) as reading:
        (calendar,) = reading.calendars()
        assert {item.location for item in reading.events(calendar)} == {"North Campus and S: R1, R2, R3"}


def test_weeks_that_cannot_be_read_set_aside_the_lessons_they_belong_to_and_no_others(sqlite: Server) -> None:
    sqlite.table("event", EVENT, [event(1, weeks="YYNNNN"), event(2)])
    linked(sqlite, "rooms", [(1, "R1", "Y?N"), (2, "R2", None)])
    with read_timetable(timetable(sqlite.url, rooms=child("rooms", weeks="weeks")), WINDOW) as reading:
        assert dict(reading.bad_rows.by_reason) == {"of children.rooms with weeks that cannot be read": 1}
        (bad,) = reading.bad_rows.examples
        assert (bad.row, bad.column, bad.about) == (1, "timetable.children.rooms.weeks", "1 R1")
        assert reading.lessons == 6
        assert set(reading.unsettled) == {Unresolved(None, "2026/27", "A1", week) for week in ("2026-W41", "2026-W42")}


def test_a_room_without_a_key_is_set_aside_and_a_calendar_without_one_keeps_what_it_has(sqlite: Server) -> None:
    sqlite.table("event", EVENT, [event(1)])
    linked(sqlite, "rooms", [(None, "R1", None), (1, "R2", None)])
    linked(sqlite, "calendars", [(" ", "COMP102", None), (1, "COMP101", None)])
    with read_timetable(timetable(sqlite.url, rooms=child("rooms"), calendars=child("calendars")), WINDOW) as reading:
        assert dict(reading.bad_rows.by_reason) == {"of children.rooms without a key": 1, "of children.calendars without a key": 1}
        assert reading.unsettled == (Unresolved("comp102@groups.example.ac.uk", None, None, None),)


def test_a_column_that_a_child_query_lacks_is_named_with_its_place(sqlite: Server) -> None:
    sqlite.table("event", EVENT, [event(1)])
    linked(sqlite, "rooms", [])
    for changes, said in (
        ({"value": "vallue"}, r'timetable\.children\.rooms\.value names the column "vallue".*did you mean "value"'),
        (
            {"key": "eventid"},
            r'timetable\.children\.rooms\.key names the column "eventid", which timetable\.children\.rooms\.query does not',
        ),
        ({"parent": "ident"}, r'timetable\.children\.rooms\.parent names the column "ident", which the query does not give'),
        ({"query": "SELECT * FROM nowhere"}, r"refuses timetable\.children\.rooms\.query"),
    ):
        with pytest.raises(TimetableUnusable, match=said), read_timetable(timetable(sqlite.url, rooms=child("rooms") | changes), WINDOW):
            pass


class Meddler(Everything):
    """Changes the timetable as soon as its first row is read."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        if number == 1:
            self.server.tell("UPDATE event_rooms SET value = 'edited'", "DELETE FROM event", "DELETE FROM event_rooms")


def test_all_queries_see_the_timetable_as_it_was_at_one_moment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if server.kind == "sqlite":
        with sqlite3.connect(server.url.removeprefix("sqlite:///")) as database:
            database.execute("PRAGMA journal_mode = WAL")
    server.table("event", EVENT, [event(number) for number in range(2_500)])
    linked(server, "rooms", [(number, f"R{number}", None) for number in range(2_500)])
    real = Work.take

    def take(self: Any, source: Any, progress: Any) -> None:
        """Somebody edits the timetable once its rooms are read, and its events are not."""
        asked = source.query

        def query(text: str, key: str) -> Any:
            if key == "timetable.query":
                server.tell("UPDATE event_rooms SET value = 'edited'", "DELETE FROM event WHERE weekday = 0")
            return asked(text, key)

        source.query = query
        real(self, source, progress)

    monkeypatch.setattr(Work, "take", take)
    found = lessons(timetable(server.url, rooms=child("rooms")))
    assert len(found) == 6 * 2_500
    assert all(lesson.values[0] == (f"R{lesson.activity[1:]}",) for lesson in found)
    assert server.ask("SELECT COUNT(*) FROM event") == [(0,)]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_lost_connection_is_tried_again_from_the_start_and_never_in_the_middle(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(kind, request.getfixturevalue(f"{kind}_url"))
    monkeypatch.setattr(reading_module, "_WAITS", (0.05,))
    server.table("event", EVENT, [event(number) for number in range(3_000)])
    linked(server, "rooms", [(number, f"R{number} before", None) for number in range(3_000)])
    # Long rows, so that most of them are still on the server when the first ones are here.
    query = "SELECT event.*, REPEAT('x', 3000) AS filling FROM event"
    settings = configuration(
        server.url, query, columns=COLUMNS | {"calendar": "activity"}, weeks=WEEKS, children={"rooms": child("rooms")}, retries=1
    )
    cut: list[int] = []

    class Cutting(Everything):
        def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
            if number == 1_500 and not cut:
                cut.append(server.end_connections())
                server.tell("UPDATE event_rooms SET value = CONCAT('R', event_id, ' after')")

        def anew(self) -> None:
            self.lessons.clear()

    seen = Cutting()
    with read_timetable(settings, WINDOW, witness=seen) as reading:
        assert reading.rows == 3_000
        assert reading.notes[0] == "the connection to the timetable failed once before it was read"
    assert cut == [1]
    assert len(seen.lessons) == 6 * 3_000
    assert all(lesson.values[0] == (f"R{lesson.activity[1:]} after",) for lesson in seen.lessons)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql+psycopg://reader@127.0.0.1:1/timetable", marks=pytest.mark.postgresql),
        pytest.param("mysql+pymysql://reader@127.0.0.1:1/timetable", marks=pytest.mark.mariadb),
    ],
)
def test_a_database_that_stays_away_is_given_up_after_so_many_tries(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return False

    settings = configuration(url, "SELECT 1", retries=4)
    with pytest.raises(TimetableUnusable, match="cannot be reached"), read_timetable(settings, WINDOW, stop=Stop()):
        pass
    assert waited == [2, 10, 30, 30]
