"""Where tokens are asked for and in which words; TLS to there is trusted by the bundle that the configuration names, refused otherwise."""

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.entra.making import CLIENT, NOW, TENANT
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.token_response import TokenResponse, ask, retry_after, token_form, token_url
from timetable_sync.errors import CredentialsRefused, UsageError


@dataclass
class Secure:
    url: str
    bundle: Path
    other_bundle: Path


def own_authority(folder: Path, name: str) -> Path:
    """A certificate for 127.0.0.1 that is its own authority; the key in the same file."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    bundle, other = own_authority(tmp_path, "ours"), own_authority(tmp_path, "theirs")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Secure(f"https://127.0.0.1:{server.server_address[1]}/token", bundle, other)
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_configured_bundle_wins_over_the_environments(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure.other_bundle))
    answer = ask(requests.Session(), secure.url, {"a": "b"}, timeout=10, ca_bundle=str(secure.bundle))
    assert (answer.status, answer.body, answer.is_json) == (200, {}, True)


def test_a_certificate_that_is_not_trusted_is_said(secure: Secure) -> None:
    with pytest.raises(CredentialsRefused, match="is not trusted") as caught:
        ask(requests.Session(), secure.url, {"a": "b"}, timeout=10, ca_bundle=str(secure.other_bundle))
    assert "entra.ca_bundle" in caught.value.advice


def test_a_bundle_that_is_not_there_is_said(secure: Secure, tmp_path: Path) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        ask(requests.Session(), secure.url, {"a": "b"}, timeout=10, ca_bundle=str(tmp_path / "nowhere.pem"))
    assert "entra.ca_bundle" in caught.value.advice


def test_a_retry_after_whose_zone_is_beyond_all_numbers_is_none() -> None:
    assert retry_after(TokenResponse("u", 503, {}, False, None, "Wed, 21 Oct 2026 07:28:00 +" + "9" * 40), NOW) is None


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [("", None), ("5", 5.0), ("999999999999", 3600.0), ("-3", None), ("soon", None), ("Tue, 24 Nov 2026 01:59:00 GMT", 0.0)],
)
def test_a_retry_after_is_bounded_and_nonsense_is_none(hint: str, seconds: float | None) -> None:
    assert retry_after(TokenResponse("u", 503, {}, False, None, hint), NOW) == seconds


Build = Callable[..., Entra]


SIGNED = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": "signed"}


def test_both_versions_have_their_own_address(entra: Build) -> None:
    assert token_url(entra()) == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert token_url(entra(version="v1")) == f"https://login.microsoftonline.com/{TENANT}/oauth2/token"


def test_a_national_cloud_keeps_its_address_with_or_without_a_slash(entra: Build) -> None:
    assert token_url(entra(authority="https://login.microsoftonline.us/")).startswith("https://login.microsoftonline.us/8e2f")


def test_a_tenant_cannot_lead_to_another_path(entra: Build) -> None:
    assert "/../" not in token_url(entra().model_copy(update={"tenant": "../../elsewhere"}))


def test_v2_asks_for_a_scope_and_v1_for_a_resource(entra: Build) -> None:
    common = {"grant_type": "client_credentials", "client_id": CLIENT, **SIGNED}
    assert token_form(entra(), SIGNED) == common | {"scope": "https://outlook.office365.com/.default"}
    assert token_form(entra(version="v1"), SIGNED) == common | {"resource": "https://outlook.office365.com"}


@pytest.mark.parametrize("authority", ["login.microsoftonline.com", "ftp://login.example", "", "https://"])
def test_what_is_no_address_is_refused(entra: Build, authority: str) -> None:
    with pytest.raises(UsageError, match=r"entra\.authority"):
        token_url(entra().model_copy(update={"authority": authority}))


def test_an_unencrypted_address_is_refused_but_for_this_machine(entra: Build) -> None:
    with pytest.raises(UsageError, match="not encrypted"):
        token_url(entra().model_copy(update={"authority": "http://login.example"}))
    for here in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert token_url(entra(authority=here)).startswith(here)
