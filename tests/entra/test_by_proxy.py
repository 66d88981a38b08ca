"""A token through a real proxy: whatever becomes of the request on the way passes, is said, and the next one is answered."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest

from tests.entra.making import Endpoint
from tests.forward_proxy import Fault, ForwardProxy, own_authority
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.token import TokenProvider
from timetable_sync.errors import TransientError
from timetable_sync.network.adapter import session_by

HOST = "login.example.test"

ENDS: tuple[Literal["cut", "reset", "garbled", "silent"], ...] = ("cut", "reset", "garbled", "silent")

PASSES = [
    *[Fault(what, when, operation=on) for on in ("CONNECT", "token") for what in ENDS for when in ("before", "after")],
    *[Fault("status", status=status, operation=on) for on in ("CONNECT", "token") for status in (500, 502, 503, 504)],
    *[Fault("status", "after", status, "token") for status in (502, 503, 504)],
    *[Fault(what, when, operation="token") for what in ("cut", "reset") for when in ("head", "body")],
    Fault("status", status=407, operation="CONNECT"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_authority(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def proxy(endpoint: Endpoint, authority: Path) -> Iterator[ForwardProxy]:
    with ForwardProxy({HOST: urlsplit(endpoint.url).port or 0}, authority) as proxy:
        yield proxy


@pytest.mark.parametrize("fault", PASSES, ids=lambda fault: f"{fault.operation} {fault.what} {fault.when} {fault.status}")
def test_whatever_becomes_of_it_on_the_way_passes(
    endpoint: Endpoint, proxy: ForwardProxy, entra: Callable[..., Entra], authority: Path, fault: Fault
) -> None:
    endpoint.gives("canary-token")
    proxy.faults = [Fault(fault.what, fault.when, fault.status, fault.operation)]
    given = entra(authority=f"https://{HOST}", ca_bundle=authority, timeout=timedelta(seconds=0.5 if fault.what == "silent" else 30))
    for number in range(2):
        tokens = TokenProvider(given, load_certificate(given), doubts=True, session=session_by(proxy.url, authority))
        if number:
            assert tokens.token() == "canary-token"
            continue
        with pytest.raises(TransientError) as failed:
            tokens.token()
    assert failed.value.scope == "service"
    refused = fault.what == "status" and fault.operation == "CONNECT"
    assert (f"the proxy refuses the way there (HTTP {fault.status})" in failed.value.message) is refused
    assert ("network.proxy_password" in failed.value.advice) is (fault.status == 407)
    assert all(line == f"CONNECT {HOST}:443" for line, _ in proxy.asked)
