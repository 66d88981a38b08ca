"""Events of lessons: what is remembered of one lesson must never show in another."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetable.configurations import configuration
from timetable_sync.config.column_names import ALWAYS_THERE
from timetable_sync.timetable.calendars import Addresses
from timetable_sync.timetable.columns import fields_of
from timetable_sync.timetable.event_fields import EventFields
from timetable_sync.timetable.events import Events
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.spool import EventRow, Spool
from timetable_sync.timetable.template_names import Variables
from timetable_sync.timetable.templates import Templates
from timetable_sync.timetable.times import LocalClock

START = 1_764_000_000
LESSON = Lesson("2026/27", "A1", "2025-W48", 1, 1, START, START + 3_600, False, ("COMP101",), (("R1",), "Logic", "Lecture"))
ADDRESS = "{{ calendar | lower }}@groups.example.ac.uk"

#: What can differ between two lessons.
MORE: dict[str, list[Any]] = {
    "period": ["2026/27", "2027/28"],
    "activity": ["A1", "A2"],
    "week": ["2025-W48", "own"],
    "nth": [1, 2],
    "start": [START, START + 604_800],
    "end": [START + 608_400, START + 612_000],
    "cancelled": [False, True],
    "calendars": [("COMP101",), ("COMP101", "MATH7"), ("no address",), ()],
    "values": [(("R1",), "Logic", "Lecture"), ((), "Sets", "Exam"), (("R1", "R2"), "x" * 300, "")],
}


class World:
    """Events of a configuration, as they are kept; and what was refused."""

    def __init__(self, folder: Path, template: str = "{{ title }}", address: str = ADDRESS, **event: Any) -> None:
        given_ = configuration(event={"subject": template, **event}, address=address)
        clock = LocalClock(given_.timetable.time_zone)
        variables = Variables(fields_of(given_.timetable))
        templates = Templates(variables, clock)
        self.refused: list[str] = []
        self.spool = Spool(folder)
        self.events = Events(
            given_,
            self.spool,
            variables,
            EventFields(given_.event, templates, variables, clock),
            Addresses(given_.calendars.address, templates),
            lambda lesson, address, column, kind, reason: self.refused.append(f"{lesson.activity} {address} {column} {kind} {reason}"),
        )

    def kept(self) -> dict[str, list[EventRow]]:
        self.spool.settle()
        return {address: self.spool.events(address) for address in sorted(self.events.names)}


def told(folder: Path, lessons: list[tuple[Lesson, bool]], template: str, address: str = ADDRESS, *, at_once: bool) -> list[Any]:
    """What comes of the lessons: made by one that remembers, or each by one that knows nothing yet."""
    found: list[Any] = []
    world = World(folder, template, address)
    for lesson, inside in lessons:
        if not at_once:
            world.spool.close()
            world = World(folder, template, address)
        before, refused = world.events.shortened.copy(), len(world.refused)
        made = world.events.of(lesson, inside=inside)
        without_numbers = [(start, key, end, mark) for _, _, start, key, end, mark in made]
        found.append((without_numbers, world.events.shortened - before, world.refused[refused:]))
    world.spool.close()
    return found


@st.composite
def some_lessons(draw: st.DrawFn) -> list[tuple[Lesson, bool]]:
    lessons = st.builds(lambda **more: replace(LESSON, **more), **{name: st.sampled_from(choices) for name, choices in MORE.items()})
    return draw(st.lists(st.tuples(lessons, st.booleans()), max_size=8))


@settings(deadline=None)
@given(
    some_lessons(),
    st.sampled_from([f"{{{{ {name} }}}}" for name in (*ALWAYS_THERE, "rooms", "title", "type")] + ["{{ title }} {{ 1 // (nth - 1) }}"]),
    st.sampled_from([ADDRESS, "{{ calendar | lower }}-{{ nth }}@x.ac.uk"]),
)
def test_a_lesson_becomes_what_it_would_alone_whatever_came_before(
    tmp_path_factory: pytest.TempPathFactory, lessons: list[tuple[Lesson, bool]], template: str, address: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert told(folder, lessons, template, address, at_once=True) == told(folder, lessons, template, address, at_once=False)


def test_of_equal_lessons_the_look_is_kept_once(tmp_path: Path) -> None:
    world = World(tmp_path, location="{{ rooms | join }}", categories=["b", "a"])
    with closing(world.spool):
        for week in range(3):
            begin = START + week * 604_800
            world.spool.add_events(world.events.of(replace(LESSON, start=begin, end=begin + 3_600, week=f"W{week}"), inside=True))
        world.spool.add_events(world.events.of(replace(LESSON, activity="A2", week="W0", values=((), "Sets", "")), inside=True))
        (events,) = world.kept().values()
        assert [(key.split("/")[2:4], *look) for _, key, _, look, _ in events] == [
            (["A1", "W0"], "Logic", "R1", None, "a\x1fb", "busy", None, "normal", None),
            (["A2", "W0"], "Sets", "", None, "a\x1fb", "busy", None, "normal", None),
            (["A1", "W1"], "Logic", "R1", None, "a\x1fb", "busy", None, "normal", None),
            (["A1", "W2"], "Logic", "R1", None, "a\x1fb", "busy", None, "normal", None),
        ]
        assert world.spool._database.execute("SELECT count(*) FROM look").fetchone() == (2,)
        assert world.events.count == 4


def test_what_was_cut_and_what_has_no_mailbox_is_counted_for_each_of_equal_lessons(tmp_path: Path) -> None:
    world = World(tmp_path, address="{{ calendar if calendar == 'a@x.uk' else '' }}")
    with closing(world.spool):
        for _ in range(3):
            world.events.of(replace(LESSON, calendars=("a@x.uk", "none"), values=((), "x" * 300, "")), inside=True)
        assert (dict(world.events.shortened), dict(world.events.without_mailbox)) == ({"subject": 3}, {"none": 3})
        assert world.events.count == 3
