"""The one part of Microsoft Graph that is needed here: an application's own keys, read, added, removed. Waits for nothing, repeats nothing.

https://learn.microsoft.com/graph/api/application-addkey and application-removekey. Never PATCH: that would replace the whole list, and lose
what somebody else added meanwhile.
"""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.manifest import ManifestForm, Registered, registered
from timetable_sync.entra.token import TokenProvider
from timetable_sync.entra.token_response import TokenResponse, send
from timetable_sync.errors import CredentialsRefused, TransientError, UsageError
from timetable_sync.redaction import redact


@dataclass(frozen=True, slots=True)
class Registration:
    """An application as the directory has it. ``object_id`` is what proofs of possession must name."""

    object_id: str
    name: str
    keys: tuple[Registered, ...]


class Graph:
    """Asks Graph with the tokens that ``token`` gives, which are made for it. Raises TransientError for what goes away by itself."""

    def __init__(self, entra: Entra, token: TokenProvider, *, session: requests.Session) -> None:
        self._entra = entra
        self._token = token
        self._session = session

    def registration(self) -> Registration:
        """Our own application. Raises CredentialsRefused where we may not read it."""
        answer = self._asked("GET", f"{self._ours()}?$select=id,appId,displayName,keyCredentials")
        object_id, keys = answer.body.get("id"), answer.body.get("keyCredentials")
        if not _is_guid(object_id) or not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise CredentialsRefused(f"{answer.url} answered without an id or keyCredentials, and not as Graph does", "Check entra.graph.")
        name = answer.body.get("displayName")
        return Registration(
            str(object_id), name if isinstance(name, str) else "", tuple(registered(key, ManifestForm.GRAPH) for key in keys)
        )

    def add_key(self, object_id: str, value: str, proof: str) -> None:
        """Register the certificate ``value`` (base64 of its DER form). ``proof`` is a proof of possession of a key that is registered."""
        credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": value}
        body = {"keyCredential": credential, "passwordCredential": None, "proof": proof}
        self._asked("POST", f"applications/{quote(object_id, safe='')}/addKey", body)

    def remove_key(self, object_id: str, key_id: str, proof: str) -> None:
        """Take the key with this id out. Whether another one lives is the caller's to know."""
        self._asked("POST", f"applications/{quote(object_id, safe='')}/removeKey", {"keyId": key_id, "proof": proof})

    def _ours(self) -> str:
        return f"applications(appId='{quote(self._entra.client, safe='')}')"

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> TokenResponse:
        entra = self._entra
        request = requests.Request(
            method, f"{entra.graph.rstrip('/')}/v1.0/{path}", json=body, headers={"Authorization": f"Bearer {self._token.token()}"}
        )
        answer = send(
            self._session,
            request,
            timeout=entra.timeout.total_seconds(),
            ca_bundle=None if entra.ca_bundle is None else str(entra.ca_bundle),
            address="entra.graph",
        )
        if answer.status in (200, 204):
            return answer
        raise _judged(answer)


def graph_token(entra: Entra) -> Entra:
    """``entra`` as it is to ask for a token with which Graph can be asked."""
    return entra.model_copy(update={"scope": entra.graph_scope})


def object_id_given(text: str) -> str:
    """An object id that somebody typed. Raises UsageError for what is no GUID."""
    if not _is_guid(text):
        raise UsageError(f'"{text}" is no object id', "Copy it from App registrations > Overview > Object ID.")
    return text.lower()


def _judged(answer: TokenResponse) -> CredentialsRefused | TransientError:
    error = answer.body.get("error")
    code, said = (str(error.get("code") or ""), str(error.get("message") or "")) if isinstance(error, dict) else ("", "")
    words = redact(" ".join("".join(letter if letter.isprintable() else " " for letter in f"{code}: {said}").split()))[:300]
    if answer.status >= 500 or answer.status == 429:
        return TransientError(
            f"Microsoft Graph cannot answer just now (HTTP {answer.status})", "Try again in some minutes.", scope="service"
        )
    if not error:
        return CredentialsRefused(f"{answer.url} answered HTTP {answer.status}, and not as Graph does", "Check entra.graph.")
    return CredentialsRefused(f"Microsoft Graph refused it (HTTP {answer.status}, {words})", _ADVICE.get(answer.status, _PORTAL))


_PORTAL = "Do it in the portal: App registrations > Certificates & secrets."
_ADVICE = {
    401: "Compare the keys under App registrations > Certificates & secrets, and this machine's clock.",
    403: "Grant Application.ReadWrite.OwnedBy and make the application an owner of itself, or give --object-id; else use the portal.",
    404: "Compare entra.client, entra.tenant and entra.graph with App registrations > Overview.",
}


def _is_guid(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 36 and bool(uuid.UUID(value))
    except ValueError:
        return False
