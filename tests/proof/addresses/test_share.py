"""A share of the histories for CI; and that what watches them sees what it is to see."""

import random
from collections.abc import Callable, Iterator

import pytest

from tests.proof.addresses.histories import history
from tests.proof.addresses.part import PLANTED, again, scene, until_found
from tests.proof.addresses.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made() -> Iterator[Scene]:
    with scene() as one:
        yield one


def test_wherever_addresses_lead_each_night_leaves_every_calendar_as_it_has_to_be(made: Scene, tried: Callable[[str], None]) -> None:
    chance = random.SystemRandom()
    for _ in range(5):
        name = f"seed {chance.randrange(2**32)}"
        tried(name)
        found = history(made, name)
        assert not found.wrong, "\n".join([f"python -m tests.proof addresses --case {name!r}", *found.steps, *map(str, found.wrong)])


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_bug_is_found(made: Scene, planted: str) -> None:
    assert until_found(made, planted, 1) is not None


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(ValueError, match="no case is called 'history 1'"):
        again("history 1", print)
