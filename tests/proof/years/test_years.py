"""Histories of all rules: a share of those of ``make proof``, other ones every time."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.years.ews_world import EwsWorld
from tests.proof.years.memory_world import MemoryWorld
from tests.proof.years.running import histories
from tests.proof.years.worlds import World
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_whatever_happens_one_clean_night_makes_the_calendars_equal_to_the_timetable(tmp_path: Path, tried: Callable[[str], None]) -> None:
    nothing_goes_wrong(MemoryWorld(tmp_path), 60, tried)


def test_it_does_so_over_http_too(tmp_path: Path, tried: Callable[[str], None]) -> None:
    with SandboxProcess() as sandbox:
        nothing_goes_wrong(EwsWorld(tmp_path, sandbox.url), 4, tried)


def nothing_goes_wrong(world: World, count: int, tried: Callable[[str], None]) -> None:
    seed = random.SystemRandom().randrange(2**32)
    tried(f"{count} histories, seed {seed}")

    found = histories(world, count, seed)

    assert not found.counter_example, f"with the seed {seed}: {found.counter_example}"
    assert found.tally["histories"] >= count
    assert found.tally["written"] > 0
