"""A server of canned answers, and the backend that asks it."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.calendars.ews.canned import CannedServer
from tests.calendars.ews.other_exchange.habits import Habits
from tests.calendars.ews.other_nights import OtherNights
from tests.calendars.ews.sandbox_world import SandboxWorld
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate, ready_app
from timetable_sync.calendars.ews.backend import EwsBackend, open_ews
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.entra import Entra
from timetable_sync.config.sections.ews import Ews
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.token import TokenProvider
from timetable_sync.model.calendar import Calendar
from timetable_sync.sandbox.client import SandboxClient

COMP = Calendar("comp1511@groups.example.ac.uk", "COMP1511")


class Tokens:
    """A token source that can be told to fail."""

    def __init__(self) -> None:
        self.number = 1
        self.refused: list[str] = []
        self.failure: Exception | None = None

    def token(self) -> str:
        if self.failure is not None:
            raise self.failure
        return f"canary-token-{self.number}"

    def invalidate(self, refused: str) -> None:
        self.refused.append(refused)
        self.number += 1


@pytest.fixture
def server() -> Iterator[CannedServer]:
    with CannedServer() as server:
        yield server


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


Opener = Callable[..., EwsBackend]


@pytest.fixture
def opened(server: CannedServer, tokens: Tokens) -> Iterator[Opener]:
    """Opens a backend on the server, with settings of its own."""
    backends: list[EwsBackend] = []

    def open_it(**settings: Any) -> EwsBackend:
        given = {"endpoint": server.url, "timeout": timedelta(seconds=5)} | settings
        backends.append(open_ews(Ews(**given), tokens))
        return backends[-1]

    yield open_it
    for backend in backends:
        backend.close()


OpenedOn = Callable[[CannedServer], EwsBackend]


@pytest.fixture
def opened_on(opened: Opener) -> OpenedOn:
    """Opens a backend on a server of the test's own."""
    return lambda server: opened(endpoint=server.url)


@pytest.fixture
def backend(opened: Opener) -> EwsBackend:
    return opened()


@pytest.fixture
def calendar() -> Calendar:
    return COMP


@pytest.fixture(scope="session")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def authority(_certificates: tuple[Path, Path]) -> Path:
    """The certificate that ``tls_server`` is to be trusted by."""
    return _certificates[0]


@pytest.fixture
def tls_server(_certificates: tuple[Path, Path]) -> Iterator[CannedServer]:
    """As ``server``, with TLS."""
    with CannedServer(_certificates) as server:
        yield server


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxClient, TokenProvider]]:
    """A sandbox with our app registered, and tokens for it; one for all tests, as each takes mailboxes of its own."""
    with SandboxProcess() as sandbox:
        files = make_certificate(tmp_path_factory.mktemp("certificate"))
        ready_app(sandbox.client, files)
        entra = Entra(
            tenant=TENANT,
            client=CLIENT_ID,
            certificate=SecretRef(file=files.cert_pem),
            key=SecretRef(file=files.key_pem),
            authority=sandbox.url,
        )
        yield sandbox.client, TokenProvider(entra, load_certificate(entra))


@pytest.fixture
def sandbox_world(_sandbox: tuple[SandboxClient, TokenProvider]) -> Iterator[SandboxWorld]:
    """Two fresh calendars in the sandbox."""
    world = SandboxWorld(*_sandbox)
    yield world
    world.backend.close()


@pytest.fixture
def tokens_of_the_sandbox(_sandbox: tuple[SandboxClient, TokenProvider]) -> TokenProvider:
    return _sandbox[1]


@pytest.fixture(scope="session")
def app_files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return make_certificate(tmp_path_factory.mktemp("app"))


Opening = Callable[[Habits], OtherNights]


@pytest.fixture
def opening(tmp_path: Path, ews_schemas: Path, app_files: CertificateFiles) -> Iterator[Opening]:
    """Opens an Exchange with habits."""
    opened: list[OtherNights] = []

    def open_it(habits: Habits) -> OtherNights:
        opened.append(OtherNights(tmp_path, habits, ews_schemas, app_files))
        opened[-1].exchange.__enter__()
        return opened[-1]

    yield open_it
    for nights in opened:
        nights.exchange.__exit__(None, None, None)
        assert nights.exchange.violations == []
        assert nights.exchange.strangers == []
        assert [mailbox.mails for mailbox in nights.exchange.mailboxes.values()] == [0, 0]
