"""A whole reading, on real databases: what lands where, what is set aside, how far that reaches, and what who looks on sees of it."""

import sqlite3
import threading
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.config.schema import Settings
from timetable_sync.errors import Stopped, TimetableUnusable, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy
from timetable_sync.model.plan import Unresolved
from timetable_sync.model.window import Window
from timetable_sync.timetable.columns import MeetingRow
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.pipeline import ReadObserver
from timetable_sync.timetable.reader import Reading, check_templates, read_timetable


class Noting(ReadObserver):
    """Keeps all of it."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, Any], int]] = []
        self.lessons: list[tuple[str, int, bool]] = []

    def row(self, number: int, names: Sequence[str], row: Sequence[Any], meetings: Sequence[MeetingRow]) -> None:
        self.rows.append((number, dict(zip(names, row, strict=True)), len(meetings)))

    def lesson(self, lesson: Lesson, *, inside: bool) -> None:
        self.lessons.append((lesson.activity, lesson.nth, inside))


def test_a_witness_sees_rows_with_what_was_made_of_them_and_lessons_inside_and_outside_of_the_window(tmp_path: Path) -> None:
    database = tmp_path / "timetable.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE meeting (activity, module, starts, ends, title, type, room)")
        connection.executemany(
            "INSERT INTO meeting VALUES (?, 'COMP101', ?, ?, 'Logic', 'Lecture', ?)",
            [
                ("A", "2026-10-12 09:00", "2026-10-12 10:00", "R1"),
                ("A", "2026-10-12 09:00", "2026-10-12 10:00", "R2"),
                ("B", "2026-10-12 09:00", "2026-10-12 08:00", "R1"),
                ("C", "2030-10-12 09:00", "2030-10-12 10:00", "R1"),
            ],
        )
    seen = Noting()
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))

    with read_timetable(configuration(f"sqlite:///{database}"), window, witness=seen) as reading:
        assert (reading.rows, reading.lessons, reading.bad_rows.count) == (4, 2, 1)

    assert [(number, row["activity"], row["room"], made) for number, row, made in seen.rows] == [
        (1, "A", "R1", 1), (2, "A", "R2", 1), (3, "B", "R1", 0), (4, "C", "R1", 1)
    ]  # fmt: skip
    assert seen.lessons == [("A", 1, True), ("C", 1, False)]


WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
NAMES = ("activity", "module", "starts", "ends", "title", "type", "room")
ROOMS = {"location": "{{ rooms | join(', ') }}"}


def address(name: str) -> str:
    return f"{name}@groups.example.ac.uk"


def row(
    activity: Any = "A1",
    module: Any = "COMP101",
    starts: Any = "2026-11-24 09:00",
    ends: Any = "2026-11-24 10:00",
    title: Any = "Logic",
    type: Any = "Lecture",  # the column's name
    room: Any = "R1",
) -> tuple[Any, ...]:
    return (activity, module, starts, ends, title, type, room)


def source(folder: Path, rows: Sequence[tuple[Any, ...]]) -> str:
    file = folder / "timetable.db"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"CREATE TABLE meeting ({', '.join(NAMES)})")
        database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.commit()
    return f"sqlite:///{file}"


def contents(reading: Reading) -> dict[str, list[tuple[str, str, str | None]]]:
    return {
        calendar.address.partition("@")[0]: [(event.key, event.subject, event.location) for event in reading.events(calendar)]
        for calendar in reading.calendars()
    }


def test_a_joint_lecture_is_one_lesson_shown_in_each_calendar_by_its_name(tmp_path: Path) -> None:
    url = source(tmp_path, [row(), row(module="MATH7"), row(module="MATH7", room="R2")])
    with read_timetable(configuration(url, event={"subject": "{{ calendar }}: {{ title }}", **ROOMS}), WINDOW) as reading:
        assert (reading.rows, reading.lessons, reading.events_in_window) == (3, 1, 2)
        key = "timetable/2026%2F27/A1/2026-W48/1"
        assert contents(reading) == {"comp101": [(key, "COMP101: Logic", "R1, R2")], "math7": [(key, "MATH7: Logic", "R1, R2")]}


def test_two_names_of_one_address_are_one_calendar_and_a_lesson_stands_in_it_once(tmp_path: Path) -> None:
    url = source(tmp_path, [row(module="comp 101"), row(module="COMP 101"), row("A2", module="comp 101")])
    with read_timetable(configuration(url, event={"subject": "{{ calendar }}"}), WINDOW) as reading:
        assert reading.calendars() == [Calendar(address("comp-101"), "COMP 101")]
        assert sorted(event.subject for event in reading.events(reading.calendars()[0])) == ["COMP 101", "comp 101"]
        assert reading.events_in_window == 2
        assert reading.notes == (f"{address('comp-101')} is the calendar of COMP 101 and comp 101: they are one calendar",)


def test_a_calendar_is_named_even_if_nothing_of_it_is_in_the_window_or_all_is_cancelled(tmp_path: Path) -> None:
    rows = [row(), row("A2", "OLD1", "2020-11-24 09:00", "2020-11-24 10:00"), row("A3", "GONE1", type="X")]
    settings = configuration(source(tmp_path, rows), columns={**COLUMNS, "cancelled": {"column": "type", "values": ["X"]}})
    with read_timetable(settings, WINDOW) as reading:
        assert {name: len(events) for name, events in contents(reading).items()} == {"comp101": 1, "gone1": 0, "old1": 0}
        assert (reading.lessons, reading.events_in_window) == (2, 1)


def test_the_windows_edges_are_half_open_by_start_alone(tmp_path: Path) -> None:
    window = Window(datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC))
    rows = [row(starts=f"2026-11-24 {hour:02d}:00", ends="2026-11-24 15:00") for hour in (8, 9, 10, 11)]
    with read_timetable(configuration(source(tmp_path, rows)), window) as reading:
        assert [event.start.hour for event in reading.events(reading.calendars()[0])] == [9, 10]
        assert [event.key[-1] for event in reading.events(reading.calendars()[0])] == ["2", "3"]


def test_a_source_with_ids_of_its_own_has_them_as_keys(tmp_path: Path) -> None:
    own = {**{name: column for name, column in COLUMNS.items() if name != "activity"}, "key": "activity"}
    rows = [
        row("id 1"),
        row("id 1", room="R2"),
        row("id 2"),
        row("bad"),
        row("bad", ends="2026-11-24 11:00"),
        row(None),
        row("x", ends=None),
    ]
    with read_timetable(configuration(source(tmp_path, rows), columns=own, event=ROOMS), WINDOW) as reading:
        assert contents(reading) == {
            "comp101": [("timetable/2026%2F27/id%201/own/1", "Logic", "R1, R2"), ("timetable/2026%2F27/id%202/own/1", "Logic", "R1")]
        }
        assert dict(reading.bad_rows.by_reason) == {"of one key with different times": 1, "without a key": 1, "without an end": 1}
        assert set(reading.unsettled) == {
            Unresolved(None, "2026/27", "bad", "own"),
            Unresolved(None, "2026/27", "x", "own"),
            Unresolved(address("comp101"), "2026/27", None, "own"),
        }


def test_a_lesson_whose_template_fails_is_set_aside_in_that_calendar_and_stops_no_other(tmp_path: Path) -> None:
    rows = [row("A0"), row("A1", room=None), row("A2")]
    with read_timetable(configuration(source(tmp_path, rows), event={"location": "{{ rooms[0] }}"}), WINDOW) as reading:
        assert [key.split("/")[2] for key, _, _ in contents(reading)["comp101"]] == ["A0", "A2"]
        (bad,) = reading.bad_rows.examples
        assert (bad.row, bad.column, bad.about) == (2, "event.location", "A1 Logic")
        assert "rooms" in bad.reason or "list" in bad.reason
        assert dict(reading.bad_rows.by_reason) == {"for which a template fails": 1}
        assert reading.unsettled == (Unresolved(address("comp101"), "2026/27", "A1", "2026-W48"),)


def test_a_name_that_makes_no_address_is_set_aside_and_the_lessons_other_calendars_go_on(tmp_path: Path) -> None:
    rows = [row(), row(module="数学")]
    with read_timetable(configuration(source(tmp_path, rows)), WINDOW) as reading:
        assert list(contents(reading)) == ["comp101"]
        assert reading.bad_rows.examples[0].column == "calendars.address"
        assert reading.unsettled == (Unresolved(None, "2026/27", "A1", "2026-W48", "timetable/2026%2F27/A1/2026-W48/1"),)


def test_a_title_in_one_row_of_a_lesson_is_enough_and_a_lesson_without_any_is_set_aside(tmp_path: Path) -> None:
    rows = [row(title=None), row(title="Logic", room="R2"), row("A2", title=" \xa0")]
    with read_timetable(configuration(source(tmp_path, rows)), WINDOW) as reading:
        assert [subject for _, subject, _ in contents(reading)["comp101"]] == ["Logic"]
        assert dict(reading.bad_rows.by_reason) == {"without a title": 1}
        assert reading.lessons == 1


def test_rows_that_complement_each_other_name_the_calendar_once_where_the_configuration_says_so(tmp_path: Path) -> None:
    columns = {**COLUMNS, "calendar": {"column": "module", "many": True}}
    rows = [row(room=None), row(module=None, room="R1"), row(module=None, room="R2"), row("A2", module=None)]
    with read_timetable(configuration(source(tmp_path, rows), columns=columns, event=ROOMS), WINDOW) as reading:
        assert [location for _, _, location in contents(reading)["comp101"]] == ["R1, R2"]
        assert dict(reading.bad_rows.by_reason) == {"without a calendar": 1}
        assert reading.unsettled == (Unresolved(None, "2026/27", "A2", "2026-W48"),)


def test_a_row_of_unknown_activity_reaches_as_far_as_the_address_can_be_told(tmp_path: Path) -> None:
    rows = [row(None, "COMP101"), row(None, "数学"), row(None, None), row(None, "COMP101", starts=None)]
    with read_timetable(configuration(source(tmp_path, rows)), WINDOW) as reading:
        assert set(reading.unsettled) == {
            Unresolved(address("comp101"), "2026/27", None, "2026-W48"),
            Unresolved(None, "2026/27", None, "2026-W48"),
            Unresolved(address("comp101"), "2026/27", None, None),
        }
        assert reading.bad_rows.count == 4
        assert reading.calendars() == []


def test_a_cancelled_lesson_is_deleted_or_marked_as_the_configuration_says(tmp_path: Path) -> None:
    url = source(tmp_path, [row(), row("A2", type="X")])
    for action, subjects, lessons in (("delete", ["Logic"], 1), ("mark", ["Logic", "Cancelled: Logic"], 2)):
        columns = {**COLUMNS, "cancelled": {"column": "type", "values": ["X"], "action": action}}
        with read_timetable(configuration(url, columns=columns, event={"reminder": "15 minutes"}), WINDOW) as reading:
            events = sorted(reading.events(reading.calendars()[0]), key=lambda event: event.key)
            assert [event.subject for event in events] == subjects
            assert reading.lessons == lessons
    assert (events[1].busy, events[1].reminder, events[0].busy, events[0].reminder) == (Busy.FREE, None, Busy.BUSY, 15)


def test_an_event_comes_back_from_the_spool_as_it_was_made(tmp_path: Path) -> None:
    event = {
        "subject": "{{ title }}",
        "location": "{{ rooms | join }}",
        "body": "<p>{{ title }}</p>",
        "body_kind": "html",
        "categories": ["B", "A"],
        "busy": "out-of-office",
        "reminder": "1 hour",
        "sensitivity": "confidential",
    }
    with read_timetable(configuration(source(tmp_path, [row(title="𝔏 & Ж", room=None)]), event=event), WINDOW) as reading:
        (found,) = reading.events(reading.calendars()[0])
    assert (found.start, found.end) == (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))
    assert (found.zone, found.subject, found.location, found.body, found.body_kind) == (
        "Europe/London",
        "𝔏 & Ж",
        "",
        "<p>𝔏 &amp; Ж</p>",
        "html",
    )
    assert (found.categories, found.busy.value, found.reminder, found.sensitivity.value) == (
        ("A", "B"),
        "out-of-office",
        60,
        "confidential",
    )


def test_no_categories_and_categories_that_are_not_ours_are_two_things(tmp_path: Path) -> None:
    url = source(tmp_path, [row()])
    for categories, wanted in ((None, None), ([], ()), (["{{ '' }}"], ())):
        with read_timetable(configuration(url, event={} if categories is None else {"categories": categories}), WINDOW) as reading:
            assert reading.events(reading.calendars()[0])[0].categories == wanted


def test_an_empty_timetable_is_read_and_is_empty(tmp_path: Path) -> None:
    with read_timetable(configuration(source(tmp_path, [])), WINDOW) as reading:
        assert (reading.rows, reading.lessons, reading.events_in_window, reading.calendars(), reading.notes) == (0, 0, 0, [], ())


def test_rows_that_differ_where_they_should_not_are_worth_knowing(tmp_path: Path) -> None:
    rows = [row(title="Sets"), row(title="Logic"), row("A2", title="x" * 300)]
    with read_timetable(configuration(source(tmp_path, rows)), WINDOW) as reading:
        assert len(reading.notes) == 2
        assert "differ in title" in reading.notes[0]
        assert reading.notes[1] == "1 event with a subject that is too long: it was cut"


@pytest.mark.postgresql
@pytest.mark.mariadb
def test_the_same_timetable_is_the_same_from_every_database(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rows = [
        ("A1", "COMP101", "2026-10-24 09:00:00", "2026-10-24 10:30:00", "Logic\xa0&amp; sets\u2011theory  ", "Lec  ", "R1"),
        ("A1", "COMP101", "2026-10-24 09:00:00", "2026-10-24 10:30:00", "Logic\xa0&amp; sets\u2011theory  ", "Lec  ", "R2"),
        ("A1", "COMP101", "2026-10-26 09:00:00", "2026-10-26 10:30:00", "Алгебра", None, None),
        ("A2", "MATH7", "2026-10-26 09:00:00", "2026-10-26 08:00:00", "Upside down", "", "R1"),
    ]
    columns = "activity CHAR(6), module VARCHAR(20), starts {moment}, ends {moment}, title VARCHAR(90), type CHAR(5), room CHAR(9)"
    found = []
    for kind in ("sqlite", "postgresql", "mariadb"):
        url = f"sqlite:///{tmp_path}/t.db" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
        with create_engine(url, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS meeting")
            connection.exec_driver_sql(
                f"CREATE TABLE meeting ({columns})".format(moment="TIMESTAMP" if kind == "postgresql" else "DATETIME")
            )
            marks = ", ".join(["?" if kind == "sqlite" else "%s"] * 7)
            connection.exec_driver_sql(f"INSERT INTO meeting VALUES ({marks})", rows)
        with read_timetable(configuration(url, event={"subject": "{{ type }} {{ title }}", **ROOMS}), WINDOW) as reading:
            by_calendar = {calendar: reading.events(calendar) for calendar in reading.calendars()}
            found.append((by_calendar, reading.rows, reading.lessons, dict(reading.bad_rows.by_reason), reading.unsettled))
    assert found[0] == found[1] == found[2]
    ((calendar, events),) = found[0][0].items()
    assert calendar.address == address("comp101")
    assert [(event.subject, event.location) for event in events] == [("Lec Logic & sets-theory", "R1, R2"), ("Алгебра", "")]
    assert [event.start.hour for event in events] == [8, 9]


def test_progress_is_told_and_adds_up(tmp_path: Path) -> None:
    told: list[int] = []
    with read_timetable(configuration(source(tmp_path, [row()] * 2_500)), WINDOW, progress=told.append) as reading:
        assert sum(told) == reading.rows == 2_500
        assert len(told) >= 3


def test_a_stop_ends_the_reading(tmp_path: Path) -> None:
    stop = threading.Event()

    def stop_soon(_: int) -> None:
        stop.set()

    settings = configuration(source(tmp_path, [row()] * 5_000))
    with pytest.raises(Stopped), read_timetable(settings, WINDOW, progress=stop_soon, stop=stop):
        pytest.fail("it went on")


def test_a_wrong_template_is_said_before_the_database_is_asked(tmp_path: Path) -> None:
    settings = configuration(f"sqlite:///{tmp_path}/not-there.db", event={"subject": "{{ tittle }}"})
    with pytest.raises(UsageError, match=r"event\.subject"), read_timetable(settings, WINDOW):
        pass
    with pytest.raises(UsageError, match=r"event\.subject"):
        check_templates(settings)
    check_templates(configuration())


def test_a_missing_column_leaves_no_file_behind(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    settings = configuration(source(tmp_path, [row()]), columns={**COLUMNS, "title": "tilte"})
    with pytest.raises(TimetableUnusable, match='did you mean "title"'), read_timetable(settings, WINDOW, spool=folder):
        pass
    assert list(folder.iterdir()) == []


def test_calendars_can_be_read_by_several_threads_at_once(tmp_path: Path) -> None:
    rows = [row(f"A{number}", f"C{number % 40}") for number in range(2_000)]
    with read_timetable(configuration(source(tmp_path, rows)), WINDOW) as reading, ThreadPoolExecutor(8) as pool:
        assert [len(events) for events in pool.map(reading.events, reading.calendars() * 4)] == [50] * 160


def _peak(settings: Settings) -> int:
    tracemalloc.start()
    try:
        with read_timetable(settings, WINDOW) as reading:
            assert reading.events_in_window == reading.rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_timetable(tmp_path: Path) -> None:
    def rows(count: int) -> list[tuple[Any, ...]]:
        # As many activities as ever, each as many times more: what is remembered (names, times, texts) is bounded but not empty.
        times = [f"2026-{10 + at // 28 % 3}-{1 + at % 28:02d} {at // 84 % 24:02d}" for at in range(count // 300 + 1)]
        return [row(f"A{at % 300}", f"C{at % 90}", f"{times[at // 300]}:00", f"{times[at // 300]}:50") for at in range(count)]

    _peak(configuration(source(tmp_path, rows(600)), event=ROOMS))  # imports, and what is made once
    small = _peak(configuration(source(tmp_path, rows(3_000)), event=ROOMS))
    large = _peak(configuration(source(tmp_path, rows(15_000)), event=ROOMS))
    assert large < small + 500_000  # a row that was kept would take a kilobyte, 12 MB for all
