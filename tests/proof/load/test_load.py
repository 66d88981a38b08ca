"""A share of the load for CI."""

import random
from collections.abc import Callable, Iterator

import pytest

from tests.proof.figures import Figure
from tests.proof.load.budget import nights
from tests.proof.load.busy import for_an_hour, ten_thousand
from tests.proof.load.freezing import sixty_four_threads
from tests.proof.load.part import tenant_of
from tests.proof.load.tenant import Tenant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    with tenant_of(70, lessons=1) as made:
        yield made


def bad(figures: Iterator[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.good]


def test_sixty_four_workers_within_the_budgets_finish_without_a_failed_calendar() -> None:
    with tenant_of(40, large=1) as made:
        # How near the budget it comes says little on a machine that does much else; that is for the whole part.
        assert bad(nights(made, 64, 200, least=0.05)) == []


def test_many_busy_answers_in_a_row_are_outlasted(tenant: Tenant) -> None:
    assert bad(ten_thousand(tenant, 200, 64, lambda _: None)) == []


def test_a_tenant_that_is_busy_for_an_hour_ends_by_the_deadline_on_record_and_goes_on_from_there(tenant: Tenant) -> None:
    assert bad(for_an_hour(tenant, 8, hint=True)) == []


def test_sixty_four_threads_get_on_under_constant_busy_and_end_when_asked_to(tenant: Tenant, tried: Callable[[str], None]) -> None:
    seed = random.SystemRandom().randrange(2**31)
    tried(f"64 threads, seed {seed}")
    assert bad(sixty_four_threads(tenant, 12, seed)) == [], f"seed {seed}"
