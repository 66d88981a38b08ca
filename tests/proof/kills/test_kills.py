"""A share of the kills for CI; and that what watches them sees what it is to see."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.databases import POSTGRESQL, database_of_our_own
from tests.proof.figures import Finding, Wrong
from tests.proof.kills.forked import PATIENCE
from tests.proof.kills.ground import Ground, ground
from tests.proof.kills.killing import Suffered, at_request, suffer, suffer_by_daemon
from tests.proof.kills.part import Tally, at_any_moment, carry_out, figures, jobs, length, special
from tests.proof.kills.relay import Moment, Order

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def seed() -> int:
    """Fresh each time."""
    return random.SystemRandom().randrange(2**32)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


def test_a_night_killed_at_requests_commits_and_at_random_is_put_right_by_the_next(
    on_sqlite: Ground, seed: int, tried: Callable[[str], None]
) -> None:
    tried(f"seed {seed}")
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - chance for tests, no secret
    seconds = length(on_sqlite, first=False).seconds
    todo = jobs(on_sqlite, chance, on="SQLite", requests=True)[:8]
    todo += [at_any_moment(chance, seconds) for _ in range(1)]
    todo += special(chance, 1)
    carry_out(on_sqlite, todo, tally, lambda _: None)
    tried(f"{tally.many} kills")
    assert not tally.wrong, f"seed {seed}"
    assert tally.many >= 8, f"seed {seed}: {tally.kills}"


def test_a_daemon_killed_with_its_night_is_made_up_for_by_the_next_daemon(on_sqlite: Ground) -> None:
    suffered = suffer_by_daemon(on_sqlite, 9, Moment.AFTER, whole=True)
    assert suffered.wrong == []
    assert suffered.struck


def test_who_asks_with_no_time_to_wait_hears_that_a_command_has_ended(on_sqlite: Ground) -> None:
    running, end = on_sqlite.launcher.begin(["--version"]), time.monotonic() + PATIENCE
    while not on_sqlite.launcher.has_ended(running, 0.0):
        assert time.monotonic() < end
    ended = on_sqlite.launcher.wait(running)
    assert ended is not None
    assert ended.code == 0


def test_what_a_command_says_counts_as_no_harm() -> None:
    tally = Tally()
    tally.add("at a request", Suffered(["request 1"], [Finding(Wrong.SAID, "the night after ended with 1: 1 duplicate was made, 2 lost")]))
    good = {figure.what: figure.good for figure in figures(tally, 1)}
    assert (good["kills: harm done"], good["kills: else wrong"]) == (True, False)
    assert [(one.ended, [finding.wrong for finding in one.found]) for one in tally.tried] == [("1 kills", [Wrong.SAID])]


@pytest.mark.postgresql
def test_the_same_with_its_record_in_postgresql(tmp_path: Path, seed: int, tried: Callable[[str], None]) -> None:
    tried(f"seed {seed}")
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - chance for tests, no secret
    with database_of_our_own(POSTGRESQL) as server, ground(tmp_path, server=server) as made:
        carry_out(made, jobs(made, chance, on="PostgreSQL", requests=False)[:3], tally, lambda _: None)
    tried(f"{tally.many} kills")
    assert not tally.wrong, f"seed {seed}"
    assert tally.many == 3, f"seed {seed}: {tally.kills}"


def test_duplicates_lost_lessons_touched_appointments_and_mail_would_be_seen(on_sqlite: Ground) -> None:
    client = on_sqlite.sandbox.client
    on_sqlite.begin_again(first=False)
    assert on_sqlite.wrong_at_any_time() == []
    address = "comp101@groups.example.ac.uk"
    mine = next(one for one in on_sqlite.ours()[address] if one["subject"].startswith("COMP101-0 "))
    coffee = next(one for one in client.events(address) if one["subject"] == "Coffee 0")
    client.copy_event(address, mine["id"])
    client.edit_event(address, coffee["id"], location="The roof")
    assert on_sqlite.wrong_at_any_time() == [
        Finding(Wrong.DUPLICATE, f"duplicate: COMP101-0 stands 2 times in {address}"),
        Finding(Wrong.FOREIGN_CHANGED, f"foreign touched: Coffee 0 in {address}"),
    ]
    for one in on_sqlite.ours()[address]:
        client.delete_event(address, one["id"])
    assert Finding(Wrong.WRONG_DELETE, f"lost: COMP101-0 in {address}") in on_sqlite.wrong_at_any_time()
    on_sqlite.begin_again(first=False)
    assert any(one.what.startswith("too much:") for one in on_sqlite.wrong_in_the_end())
    assert any(one.what.startswith("lost:") for one in on_sqlite.wrong_in_the_end())
    late = on_sqlite.night[0].start + timedelta(days=1)
    client.add_appointment(address, "Tea", late.isoformat(), (late + timedelta(hours=1)).isoformat())
    assert on_sqlite.wrong_at_any_time() == [Finding(Wrong.FOREIGN_CHANGED, f"foreign made: Tea in {address}")]


def test_a_night_that_trusted_its_ledger_alone_would_be_found_out(on_sqlite: Ground) -> None:
    on_sqlite.begin_again(first=True)
    order = Order(0, Moment.AFTER, lambda: None)
    on_sqlite.relay.arm(order)
    on_sqlite.done(on_sqlite.launcher.run("run"), 0)
    creating = order.passed.index("CreateItem") + 1
    on_sqlite.launcher.planted = "trust_the_ledger_alone"
    try:
        suffered = suffer(on_sqlite, [at_request(creating, Moment.AFTER)], first=True)
    finally:
        on_sqlite.launcher.planted = ""
    assert suffered.struck
    assert any(one.wrong is Wrong.DUPLICATE for one in suffered.wrong)
