"""A share of the interruptions for CI; and that what watches them sees what it is to see."""

import random
from collections.abc import Callable, Iterator

import pytest

from tests.proof.figures import Wrong
from tests.proof.interruptions.cases import KINDS
from tests.proof.interruptions.meeting import Meeting, meeting
from tests.proof.interruptions.part import Grounds
from tests.proof.kills.relay import Moment, Order

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with Grounds() as made:
        yield made


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("meeting")) as made:
        yield made


@pytest.mark.parametrize("on", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgresql)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_interrupted_and_the_one_beside_it_leave_nothing_wrong_after_a_quiet_night(
    grounds: Grounds, kind: str, on: str, tried: Callable[[str], None]
) -> None:
    name = f"{kind} on {on}, seed {random.SystemRandom().randrange(2**32)}"
    found = grounds.case(name)
    tried(f"{name}: {found.ended}")
    if any(one.wrong is Wrong.NOT_TRIED and "Skipped" in one.what for one in found.found):
        pytest.skip(found.found[0].what)
    assert found.found == (), f"python -m tests.proof interruptions --case {name!r}"


def creating(met: Meeting) -> int:
    """Which request of a very first night is the first that makes events."""
    met.begin_again(first=True, lease="5 minutes")
    order = Order(0, Moment.AFTER, lambda: None)
    met.ended(met.ground.launcher, met.first(order), 0)
    met.begin_again(first=True, lease="5 minutes")
    return order.passed.index("CreateItem") + 1


def test_a_run_that_waits_for_nothing_would_be_found_out(met: Meeting) -> None:
    nth = creating(met)
    # It is not begun yet.
    first = met.first(Order(nth, Moment.LATE, lambda: met.running.kill()))  # noqa: PLW0108 - as above
    met.ended(met.ground.launcher, first)
    met.launcher.planted = "wait_for_nothing"
    try:
        met.ended(met.launcher, met.second(), 0)
    finally:
        met.launcher.planted = ""
    assert any(one.startswith("duplicate") for one in met.judged(doubles=False).wrong)


def test_a_run_without_a_fence_would_be_found_out(met: Meeting) -> None:
    nth = creating(met)

    def lose() -> None:
        met.ground.record.change("DELETE FROM lease")
        met.ended(met.launcher, met.second(), 0)

    met.ground.launcher.planted = "know_no_fence"
    try:
        met.ended(met.ground.launcher, met.first(Order(nth, Moment.AFTER, lose, lives=True)))
    finally:
        met.ground.launcher.planted = ""
    met.fenced()
    assert any(one.startswith("fence") for one in met.found.wrong)


def test_an_unknown_case_is_refused(grounds: Grounds) -> None:
    with pytest.raises(ValueError, match="no case is called 'lease lost on MariaDB, seed 1'"):
        grounds.case("lease lost on MariaDB, seed 1")
