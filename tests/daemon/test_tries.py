"""How often a night is begun again, and how soon."""

from datetime import UTC, datetime

from timetable_sync.daemon.pending import SELDOM, Tries
from timetable_sync.state.scheduled import Attempt

TWO = datetime(2026, 11, 24, 2, tzinfo=UTC)


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
