"""What stands in the daemon's way is said once, and told to people where it lasts."""

import pytest

from timetable_sync import logs
from timetable_sync.daemon.problems import LASTS, Problems
from timetable_sync.errors import StateUnusable, TimetableSyncError


class Watched:
    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.troubles = Problems(lambda error: self.told.append(error.message), clock=lambda: self.now)

    def lasts(self, error: Exception, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.troubles.met(error)
            self.now += 30


def test_what_passes_soon_is_said_once_and_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(1)
    watched = Watched()
    watched.lasts(StateUnusable("the state database is away", "Start it."), LASTS)
    watched.troubles.over()
    said = capsys.readouterr().err
    assert said.count("something is in the way") == 1
    assert said.count("what was in the way is over") == 1
    assert watched.told == []
    assert watched.troubles.said == ""


def test_what_lasts_is_told_once_and_once_more_where_it_comes_back() -> None:
    watched = Watched()
    for times in (1, 2):
        watched.lasts(StateUnusable("the state database is away", "Start it."), 4 * LASTS)
        assert watched.told == ["no night can be begun, for 5 minutes now: the state database is away"] * times
        watched.troubles.over()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BlockingIOError(11, "Resource temporarily unavailable"), "BlockingIOError: Resource temporarily unavailable"),
        (MemoryError(), "MemoryError: no further words"),
        (KeyError("a mistake of ours"), "KeyError: 'a mistake of ours'"),
        (TimetableSyncError("of ours"), "of ours"),
    ],
)
def test_whatever_it_is_has_words(error: Exception, said: str) -> None:
    watched = Watched()
    watched.troubles.met(error)
    assert watched.troubles.said == said
