"""One sandbox for this room's tests; each test gets mailboxes of its own."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.asking import Ews, token
from tests.sandbox_process import CertificateFiles, SandboxProcess, make_certificate, ready_app

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def running_sandbox(certificate: CertificateFiles) -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        ready_app(process.client, certificate)
        process.client.snapshot("fresh")
        yield process


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """The sandbox as new: no mailboxes, no faults, our application registered."""
    running_sandbox.client.clear_faults()
    running_sandbox.client.restore("fresh")
    running_sandbox.client.reset_requests()
    running_sandbox.client.token_lifetime(3599)
    return running_sandbox


@pytest.fixture(scope="session")
def good_token(running_sandbox: SandboxProcess, certificate: CertificateFiles) -> str:
    return token(running_sandbox, certificate)


@pytest.fixture
def ews(sandbox: SandboxProcess, good_token: str) -> Ews:
    """A group mailbox of the test's own, to ask about."""
    address = f"comp{next(_numbers)}@groups.example.ac.uk"
    sandbox.client.add_mailbox(address)
    return Ews(sandbox, good_token, address)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
