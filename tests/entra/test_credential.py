"""The assertion, taken apart without the library that made it."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha1, sha256
from typing import Any, Literal

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

from tests.entra.making import CLIENT, NOW, Made
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import Certificate, load_certificate
from timetable_sync.entra.credential import client_assertion

AUDIENCE = "https://login.example/tenant/oauth2/v2.0/token"
PADDINGS: dict[str, Any] = {
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
    "RS256": padding.PKCS1v15(),
}


@pytest.fixture
def certificate(entra: Callable[..., Entra]) -> Certificate:
    return load_certificate(entra(), now=NOW)


def raw(part: str) -> bytes:
    assert "=" not in part, "base64url without padding"
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    head, claims, signature = text.split(".")
    return json.loads(raw(head)), json.loads(raw(claims)), raw(signature)


def made_with(certificate: Certificate, algorithm: Literal["PS256", "RS256"]) -> str:
    return client_assertion(certificate, client=CLIENT, audience=AUDIENCE, algorithm=algorithm, now=NOW)


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_the_public_key_confirms_the_signature(certificate: Certificate, made: Made, algorithm: Literal["PS256", "RS256"]) -> None:
    text = made_with(certificate, algorithm)
    signed, _, signature = text.rpartition(".")
    public = made.key.public_key()
    public.verify(raw(signature), signed.encode(), PADDINGS[algorithm], hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(raw(signature), signed.encode() + b"x", PADDINGS[algorithm], hashes.SHA256())


def test_ps256_names_the_certificate_by_its_sha256_digest_alone(certificate: Certificate, made: Made) -> None:
    head, _, _ = parts(made_with(certificate, "PS256"))
    assert head == {"alg": "PS256", "typ": "JWT", "x5t#S256": head["x5t#S256"]}
    assert raw(head["x5t#S256"]) == sha256(made.x509.public_bytes(Encoding.DER)).digest()


def test_rs256_names_the_certificate_by_its_sha1_digest_alone(certificate: Certificate, made: Made) -> None:
    head, _, _ = parts(made_with(certificate, "RS256"))
    assert head == {"alg": "RS256", "typ": "JWT", "x5t": head["x5t"]}
    assert raw(head["x5t"]) == sha1(made.x509.public_bytes(Encoding.DER), usedforsecurity=False).digest()


def test_the_claims_are_those_that_entra_id_asks_for(certificate: Certificate) -> None:
    _, claims, _ = parts(made_with(certificate, "PS256"))
    begins = int(NOW.timestamp())
    assert claims == {
        "aud": AUDIENCE,
        "iss": CLIENT,
        "sub": CLIENT,
        "jti": claims["jti"],
        "nbf": begins,
        "iat": begins,
        "exp": begins + 600,
    }


def test_every_assertion_has_an_id_of_its_own(certificate: Certificate) -> None:
    ids = {parts(made_with(certificate, "PS256"))[1]["jti"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(name) == 36 for name in ids)
