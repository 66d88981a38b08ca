"""Through a real proxy, whatever becomes of a request on the way: no create is sent again before the calendar was looked at."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.apply.virtual import Book, Run
from tests.calendars.contract import WEEK, creating, errors, event
from tests.calendars.ews.sandbox_world import SandboxWorld
from tests.forward_proxy import Fault, ForwardProxy, own_authority
from timetable_sync.apply.batch import apply_batch
from timetable_sync.apply.recording import Recorder
from timetable_sync.calendars.contract import TokenSource
from timetable_sync.calendars.ews.backend import EwsBackend, open_ews
from timetable_sync.config.sections.ews import Ews
from timetable_sync.config.sections.run import Network
from timetable_sync.errors import BackendError, OutcomeUnknown, ServiceError, TransientError

HOST = "exchange.example.test"

#: What befalls a create that the server has had, or may have had.
ON_THE_WAY = {
    "cut before it was passed on": Fault("cut"),
    "reset before it was passed on": Fault("reset"),
    "cut after the work": Fault("cut", "after"),
    "reset after the work": Fault("reset", "after"),
    "cut in the answer's head": Fault("cut", "head"),
    "cut in the answer's body": Fault("cut", "body"),
    "reset in the answer's body": Fault("reset", "body"),
    "garbled before it was passed on": Fault("garbled"),
    "garbled after the work": Fault("garbled", "after"),
    "garbled in the answer's body": Fault("garbled", "body"),
    "no answer": Fault("silent"),
    "no answer, after the work": Fault("silent", "after"),
    **{f"{status}": Fault("status", status=status) for status in (500, 502, 503, 504)},
    **{f"{status} after the work": Fault("status", "after", status) for status in (500, 502, 503, 504)},
}

#: What befalls a tunnel before anything of ours can have gone through it, and what is said of it.
AT_THE_DOOR = {
    **{f"refused by {status}": (Fault("status", status=status), f"(HTTP {status})") for status in (403, 407, 502, 503)},
    "hung up": (Fault("cut"), "cannot be reached"),
    "reset": (Fault("reset"), "cannot be reached"),
    "garbled": (Fault("garbled"), "cannot be reached"),
    "silent": (Fault("silent"), "it did not take the connection in time"),
    "hung up before TLS": (Fault("cut", "after"), "cannot be reached"),
    "reset before TLS": (Fault("reset", "after"), "cannot be reached"),
    "garbled before TLS": (Fault("garbled", "after"), "cannot be reached"),
    "silent before TLS": (Fault("silent", "after"), "it did not take the connection in time"),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_authority(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def world(sandbox_world: SandboxWorld) -> Iterator[SandboxWorld]:
    yield sandbox_world
    sandbox_world.client.catch_up()
    sandbox_world.client.clear_faults()


@pytest.fixture
def proxy(world: SandboxWorld, authority: Path) -> Iterator[ForwardProxy]:
    with ForwardProxy({HOST: urlsplit(world.client.url).port or 0}, authority) as proxy:
        yield proxy


Way = Callable[..., EwsBackend]


@pytest.fixture
def way(
    world: SandboxWorld, proxy: ForwardProxy, authority: Path, tokens_of_the_sandbox: TokenSource, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Way]:
    """Opens a backend whose requests pass the proxy, through a tunnel or plainly, as the configuration or the environment says."""
    backends: list[EwsBackend] = []

    def open_it(scheme: str = "https", source: str = "configured", timeout: float = 30) -> EwsBackend:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        if source == "environment":
            monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
        settings = Ews(endpoint=f"https://{HOST}/EWS/Exchange.asmx", timeout=timedelta(seconds=timeout), ca_bundle=authority)
        # No configuration has it in clear; but nor does it matter to what follows which of the two it is.
        settings = settings.model_copy(update={"endpoint": settings.endpoint.replace("https", scheme)})
        network = Network(proxy=proxy.url) if source == "configured" else None
        backends.append(open_ews(settings, tokens_of_the_sandbox, network=network))
        return backends[-1]

    yield open_it
    for backend in backends:
        backend.close()


@pytest.mark.parametrize(
    ("scheme", "source", "kept"),
    [("https", "configured", False), ("https", "environment", True), ("http", "configured", True), ("http", "environment", False)],
    ids=["tunnel, configured, new", "tunnel, environment, kept", "plain, configured, kept", "plain, environment, new"],
)
@pytest.mark.parametrize("befalls", ON_THE_WAY)
def test_a_create_that_may_have_been_sent_is_looked_for_before_it_is_sent_again(
    world: SandboxWorld, proxy: ForwardProxy, way: Way, befalls: str, scheme: str, source: str, kept: bool
) -> None:
    backend = way(scheme, source, 0.5 if "no answer" in befalls else 30)
    if kept:
        backend.snapshot(world.calendar, WEEK)
    asked = ON_THE_WAY[befalls]
    proxy.faults = [Fault(asked.what, asked.when, asked.status, "CreateItem")]
    run = Run()
    outcomes = apply_batch(backend, world.calendar, creating(event(1), event(2)), run.patience, Recorder(Book()))
    assert errors(outcomes) == [None, None]
    assert sorted(one.subject for one in world.seen(world.calendar)) == ["COMP0001 Lecture", "COMP0002 Lecture"]
    done = asked.when != "before"
    assert proxy.passed[1 if kept else 0 :] == (["CreateItem", "FindItem"] if done else ["FindItem", "FindItem", "CreateItem"])
    # Where it is not there at once, it may be for as long as the service gives a request.
    assert (run.time.now >= run.patience.pace.late) is not done
    assert any(line.startswith("CONNECT") for line, _ in proxy.asked) is (scheme == "https")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_the_server_does_after_its_proxy_gave_it_up_is_not_doubled(
    world: SandboxWorld, proxy: ForwardProxy, way: Way, status: int
) -> None:
    backend, run = way(), Run()
    world.fault(what="http", status=status, when="later", seconds=3600, operation="CreateItem")
    run.time.at(30, world.client.catch_up)
    assert errors(apply_batch(backend, world.calendar, creating(event(1)), run.patience, Recorder(Book()))) == [None]
    assert len(world.seen(world.calendar)) == 1
    assert proxy.passed == ["CreateItem", "FindItem", "FindItem"]


@pytest.mark.parametrize("source", ["configured", "environment"])
@pytest.mark.parametrize("befalls", AT_THE_DOOR)
def test_a_tunnel_that_does_not_come_about_has_let_nothing_through(
    world: SandboxWorld, proxy: ForwardProxy, way: Way, befalls: str, source: str
) -> None:
    backend = way("https", source, 0.5 if "silent" in befalls else 30)
    fault, said = AT_THE_DOOR[befalls]
    proxy.faults = [Fault(fault.what, fault.when, fault.status, "CONNECT")]
    found = [outcome.error for outcome in backend.apply(world.calendar, creating(event(1), event(2)))]
    assert [(type(one), one.scope) for one in found if isinstance(one, TransientError)] == [(TransientError, "service")] * 2
    assert isinstance(found[0], BackendError)
    assert said in found[0].message
    assert ("network.proxy_password" in found[0].advice) is (fault.status == 407)
    assert proxy.passed == []
    assert errors(backend.apply(world.calendar, creating(event(1), event(2)))) == [None, None]


def test_a_certificate_that_nobody_vouches_for_ends_the_run_before_anything_is_sent(
    world: SandboxWorld, proxy: ForwardProxy, tokens_of_the_sandbox: TokenSource
) -> None:
    settings = Ews(endpoint=f"https://{HOST}/EWS/Exchange.asmx")
    backend = open_ews(settings, tokens_of_the_sandbox, network=Network(proxy=proxy.url))
    (outcome,) = backend.apply(world.calendar, creating(event(1)))
    backend.close()
    assert isinstance(outcome.error, ServiceError)
    assert "not trusted" in outcome.error.message
    assert proxy.passed == []


def test_what_befell_an_earlier_request_says_nothing_of_one_that_is_sent_while_that_is_dealt_with(
    world: SandboxWorld, proxy: ForwardProxy, way: Way
) -> None:
    # Python hangs the error that is being handled on the next one, as its context.
    backend = way()
    proxy.faults = [Fault("cut", operation="CONNECT"), Fault("cut", "after", operation="CreateItem")]
    try:
        backend.snapshot(world.calendar, WEEK)
    except TransientError:
        assert errors(backend.apply(world.calendar, creating(event(1)))) == [OutcomeUnknown]
    assert len(world.seen(world.calendar)) == 1
