"""From rows to events: merging, numbering, setting aside, over real SQLite files."""

import json
import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from timetable_sync.config.schema import Settings
from timetable_sync.errors import TimetableUnusable, UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Busy, Event
from timetable_sync.model.plan import Unresolved
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import Reading, read_timetable

WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))
COMP = Calendar("comp101@groups.example.ac.uk", "COMP101")

COLUMNS = ("activity", "module", "starts", "ends", "title", "type", "room", "lecturer", "status")

CONFIGURATION = """
[timetable]
url = {url}
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
type = "type"
rooms = {{ column = "room", many = true }}
staff = {{ column = "lecturer", many = true }}
cancelled = {{ column = "status", values = ["X"], action = "{action}" }}
[calendars]
address = "{{{{ calendar | lower }}}}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
subject = "{{{{ type }}}}: {{{{ title }}}}"
location = "{{{{ rooms | join(', ') }}}}"
body = "{{{{ staff | join(', ') }}}}"
{event}
[entra]
tenant = "t"
client = "c"
certificate = {{ file = "c.pem" }}
"""


def row(**fields: Any) -> tuple[Any, ...]:
    usual = {
        "activity": "A1",
        "module": "COMP101",
        "starts": "2026-10-14 09:00",
        "ends": "2026-10-14 10:00",
        "title": "Logic",
        "type": "Lecture",
        "room": "R1",
        "lecturer": "Boole",
        "status": "",
    }
    return tuple({**usual, **fields}[name] for name in COLUMNS)


