"""Token requests over HTTP, as strict as Entra ID's."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificate

from tests.sandbox.asking import Ews, assertion, base64url, token_request
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate, ready_app


def refused(answer: requests.Response, number: int, error: str) -> str:
    """Holds the form of a refusal; its description."""
    body = answer.json()
    assert body["error_codes"] == [number], body
    assert body["error"] == error
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    description = str(body["error_description"])
    assert description.startswith(f"AADSTS{number}: ")
    assert f"Trace ID: {body['trace_id']}" in description
    assert f"Correlation ID: {body['correlation_id']}" in description
    assert "access_token" not in body
    return description


def token_url(sandbox: SandboxProcess, version: int = 2, tenant: str = TENANT) -> str:
    return f"{sandbox.url}/{tenant}/oauth2/{'v2.0/' if version == 2 else ''}token"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_a_good_assertion_gets_a_token(sandbox: SandboxProcess, certificate: CertificateFiles, version: int, algorithm: str) -> None:
    answer = token_request(sandbox, certificate, version=version, algorithm=algorithm)
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == (3599 if version == 2 else "3599")
    assert "refresh_token" not in body
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["roles"] == ["full_access_as_app"]
    assert (claims["appid"], claims["tid"], claims["appidacr"]) == (CLIENT_ID, TENANT, "2")
    assert claims["aud"].rstrip("/") == "https://outlook.office365.com"
    assert claims["exp"] - claims["iat"] == 3599
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()) < 60
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_an_assertion_is_good_once(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    proof = assertion(certificate, token_url(sandbox))
    assert token_request(sandbox, certificate, client_assertion=proof).status_code == 200
    refused(token_request(sandbox, certificate, client_assertion=proof), 7000274, "invalid_client")


def test_a_key_that_is_not_registered_is_refused_with_its_thumbprint(sandbox: SandboxProcess, folder: Path) -> None:
    other = make_certificate(folder)
    thumbprint = load_pem_x509_certificate(other.cert_pem.read_bytes()).fingerprint(hashes.SHA256()).hex().upper()
    assert thumbprint in refused(token_request(sandbox, other), 700027, "invalid_client")


def test_a_signature_by_another_key_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles, folder: Path) -> None:
    other = make_certificate(folder)
    mixed = CertificateFiles(certificate.cert_pem, other.key_pem, certificate.manifest_dict)
    assert "signature" in refused(token_request(sandbox, mixed), 700027, "invalid_client")


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_algorithm_and_thumbprint_that_do_not_belong_together_are_refused(
    sandbox: SandboxProcess, certificate: CertificateFiles, algorithm: str
) -> None:
    read = load_pem_x509_certificate(certificate.cert_pem.read_bytes())
    header = {
        "PS256": {"x5t": base64url(read.fingerprint(hashes.SHA1()))},  # noqa: S303 - the thumbprint's definition
        "RS256": {"x5t#S256": base64url(read.fingerprint(hashes.SHA256()))},
    }[algorithm]
    proof = assertion(certificate, token_url(sandbox), algorithm=algorithm, header=header)
    refused(token_request(sandbox, certificate, client_assertion=proof), 700027, "invalid_client")


def test_the_hexadecimal_form_of_a_thumbprint_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    digest = load_pem_x509_certificate(certificate.cert_pem.read_bytes()).fingerprint(hashes.SHA256())
    proof = assertion(certificate, token_url(sandbox), header={"x5t#S256": base64url(digest.hex().encode())})
    refused(token_request(sandbox, certificate, client_assertion=proof), 700027, "invalid_client")


@pytest.mark.parametrize("algorithm", ["RS512", "PS384"])
def test_another_algorithm_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles, algorithm: str) -> None:
    proof = assertion(certificate, token_url(sandbox), algorithm=algorithm)
    refused(token_request(sandbox, certificate, client_assertion=proof), 5002738, "invalid_request")


def test_an_assertion_without_a_signature_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    good = assertion(certificate, token_url(sandbox)).split(".")
    refused(token_request(sandbox, certificate, client_assertion=f"{good[0]}.{good[1]}."), 700027, "invalid_client")
    refused(token_request(sandbox, certificate, client_assertion="not.a.token"), 50027, "invalid_request")


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"iss": str(uuid.uuid4())}, 700021),
        ({"sub": str(uuid.uuid4())}, 700021),
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}, 700023),
        ({"aud": None}, 700023),
        ({"exp": -1000}, 700024),
        ({"exp": None}, 700024),
        ({"nbf": +1000, "exp": +1300}, 700024),
        ({"nbf": -90000, "exp": +600}, 700024),
        ({"jti": None}, 50027),
    ],
)
def test_a_wrong_claim_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles, claims: dict[str, Any], number: int) -> None:
    now = int(time.time())  # Here and not above: tests are collected long before this one has its turn.
    claims = {name: now + claim if isinstance(claim, int) else claim for name, claim in claims.items()}
    proof = assertion(certificate, token_url(sandbox), **claims)
    refused(token_request(sandbox, certificate, client_assertion=proof), number, "invalid_client")


def test_clocks_that_differ_by_less_than_five_minutes_are_forgiven(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    now = int(time.time())
    proof = assertion(certificate, token_url(sandbox), nbf=now - 700, iat=now - 700, exp=now - 200)
    assert token_request(sandbox, certificate, client_assertion=proof).status_code == 200


def test_the_audience_is_the_endpoint_of_that_very_version(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    proof = assertion(certificate, token_url(sandbox, version=1))
    refused(token_request(sandbox, certificate, version=2, client_assertion=proof), 700023, "invalid_client")


def test_an_expired_certificate_is_refused(sandbox: SandboxProcess, folder: Path) -> None:
    old = make_certificate(folder, days=1, not_before=datetime.now(UTC) - timedelta(days=3))
    ready_app(sandbox.client, old)
    assert "expired" in refused(token_request(sandbox, old), 700027, "invalid_client")


def test_a_certificate_expires_while_the_clock_is_pushed_ahead(sandbox: SandboxProcess, folder: Path) -> None:
    short = make_certificate(folder, days=2)
    ready_app(sandbox.client, short)
    assert token_request(sandbox, short).status_code == 200
    sandbox.client.advance_clock(3 * 86400)
    refused(token_request(sandbox, short), 700027, "invalid_client")


def test_a_revoked_key_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    read = load_pem_x509_certificate(certificate.cert_pem.read_bytes())
    assert sandbox.client.revoke_key(read.fingerprint(hashes.SHA1()).hex()) == 1  # noqa: S303 - the thumbprint's definition
    refused(token_request(sandbox, certificate), 700027, "invalid_client")


@pytest.mark.parametrize("version", [1, 2])
def test_an_unknown_tenant_is_not_found(sandbox: SandboxProcess, certificate: CertificateFiles, version: int) -> None:
    answer = token_request(sandbox, certificate, version=version, tenant="11111111-2222-4333-8444-555555555555")
    refused(answer, 90002, "invalid_request")


def test_an_unknown_client_is_not_found(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    refused(token_request(sandbox, certificate, client_id=str(uuid.uuid4())), 700016, "unauthorized_client")


def test_a_client_of_another_tenant_is_not_found(sandbox: SandboxProcess, certificate: CertificateFiles, folder: Path) -> None:
    other = str(uuid.uuid4())
    ready_app(sandbox.client, make_certificate(folder), tenant=other, client_id=str(uuid.uuid4()))
    refused(token_request(sandbox, certificate, tenant=other), 700016, "unauthorized_client")


@pytest.mark.parametrize("scope", ["https://outlook.office365.com/EWS.AccessAsUser.All", "openid", "/.default", "https://a/.default b"])
def test_a_scope_other_than_default_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles, scope: str) -> None:
    refused(token_request(sandbox, certificate, scope=scope), 70011, "invalid_scope")


def test_a_resource_that_is_not_there_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    refused(token_request(sandbox, certificate, scope="https://nowhere.example/.default"), 500011, "invalid_resource")
    refused(token_request(sandbox, certificate, version=1, resource="https://nowhere.example/"), 500011, "invalid_resource")


@pytest.mark.parametrize("field", ["grant_type", "client_id", "scope", "client_assertion_type"])
def test_a_missing_field_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles, field: str) -> None:
    left_out: dict[str, Any] = {field: None}
    refused(token_request(sandbox, certificate, **left_out), 900144, "invalid_request")


def test_the_old_endpoint_wants_a_resource(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    refused(token_request(sandbox, certificate, version=1, resource=None), 900144, "invalid_request")


def test_nothing_that_proves_who_asks_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    refused(token_request(sandbox, certificate, client_assertion=None), 7000218, "invalid_client")


def test_another_grant_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    refused(token_request(sandbox, certificate, grant_type="password"), 70003, "unsupported_grant_type")


def test_a_token_of_an_application_without_consent_has_no_roles(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=())
    body = token_request(sandbox, certificate).json()
    assert "roles" not in jwt.decode(body["access_token"], options={"verify_signature": False})


def test_a_secret_gets_a_token_that_exchange_does_not_take(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    soon = time.time() + 3600
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, secrets={"s3cret": soon, "old": 1.0})
    sandbox.client.add_mailbox("a@example.ac.uk")
    refused(token_request(sandbox, certificate, client_secret="wrong"), 7000215, "invalid_client")
    refused(token_request(sandbox, certificate, client_secret="old"), 7000222, "invalid_client")
    body = token_request(sandbox, certificate, client_secret="s3cret").json()
    assert jwt.decode(body["access_token"], options={"verify_signature": False})["appidacr"] == "1"
    answer = Ews(sandbox, body["access_token"], "a@example.ac.uk").folder()
    assert answer.status == 401
    assert "too weak" in answer.headers["x-ms-diagnostics"]


def test_token_requests_are_counted(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    token_request(sandbox, certificate)
    token_request(sandbox, certificate, scope="openid")
    assert sandbox.client.requests() == {"token": 2}
    assert [(one["operation"], one["status"]) for one in sandbox.client.log()] == [("token", 200), ("token", 400)]
