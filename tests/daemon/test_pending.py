"""Which night is to be run now, by what is on record; how often one is begun again, and how soon."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, read
from timetable_sync.daemon.pending import SELDOM, Pending, Tries, pending
from timetable_sync.model.window import Window
from timetable_sync.schedule import schedule_of
from timetable_sync.state.run_records import RunBeginning
from timetable_sync.state.scheduled import Attempt
from timetable_sync.state.store import State, open_state

TWO = datetime(2026, 11, 24, 2, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Asked:
    """A daemon that has been there since ``began``, in a folder with a state database."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder, self.state = folder, state
        self.began = TWO - DAY / 2

    def at(self, now: datetime, *, schedule: str = "") -> Pending:
        loaded = read(self.folder, f'{SHORTEST}[state]\nurl = "sqlite:///{self.folder}/state.db"\n[schedule]\n{schedule}')
        return pending(loaded, schedule_of(loaded.settings), self.began, now, {})

    def begin(self, due: datetime) -> int:
        return self.state.begin_run(RunBeginning("timetable", due, Window(due, due + DAY), due=due))

    def ran(self, due: datetime, *, until: datetime | None = None) -> None:
        self.state.finish_run(self.begin(due), finished=until or due + MINUTE, exit_code=0, counts={})


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    loaded = read(tmp_path, f'{SHORTEST}[state]\nurl = "sqlite:///{tmp_path}/state.db"\n')
    with open_state(loaded.settings.state) as state:
        yield Asked(tmp_path, state)


def test_nothing_was_missed_before_the_schedule_was_there(asked: Asked) -> None:
    assert asked.at(TWO + 5 * MINUTE).start is None
    assert asked.at(TWO + DAY / 2).start is None


def test_a_start_that_came_is_due_until_it_had_its_night(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    start = asked.at(TWO).start
    assert start is not None
    assert start.at == TWO
    asked.ran(TWO)
    assert asked.at(TWO + 2 * MINUTE).start is None


def test_of_several_that_were_missed_the_last_is_made_up_for_once(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    asked.ran(TWO)
    start = asked.at(TWO + 4 * DAY + DAY / 2).start
    assert start is not None
    assert start.at == TWO + 4 * DAY
    asked.ran(start.at, until=TWO + 4 * DAY + DAY / 2 + MINUTE)
    assert asked.at(TWO + 4 * DAY + DAY / 2 + 2 * MINUTE).start is None


def test_who_does_not_want_that_waits_for_the_next_start(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    asked.began = TWO + DAY / 2
    assert asked.at(TWO + DAY / 2, schedule="catch_up = false").start is None
    start = asked.at(TWO + DAY, schedule="catch_up = false").start
    assert start is not None
    assert start.at == TWO + DAY


def test_a_start_that_came_while_a_night_was_at_work_is_left_out(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    asked.ran(TWO, until=TWO + DAY + MINUTE)
    assert asked.at(TWO + DAY + 2 * MINUTE).start is None


def test_a_changed_schedule_makes_up_for_nothing_of_before(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    asked.ran(TWO)
    assert asked.at(TWO + DAY / 2, schedule='cron = "0 8 * * *"').start is None
    assert asked.at(TWO + 2 * DAY, schedule='cron = "0 8 * * *"').start is not None


def test_it_is_told_who_is_at_work_and_who_began_it_and_never_ended(asked: Asked) -> None:
    asked.at(TWO - DAY / 2)
    run = asked.begin(TWO)
    with asked.state.lease("run", timedelta(minutes=2)):
        found = asked.at(TWO + MINUTE)
        assert found.at_work is not None
    assert [attempt.run for attempt in found.unfinished] == [run]
    assert asked.at(TWO + MINUTE).at_work is None


def unfinished(*runs: int) -> list[Attempt]:
    return [Attempt(run, "here", 1, TWO) for run in runs]


def test_three_crashes_are_enough_wherever_they_were() -> None:
    tries = Tries(TWO)
    assert not tries.enough(unfinished(1, 2))
    assert tries.enough(unfinished(1, 2, 3))
    for _ in range(3):
        assert not tries.enough([])
        tries.crashed(30)
    assert tries.enough([])


def test_a_night_that_says_why_it_could_not_work_is_begun_again_ever_more_seldom_and_for_ever() -> None:
    now = 1000.0
    tries = Tries(TWO, clock=lambda: now)
    pauses = []
    for run in range(1, 12):
        tries.ended(run, "failed: the disk is full", 30)
        pauses.append(tries.not_before - now)
        now = tries.not_before
        # Its own record may have been what could not be written.
        assert not tries.enough(unfinished(*range(1, run + 1)))
    assert pauses == [30, 60, 120, 240, 480, *[SELDOM] * 6]
    assert tries.said == "failed: the disk is full"