class Source:
    """A timetable in a SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "timetable.db"

    @contextmanager
    def read(self, rows: Sequence[tuple[Any, ...]], *, event: str = "", action: str = "delete", replace: str = "=") -> Iterator[Reading]:
        self.file.unlink(missing_ok=True)
        with sqlite3.connect(self.file) as database:
            database.execute(f"CREATE TABLE meeting ({', '.join(COLUMNS)})")
            database.executemany(f"INSERT INTO meeting VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        text = CONFIGURATION.format(url=json.dumps(f"sqlite:///{self.file}"), event=event, action=action)
        old, new = replace.split("=", 1) if replace != "=" else ("", "")
        configuration = Settings.model_validate(tomllib.loads(text.replace(old, new) if old else text))
        with read_timetable(configuration, WINDOW) as reading:
            yield reading

    def events(self, rows: Sequence[tuple[Any, ...]], **more: str) -> list[Event]:
        with self.read(rows, **more) as reading:
            return reading.events(COMP)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path)


def test_rows_that_differ_in_rooms_and_staff_are_one_lesson_with_sorted_sets(source: Source) -> None:
    rows = [row(room=room, lecturer=name) for room in ("R2", "R1", None) for name in ("Frege", "Boole")]
    (event,) = source.events(rows)
    assert (event.location, event.body) == ("R1, R2", "Boole, Frege")


def test_one_lesson_goes_to_several_calendars(source: Source) -> None:
    with source.read([row(), row(module="MATH101")]) as reading:
        assert [calendar.name for calendar in reading.calendars()] == ["COMP101", "MATH101"]
        assert [len(reading.events(calendar)) for calendar in reading.calendars()] == [1, 1]
        assert reading.lessons == 1


def test_meetings_are_numbered_within_their_week_whatever_the_order_of_rows(source: Source) -> None:
    days = ["2026-10-16", "2026-10-12", "2026-10-14", "2026-10-20"]
    events = source.events([row(starts=f"{day} 09:00", ends=f"{day} 10:00") for day in days])
    assert [event.key.rsplit("/", 2)[1:] for event in events] == [
        ["2026-W42", "1"],
        ["2026-W42", "2"],
        ["2026-W42", "3"],
        ["2026-W43", "1"],
    ]


def test_a_cancelled_lesson_is_left_out_but_keeps_its_number(source: Source) -> None:
    days = ["2026-10-12", "2026-10-14", "2026-10-16"]
    rows = [row(starts=f"{day} 09:00", ends=f"{day} 10:00", status="X" if day == days[1] else "") for day in days]
    assert [event.key[-1] for event in source.events(rows)] == ["1", "3"]


def test_a_cancelled_lesson_can_be_shown_as_cancelled_and_free(source: Source) -> None:
    (event,) = source.events([row(status="X")], action="mark", event='reminder = "15 minutes"')
    assert (event.subject, event.busy, event.reminder) == ("Cancelled: Lecture: Logic", Busy.FREE, None)


def test_a_lesson_with_one_living_row_takes_place_without_what_its_cancelled_rows_say(source: Source) -> None:
    (event,) = source.events([row(room="R9", status="X"), row(room="R1")])
    assert event.location == "R1"


@pytest.mark.parametrize(
    ("fields", "kind", "week"),
    [
        ({"ends": "2026-10-14 08:00"}, "end before start", "2026-W42"),
        ({"ends": "2026-10-14 09:00"}, "of no length", "2026-W42"),
        ({"ends": None}, "without an end", "2026-W42"),
        ({"starts": None}, "without a start", None),
        ({"starts": "tomorrow"}, "with a start that cannot be read", None),
        ({"ends": "25:99"}, "with an end that cannot be read", "2026-W42"),
        ({"module": " \u00a0"}, "without a calendar", "2026-W42"),
        ({"title": None}, "without a title", "2026-W42"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_reach(source: Source, fields: dict[str, Any], kind: str, week: str | None) -> None:
    with source.read([row(activity="A2"), row(**fields)]) as reading:
        assert dict(reading.bad_rows.by_reason) == {kind: 1}
        assert reading.bad_rows.examples[0].row == 2
        # Of two times that contradict each other either may be the mistake, or both.
        weeks = [None, week] if kind == "end before start" else [week]
        assert reading.unsettled == tuple(Unresolved(None, "2026/27", "A1", possible) for possible in weeks)
        assert reading.lessons == 1


def test_a_row_without_an_activity_concerns_the_calendar_it_names(source: Source) -> None:
    with source.read([row(), row(activity=None)]) as reading:
        assert reading.unsettled == (Unresolved(COMP.address, "2026/27", None, "2026-W42"),)


def test_an_address_that_is_none_sets_the_lesson_aside(source: Source) -> None:
    with source.read([row(), row(activity="A2", module="no address @ all")]) as reading:
        assert dict(reading.bad_rows.by_reason) == {"with no mail address for its calendar": 1}
        assert "no address @ all" in reading.bad_rows.examples[0].reason


def test_odd_text_is_cleaned_and_a_long_subject_cut(source: Source) -> None:
    (event,) = source.events([row(title="<b>Logic</b>\u00a0&amp;  sets\u2011theory   ", room="R1        ")])
    assert (event.subject, event.location) == ("Lecture: Logic & sets-theory", "R1")
    (long,) = source.events([row(title="x" * 5_000)])
    assert len(long.subject) == 255


def test_markup_and_templates_in_a_title_stay_text(source: Source) -> None:
    (event,) = source.events([row(title="{{ 7 * 7 }} '; DROP TABLE meeting; --")])
    assert event.subject == "Lecture: {{ 7 * 7 }} '; DROP TABLE meeting; --"


def test_a_time_in_the_spring_gap_moves_on_and_an_autumn_one_is_the_first_pass(source: Source) -> None:
    (gap,) = source.events([row(starts="2027-03-28 01:30", ends="2027-03-28 04:00")])
    assert gap.start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 02:30 in London
    (fold,) = source.events([row(starts="2026-10-25 01:30", ends="2026-10-25 03:00")])
    assert fold.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_end_that_the_first_pass_puts_before_its_start_is_the_second_pass(source: Source) -> None:
    (event,) = source.events([row(starts="2026-10-25 01:50+01:00", ends="2026-10-25 01:10")])
    assert event.end == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


def test_rules_on_calendar_win_over_rules_on_type(source: Source) -> None:
    rules = (
        '[[event.rules]]\nwhen = { calendar = "COMP*" }\nbusy = "free"\n'
        '[[event.rules]]\nwhen = { type = "Lecture" }\nbusy = "tentative"\nreminder = "1 day"\n'
    )
    (event,) = source.events([row()], event=rules)
    assert (event.busy, event.reminder) == (Busy.FREE, 1440)


def test_a_template_that_names_no_column_is_a_usage_error_with_the_nearest_one(source: Source) -> None:
    with pytest.raises(UsageError, match="lecturer_name"), source.read([row()], event='cancelled_subject = "{{ lecturer_name }}"'):
        pass


def test_a_missing_column_is_named_with_the_columns_that_there_are(source: Source) -> None:
    with pytest.raises(TimetableUnusable, match=r'"romo".*did you mean "room"'), source.read([row()], replace='"room"="romo"'):
        pass


def test_a_file_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    text = CONFIGURATION.format(url=json.dumps(f"sqlite:///{tmp_path}/none.db"), event="", action="delete")
    with pytest.raises(TimetableUnusable, match=r"none\.db"), read_timetable(Settings.model_validate(tomllib.loads(text)), WINDOW):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_query_cannot_write(source: Source) -> None:
    with pytest.raises(TimetableUnusable), source.read([row()], replace="SELECT * FROM meeting=DELETE FROM meeting"):
        pass
    with sqlite3.connect(source.file) as database:
        assert database.execute("SELECT count(*) FROM meeting").fetchone() == (1,)


MEETINGS = st.builds(
    lambda activity, module, day, hour, room, status: row(
        activity=activity,
        module=module,
        starts=f"2026-10-{day:02d} {hour:02d}:00",
        ends=f"2026-10-{day:02d} {hour + 1:02d}:00",
        room=room,
        status=status,
    ),
    st.sampled_from(["A1", "A2", None]),
    st.sampled_from(["COMP101", "MATH101"]),
    st.integers(12, 20),
    st.integers(8, 10),
    st.sampled_from(["R1", "R2", None]),
    st.sampled_from(["", "X"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MEETINGS, max_size=12).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_rows_changes_nothing(tmp_path: Path, orders: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]) -> None:
    source = Source(tmp_path)
    found = []
    for rows in orders:
        with source.read(rows) as reading:
            found.append(
                (
                    [(calendar, reading.events(calendar)) for calendar in reading.calendars()],
                    sorted(map(str, reading.unsettled)),
                    reading.bad_rows.by_reason,
                )
            )
    assert found[0] == found[1]
