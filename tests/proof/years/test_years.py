"""Histories with calendars in memory: a share of those of ``make proof``, other ones every time."""

import random
from pathlib import Path

from tests.proof.years.memory_world import MemoryWorld
from tests.proof.years.running import histories


def test_whatever_happens_one_clean_night_makes_the_calendars_equal_to_the_timetable(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")

    found = histories(MemoryWorld(tmp_path), 60, seed)

    assert found.tally["histories"] >= 60
    assert not found.counter_example, f"with the seed {seed}: {found.counter_example}"
