"""CI's share of the nights by a proxy: a few of all that ``python -m tests.proof faults`` tries, chosen afresh each time."""

import random
from collections.abc import Callable, Iterator

import pytest

from tests.proof.faults import cases
from tests.proof.faults.by_proxy import OWN, ByProxy, scene_by_proxy
from tests.proof.faults.cases import Case, Request
from tests.proof.faults.kinds import KINDS, Kind
from tests.sandbox_process import SandboxProcess

SEED = random.SystemRandom().randrange(2**32)

#: Nights of each kind: some seconds of this process.
_NIGHTS = 3


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByProxy]:
    with SandboxProcess() as sandbox, scene_by_proxy(tmp_path_factory.mktemp("proxy"), sandbox) as scene:
        yield scene


@pytest.fixture(scope="module")
def requests(scene: ByProxy) -> list[Request]:
    return scene.requests()


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [KINDS, OWN], ids=["the services' faults", "the proxy's own"])
def test_some_requests_with_some_faults_come_out_as_they_have_to(
    scene: ByProxy, requests: list[Request], kinds: list[Kind], tried: Callable[[str], None]
) -> None:
    tried(f"{_NIGHTS} nights, seed {SEED}")
    dice = random.Random(SEED)  # noqa: S311 - chance for tests
    everything = cases.product(requests, kinds)
    for case in dice.sample(everything, _NIGHTS):
        result = cases.tried(scene, case)
        assert not result.found, f"seed {SEED}: {case}: " + "; ".join(map(str, result.found))


@pytest.mark.slow
def test_a_create_that_was_cut_off_after_the_work_stands_once(scene: ByProxy, requests: list[Request]) -> None:
    cut = next(kind for kind in OWN if kind.name == "proxy: cut after the work")
    request = next(one for one in requests if one.operation == "CreateItem")
    scene.proxy.passed.clear()
    assert cases.tried(scene, Case(((request, cut),))).found == ()
    # And nothing of these nights found a way around the proxy.
    assert sorted(scene.proxy.passed) == sorted(str(entry["operation"]) for entry in scene.client.log())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["proxy: no answer", "proxy: no answer, after the work"])
def test_silence_within_a_tunnel_is_over_when_its_time_is(scene: ByProxy, requests: list[Request], name: str) -> None:
    """Though TLS itself has something to read there: a session's ticket comes after the handshake."""
    silent = next(kind for kind in OWN if kind.name == name)
    for request in requests[:2]:
        assert cases.tried(scene, Case(((request, silent),))).found == ()
