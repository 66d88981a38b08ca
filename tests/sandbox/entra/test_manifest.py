"""A manifest's keyCredentials are taken as the portal takes them, and refused as the portal refuses them."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, load_pem_x509_certificate, random_serial_number

from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess, make_certificate, manifest_of
from timetable_sync.sandbox.client import SandboxRefused


def _register(sandbox: SandboxProcess, credential: dict[str, Any]) -> None:
    sandbox.client.register_app({"keyCredentials": [credential]}, tenant=TENANT, client_id=CLIENT_ID)


def test_a_manifest_may_hold_the_old_and_the_new_key(sandbox: SandboxProcess, certificate: CertificateFiles, folder: Path) -> None:
    new = make_certificate(folder)
    both = {"keyCredentials": certificate.manifest_dict["keyCredentials"] + new.manifest_dict["keyCredentials"]}
    assert sandbox.client.register_app(both, tenant=TENANT, client_id=CLIENT_ID)["keys"] == 2


def _hexadecimal(one: dict[str, Any]) -> None:
    one["customKeyIdentifier"] = base64.b64decode(one["customKeyIdentifier"]).hex().upper()


def _base64_of_hexadecimal(one: dict[str, Any]) -> None:
    one["customKeyIdentifier"] = base64.b64encode(base64.b64decode(one["customKeyIdentifier"]).hex().encode()).decode()


def _a_second_late(one: dict[str, Any]) -> None:
    one["endDate"] = (datetime.fromisoformat(one["endDate"]) + timedelta(seconds=1)).isoformat()


def _a_second_early(one: dict[str, Any]) -> None:
    one["startDate"] = (datetime.fromisoformat(one["startDate"]) - timedelta(seconds=1)).isoformat()


def _without_zone(one: dict[str, Any]) -> None:
    one["endDate"] = one["endDate"].removesuffix("Z")


def _armoured(one: dict[str, Any]) -> None:
    one["value"] = f"-----BEGIN CERTIFICATE-----\n{one['value']}\n-----END CERTIFICATE-----"


def _not_a_certificate(one: dict[str, Any]) -> None:
    one["value"] = base64.b64encode(b"no certificate").decode()


def _no_guid(one: dict[str, Any]) -> None:
    one["keyId"] = "key-1"


def _other_type(one: dict[str, Any]) -> None:
    one["type"] = "X509CertAndPassword"


def _other_usage(one: dict[str, Any]) -> None:
    one["usage"] = "Sign"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_hexadecimal, "customKeyIdentifier is not"),
        (_base64_of_hexadecimal, "customKeyIdentifier is not the base64 of the certificate's SHA-1 digest"),
        (_a_second_late, "endDate is"),
        (_a_second_early, "startDate is"),
        (_without_zone, "endDate has no time zone"),
        (_armoured, "without the lines of PEM"),
        (_not_a_certificate, "not a certificate"),
        (_no_guid, "keyId is not a GUID"),
        (_other_type, "type must be AsymmetricX509Cert"),
        (_other_usage, "usage must be Verify"),
    ],
)
def test_a_manifest_that_is_a_little_wrong_is_refused(
    sandbox: SandboxProcess, certificate: CertificateFiles, spoil: Any, says: str
) -> None:
    credential = dict(certificate.manifest_dict["keyCredentials"][0])
    spoil(credential)
    with pytest.raises(SandboxRefused, match=says):
        _register(sandbox, credential)


def test_a_date_written_with_an_offset_or_in_full_is_the_same_date(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    credential = dict(certificate.manifest_dict["keyCredentials"][0])
    credential["startDate"] = credential["startDate"].replace("Z", ".0000000+00:00")
    _register(sandbox, credential)
    assert sandbox.client.requests() == {}


def test_a_certificate_of_another_kind_of_key_is_refused(sandbox: SandboxProcess) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC).replace(microsecond=0)
    curve = CertificateBuilder(Name([]), Name([]), key.public_key(), random_serial_number(), now, now + timedelta(days=1)).sign(
        key, SHA256()
    )
    with pytest.raises(SandboxRefused, match="not an RSA key"):
        _register(sandbox, manifest_of(curve)["keyCredentials"][0])


def test_a_manifest_without_keys_or_with_a_key_twice_is_refused(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    credential = certificate.manifest_dict["keyCredentials"][0]
    for manifest, says in (({}, "no list keyCredentials"), ({"keyCredentials": [credential, credential]}, "same keyId")):
        with pytest.raises(SandboxRefused, match=says):
            sandbox.client.register_app(manifest, tenant=TENANT, client_id=CLIENT_ID)


def test_the_helper_writes_what_it_registers(certificate: CertificateFiles) -> None:
    read = load_pem_x509_certificate(certificate.cert_pem.read_bytes())
    credential = certificate.manifest_dict["keyCredentials"][0]
    assert base64.b64decode(credential["value"]) == read.public_bytes(Encoding.DER)
    assert certificate.key_pem.stat().st_mode & 0o077 == 0
