"""Nights beside another installation that takes our events for its own, and after the source was given another name."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.errors import OutcomeUnknown, StateUnusable
from timetable_sync.model.plan import Held
from timetable_sync.reports.summary import RunSummary
from timetable_sync.state.store import State

COMP = "comp101@groups.example.ac.uk"


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 10, hour: int = 9) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} {hour:02}:00", f"{day:%Y-%m-%d} {hour + 1:02}:00", "Logic", "R1") for day in days]


@pytest.fixture
def world(tmp_path: Path) -> NightWorld:
    """A good night was there: ten events in COMP101, ten in MATH101."""
    (tmp_path / "one").mkdir()
    made = NightWorld(tmp_path / "one")
    made.calendar("COMP101"), made.calendar("MATH101")
    made.timetable([*weekly(), *weekly("M1", "MATH101")])
    assert made.night().exit_code == 0
    return made


@pytest.fixture
def other(world: NightWorld, tmp_path: Path) -> NightWorld:
    """Another installation, with the same source and the same calendars, a state and a timetable of its own: two lessons more."""
    (tmp_path / "two").mkdir()
    made = NightWorld(tmp_path / "two")
    made.backend = world.backend
    made.timetable([*weekly(), *weekly("M1", "MATH101"), *weekly("X", weeks=2, hour=14)])
    return made


def renamed(world: NightWorld, source: str) -> None:
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[timetable]\n", f'[timetable]\nsource = "{source}"\n', 1), "utf-8")


def holding(summary: RunSummary) -> list[tuple[str, str | None]]:
    return [(verdict.guard, verdict.calendar.name if verdict.calendar else None) for verdict in summary.held if not verdict.forced]


def standing(world: NightWorld, address: str = COMP) -> int:
    return len(world.backend.people.see(address))


HELD = [("another_installation", "COMP101")]


class TestAnotherInstallation:
    """Its events are nobody's to delete before a person has looked."""

    def test_what_it_made_is_said_and_holds_that_calendar_alone_until_it_is_let_pass(self, world: NightWorld, other: NightWorld) -> None:
        assert other.night().exit_code == 0
        assert standing(world) == 12

        for _ in range(2):
            world.timetable([*weekly(weeks=9), *weekly("M1", "MATH101", 9)])
            night = world.night()
            assert (night.exit_code, holding(night)) == (5, HELD)
            assert night.held[0].sentence == (
                "2 events with our mark, newer than our last look and on no record of ours: another installation seems to write there"
            )
            assert standing(world) == 12
            assert standing(world, "math101@groups.example.ac.uk") == 9

        released = world.night(calendars=("COMP101",), forced=["another_installation"])
        assert (released.exit_code, holding(released)) == (0, [])
        assert world.night().exit_code == 0

    def test_it_says_so_as_well_of_what_we_make(self, world: NightWorld, other: NightWorld) -> None:
        other.night()
        world.night(calendars=("COMP101",), forced=["another_installation"])
        world.timetable([*weekly(), *weekly("M1", "MATH101"), *weekly("Y", weeks=1, hour=16)])
        world.night()

        assert holding(other.night()) == HELD

    def test_more_of_it_than_was_shown_is_held_again(self, world: NightWorld, other: NightWorld) -> None:
        other.night()
        world.night()
        other.timetable([*weekly(), *weekly("M1", "MATH101"), *weekly("X", weeks=3, hour=14)])
        other.night()

        again = world.night(calendars=("COMP101",), forced=["another_installation"])

        assert holding(again) == HELD
        assert "; the release covers 2 of them" in again.held[0].sentence

    def test_a_lost_state_costs_time_only(self, world: NightWorld, other: NightWorld) -> None:
        other.night()
        (world.folder / "state.db").unlink()

        assert holding(world.night()) == []

    def test_a_person_who_copies_our_event_is_no_other_installation(self, world: NightWorld) -> None:
        people, later = world.backend.people, timedelta(hours=3)
        item = people.see(COMP)[4]
        people.copy(COMP, item.id, start=item.start + later, end=item.end + later, subject="Mine")
        away = people.see("math101@groups.example.ac.uk")[4]
        world.backend.store.add(COMP, away)

        assert holding(world.night()) == []

    def test_what_we_asked_for_without_an_answer_is_ours_though_it_left_the_timetable(
        self, world: NightWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = [*weekly(), *weekly("M1", "MATH101")]
        world.timetable([*before, *weekly("Y", weeks=1, hour=16)])
        with monkeypatch.context() as patched:
            patched.setattr(State, "written", _fails)
            assert world.night().exit_code == 2
        world.timetable(before)
        assert holding(world.night()) == []

        world.timetable([*before, *weekly("Z", weeks=1, hour=17)])
        world.backend.faults.fail("apply", OutcomeUnknown("no answer"), calendar=COMP, done=True)
        world.night()
        world.timetable(before)
        assert holding(world.night()) == []

    def test_a_state_that_was_restored_holds_a_calendar_only_where_what_was_made_since_has_left_the_timetable(
        self, world: NightWorld
    ) -> None:
        """Nothing tells that from another installation's: https://www.sqlite.org/backup.html knows no more than it knew."""
        before = [*weekly(), *weekly("M1", "MATH101")]
        shutil.copy(world.folder / "state.db", world.folder / "backup.db")
        world.timetable([*before, *weekly("Y", weeks=1, hour=16), *weekly("N1", "MATH101", 1, 16)])
        assert world.night().exit_code == 0
        shutil.copy(world.folder / "backup.db", world.folder / "state.db")
        world.timetable([*before, *weekly("N1", "MATH101", 1, 16)])

        assert holding(world.night()) == HELD

    def test_a_first_look_at_a_calendar_tells_nothing(self, world: NightWorld, other: NightWorld) -> None:
        world.calendar("PHYS1")
        other.timetable([*weekly("P1", "PHYS1"), *weekly(), *weekly("M1", "MATH101")])
        other.night()
        world.timetable([*weekly(), *weekly("M1", "MATH101"), *weekly("P2", "PHYS1", 9, 15)])

        assert not [guard for guard, _ in holding(world.night()) if guard == "another_installation"]


def _fails(*_: object, **__: object) -> None:
    raise StateUnusable("the state database is full")


class TestARenamedSource:
    """Under its new name, all that stands is another source's, and would stand twice."""

    def test_the_run_is_held_with_numbers_and_released_by_name(self, world: NightWorld) -> None:
        renamed(world, "new")

        night = world.night()

        assert (night.exit_code, holding(night)) == (5, [("renamed_source", None)])
        assert night.held[0].sentence == '20 of 20 new events stand there already, made under the source "timetable"'
        assert standing(world) == 10
        assert world.night(forced=["renamed_source"]).exit_code == 0
        assert standing(world) == 20

    def test_what_changed_meanwhile_does_not_hide_it(self, world: NightWorld) -> None:
        renamed(world, "new")
        changed: list[Meeting] = [(*row[:4], "Another title", row[5]) for row in weekly()]
        changed[7:] = weekly(hour=15)[7:]
        world.timetable([*changed, *weekly("M1", "MATH101", 6), *weekly("N", "MATH101", 3, 15)])

        assert holding(world.night()) == [("renamed_source", None)]

    def test_one_calendar_that_another_source_writes_already_is_held_alone(self, world: NightWorld, tmp_path: Path) -> None:
        """As after a department's calendars were given to a source of their own, all but one of them empty."""
        (tmp_path / "two").mkdir()
        arts = NightWorld(tmp_path / "two")
        arts.backend = world.backend
        renamed(arts, "arts")
        for number in range(3):
            arts.calendar(f"ART{number}")
        arts.timetable([*weekly(), *(row for number in range(3) for row in weekly(f"R{number}", f"ART{number}"))])

        night = arts.night()

        assert holding(night) == [("renamed_source", "COMP101")]
        assert (standing(world), standing(world, "art1@groups.example.ac.uk")) == (10, 10)

    def test_two_sources_that_number_their_lessons_alike_share_a_calendar_in_peace(self, world: NightWorld, tmp_path: Path) -> None:
        (tmp_path / "two").mkdir()
        exams = NightWorld(tmp_path / "two")
        exams.backend = world.backend
        renamed(exams, "exams")
        exams.timetable([*weekly(hour=14), *weekly("M1", "MATH101", hour=11)])

        for _ in range(2):
            assert exams.night().exit_code == world.night().exit_code == 0
        assert standing(world) == 20
        # And one that by chance is at the same time as well.
        exams.timetable([*weekly(hour=14), *weekly("M1", "MATH101", hour=11)[1:], *weekly("M1", "MATH101", 1)])
        assert exams.night().exit_code == 0

    def test_a_calendar_that_is_only_reported_on_holds_nothing(self, world: NightWorld) -> None:
        renamed(world, "new")
        text = world.configuration.read_text("utf-8")
        world.configuration.write_text(text.replace("[event]", 'report_only = ["*"]\n[event]', 1), "utf-8")

        assert world.night().exit_code == 0


def test_the_verdicts_of_these_guards_bear_what_a_release_covers(world: NightWorld) -> None:
    renamed(world, "new")
    (verdict,) = world.night().held
    assert isinstance(verdict, Held)
    assert sum(map(len, verdict.keys.values())) == verdict.count == 20
