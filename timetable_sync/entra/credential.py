"""What the application proves itself with: a certificate, or a client secret. Gives the form's fields for either, and shows neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from timetable_sync.entra.assertion import client_assertion
from timetable_sync.entra.certificate import Certificate
from timetable_sync.errors import UsageError
from timetable_sync.settings.sections.entra import Entra

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
