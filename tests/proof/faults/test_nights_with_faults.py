"""CI's share of the faults: some of all that ``python -m tests.proof faults`` tries, chosen afresh each time."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.faults import cases, databases, table
from tests.proof.faults.cases import Case, Request, product
from tests.proof.faults.kinds import KINDS
from tests.proof.faults.scene import PHYS, Scene
from tests.proof.figures import Wrong
from tests.sandbox_process import SandboxProcess

#: Where the chance of this very run comes from.
SEED = random.SystemRandom().randrange(2**32)

#: Seconds of this process for either of the two, and seconds of a busy machine's clock; nights at least and at most.
_LONGEST, _PATIENCE, _LEAST, _MOST = 6.0, 12.0, 4, 60

pytestmark = [pytest.mark.long]

_DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reliability.md"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture(scope="module")
def scene(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("faults"), sandbox)


@pytest.fixture(scope="module")
def requests(scene: Scene) -> list[Request]:
    return cases.requests_of(scene)


def try_all(scene: Scene, chosen: Iterator[Case], tried: Callable[[str], None]) -> None:
    """As many as there is time for, though never fewer than a few."""
    tried(f"seed {SEED}")
    began, clock, nights = time.process_time(), time.monotonic(), 0
    for case in chosen:
        result = cases.tried(scene, case)
        assert not result.found, f"seed {SEED}: {case}: " + "; ".join(map(str, result.found))
        nights += 1
        over = time.process_time() - began > _LONGEST or time.monotonic() - clock > _PATIENCE
        if nights >= _MOST or (over and nights >= _LEAST):
            break
    assert nights >= _LEAST
    tried(f"{nights} nights")


@pytest.mark.slow
def test_some_requests_with_some_faults_come_out_as_they_have_to(
    scene: Scene, requests: list[Request], tried: Callable[[str], None]
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance for tests
    everything = product(requests)
    try_all(scene, iter(dice.sample(everything, len(everything))), tried)


@pytest.mark.slow
@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.waits])
def test_an_answer_that_is_held_back_times_out_and_no_other_does(scene: Scene, requests: list[Request], name: str) -> None:
    """However long the others take: here everything that is asked takes longer than the time-out of one second."""
    request = next(request for request in requests if request.operation == "CreateItem")
    scene.slow = {"what": "latency", "seconds": 1.2, "operation": "CreateItem", "count": 0}
    try:
        found = cases.tried(scene, cases.named(f"once; {request}: {name}", requests, KINDS))
    finally:
        scene.slow = None
    assert not found.found, "; ".join(map(str, found.found))


@pytest.mark.slow
def test_two_faults_in_one_night_double_nothing_and_touch_nothing_foreign(
    scene: Scene, requests: list[Request], tried: Callable[[str], None]
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance for tests
    try_all(scene, cases.pairs(requests, dice), tried)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL", "MariaDB"])
def test_a_database_that_fails_costs_a_night_and_nothing_else(kind: str, tmp_path: Path, tried: Callable[[str], None]) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance for tests
    row = dice.choice([row for row in databases.EXPECTED if row.kind == kind])
    with SandboxProcess() as sandbox, databases.scene_with(tmp_path, sandbox, row) as broken:
        found = databases.tried(broken, row, dice.choice(databases.moments(broken, row)))
    tried(f"{found.name}, seed {SEED}")
    assert not found.found, f"seed {SEED}: {found.name}: " + "; ".join(map(str, found.found))


def test_each_harm_is_seen_in_the_calendars_themselves(scene: Scene) -> None:
    """What looks for harm has to see it: here somebody does what the product must never do."""
    comp, math, phys = sorted(address for address in scene.client.all_events() if address[:4] in ("comp", "math", "phys"))

    def first(address: str, *, ours: bool) -> str:
        return next(str(one["id"]) for one in scene.client.events(address) if bool(one["extended"]) == ours)

    def harm() -> set[Wrong]:
        found = {one.wrong for one in scene.broken()}
        scene.evening_again()
        return found

    scene.evening_again()
    assert harm() == set()
    scene.client.copy_event(comp, first(comp, ours=True))
    assert harm() == {Wrong.DUPLICATE}
    scene.client.delete_event(comp, scene.client.copy_event(comp, first(comp, ours=True)))
    assert harm() == {Wrong.DUPLICATE}
    scene.client.edit_event(math, first(math, ours=False), subject="Mine now")
    assert harm() == {Wrong.FOREIGN_CHANGED}
    scene.client.delete_event(phys, first(phys, ours=True))
    assert harm() == {Wrong.WRONG_DELETE}
    scene.client.delete_event(phys, first(phys, ours=True), hard=True)
    assert harm() == {Wrong.WRONG_DELETE, Wrong.DELETED_FOR_GOOD}
    scene.client.edit_event(phys, first(phys, ours=True), subject="Alchemy")
    assert harm() == {Wrong.WRONG_CONTENT}
    assert {one.wrong for one in scene.broken(replace(scene.evening, mails=1))} == {Wrong.MAIL}


def test_a_duplicate_that_a_night_takes_away_is_no_wrong_delete(scene: Scene) -> None:
    scene.evening_again()
    event = next(one for one in scene.client.events(PHYS) if one["extended"])
    copy = scene.client.copy_event(PHYS, str(event["id"]))
    doubled = scene.look()
    scene.client.delete_event(PHYS, copy)
    assert scene.broken(doubled) == []


def test_a_case_is_known_again_by_its_name(requests: list[Request]) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance for tests
    both = cases.pairs(requests, dice)
    for case in [*product(requests), *(next(both) for _ in range(200))]:
        found = cases.named(str(case), requests, KINDS)
        assert (str(found), found.ever, [kind for _, kind in found.strikes]) == (str(case), case.ever, [kind for _, kind in case.strikes])
        assert len(case.strikes) > 1 or found == case
    for name in ("", "once; FindItem 1 of nobody", "twice; FindItem 1 of a@b: 502", "once; FindItem 1 of a@b: no such fault"):
        with pytest.raises(ValueError, match="no case is called"):
            cases.named(name, requests, KINDS)


def test_what_is_expected_depends_on_no_more_than_it_says(requests: list[Request]) -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    operations = {request.operation for request in requests}
    assert operations == {"token", "GetFolder", "FindItem", "GetItem", "CreateItem", "UpdateItem", "DeleteItem"}
    assert {address for request in requests if (address := request.mailbox)} == set(mailbox_names())


def mailbox_names() -> tuple[str, ...]:
    return tuple(f"{name}@groups.example.ac.uk" for name in ("comp101", "math101", "phys101"))


def test_the_document_has_the_tables_that_are_proved() -> None:
    wanted = table.markdown(table.expected(), databases.EXPECTED)
    assert table.block(_DOCUMENT.read_text("utf-8")) == wanted, "python -m tests.proof.faults.table docs/reliability.md"
