"""What the application proves its identity with: a certificate, by a short-lived signed statement, or a client secret.

It gives the form's fields for either, and shows neither; and Graph's proof of possession, which is signed alike.
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import jwt

from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.certificate import Certificate
from timetable_sync.errors import UsageError

#: The same page: 5 to 10 minutes at most.
LASTS = timedelta(minutes=10)


def client_assertion(certificate: Certificate, *, client: str, audience: str, algorithm: Literal["PS256", "RS256"], now: datetime) -> str:
    """A signed assertion, good from ``now`` (aware) for ten minutes, each with an id of its own.

    ``audience`` is the token endpoint's URL, ``client`` the application's id. PS256 names the certificate by ``x5t#S256``, RS256 by
    ``x5t``: never mixed. Both are the base64url of the raw digest, without padding.
    """
    issued = int(now.timestamp())
    claims = {
        "aud": audience,
        "iss": client,
        "sub": client,
        "jti": str(uuid.uuid4()),
        "nbf": issued,
        "iat": issued,
        "exp": issued + int(LASTS.total_seconds()),
    }
    name = {"x5t#S256": _text(certificate.sha256)} if algorithm == "PS256" else {"x5t": _text(certificate.sha1)}
    return jwt.encode(claims, certificate.key, algorithm=algorithm, headers=name)


#: Whom a proof is meant for: the directory's own API, by its id. https://learn.microsoft.com/graph/application-rollkey-prooftoken
_DIRECTORY = "00000002-0000-0000-c000-000000000000"


def proof_of_possession(certificate: Certificate, *, object_id: str, now: datetime) -> str:
    """A signed statement that we hold a key of the application, as Graph's addKey and removeKey ask for, good for ten minutes.

    ``object_id`` is the application object's own id, neither the client id nor that of its service principal. Always RS256 with the
    SHA-1 thumbprint as ``kid`` and ``x5t``: the form that the documentation's example makes.
    """
    issued = int(now.timestamp())
    claims = {"aud": _DIRECTORY, "iss": object_id, "nbf": issued, "exp": issued + int(LASTS.total_seconds())}
    return jwt.encode(claims, certificate.key, algorithm="RS256", headers={"kid": certificate.thumbprint, "x5t": _text(certificate.sha1)})


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret, which appears in no repr."""

    value: str = field(repr=False)


Credential = Certificate | ClientSecret


def read_secret(entra: Entra, *, environ: Mapping[str, str] | None = None) -> ClientSecret:
    """The configured client secret. Raises UsageError, without the secret in it."""
    if entra.secret is None:
        raise UsageError("entra.secret is not set", "Name where the client secret lies, or set entra.certificate.")
    value = entra.secret.read_text("entra.secret", environ)
    if not value:
        raise UsageError(f"entra.secret: {entra.secret} is empty", "Put the client secret's value there.")
    return ClientSecret(value)


def proof(entra: Entra, credential: Credential, url: str, now: datetime) -> dict[str, str]:
    """The form's fields that prove who asks at ``url``, at ``now`` (aware). Raises CredentialsRefused outside a certificate's own dates."""
    if isinstance(credential, ClientSecret):
        return {"client_secret": credential.value}
    credential.refuse_unless_valid(now)
    assertion = client_assertion(credential, client=entra.client, audience=url, algorithm=entra.algorithm, now=now)
    return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
