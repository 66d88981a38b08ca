"""A token endpoint of its own: looks at an assertion as Entra ID documents it, and gives tokens that end when told to.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Tokens:
    """Gives tokens to who proves to hold the key of ``certificate``; ``good`` are those that Exchange takes."""

    def __init__(self, certificate: x509.Certificate, client: str) -> None:
        self._certificate = certificate
        self._client = client
        self.good: set[str] = set()
        self.given = 0

    def complaints(self, url: str, body: bytes) -> Iterator[str]:
        """What is wrong with a request for a token."""
        form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
        if form.get("grant_type") != "client_credentials" or form.get("client_id") != self._client or "client_secret" in form:
            yield f"the form's names: {sorted(form)}"
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            yield "the assertion's type"
        if not form.get("scope", "").endswith("/.default"):
            yield "the scope"
        header, claims, signature = form.get("client_assertion", "").split(".")
        key = self._certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(
            _decoded(signature),
            f"{header}.{claims}".encode(),
            padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
            hashes.SHA256(),
        )
        head, said, now = json.loads(_decoded(header)), json.loads(_decoded(claims)), time.time()
        digest = hashlib.sha256(self._certificate.public_bytes(Encoding.DER)).digest()
        if (head.get("alg"), head.get("typ")) != ("PS256", "JWT") or _decoded(head.get("x5t#S256", "")) != digest:
            yield f"the assertion's header: {head}"
        if said.get("aud") != url or not said.get("iss") == said.get("sub") == self._client or not said.get("jti"):
            yield f"the assertion's claims: {said}"
        if not (said["nbf"] <= now + 5 and now < said["exp"] <= said["nbf"] + 660):
            yield "the assertion's times"

    def token(self) -> bytes:
        """A new token, as JSON. A client has to take it as it is: its form is Entra ID's own business."""
        self.given += 1
        said = {"aud": "https://outlook.office365.com", "roles": ["full_access_as_app"], "n": self.given, "exp": int(time.time()) + 3600}
        token = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(said)}.c2lnbmF0dXJl"
        self.good.add(token)
        answer = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}
        return json.dumps(answer).encode()
