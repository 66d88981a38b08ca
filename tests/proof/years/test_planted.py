"""Each bug that is planted is found by the machine, and said in words that fit it."""

from pathlib import Path

import pytest

from tests.proof.years.memory_world import MemoryWorld
from tests.proof.years.planted import BUGS, Bug
from tests.proof.years.running import histories

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    with bug.plant():
        found = histories(MemoryWorld(tmp_path, bug.backend), 200, of=1, rules=bug.rules, shrink=False)

    assert bug.says in found.counter_example.splitlines()[-1]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_without_it_the_same_histories_find_nothing(bug: Bug, tmp_path: Path) -> None:
    found = histories(MemoryWorld(tmp_path), 8, of=1, rules=bug.rules, shrink=False)

    assert not found.counter_example
