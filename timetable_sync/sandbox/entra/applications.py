"""Microsoft Graph's ``applications``, as far as an application's own keys go: read, addKey, removeKey, PATCH, and the proof of a key.

https://learn.microsoft.com/graph/api/application-addkey, application-removekey, application-update and resources/keycredential.

addKey and removeKey ask for a proof of possession (https://learn.microsoft.com/graph/application-rollkey-prooftoken): a JWT signed by one
of the application's valid certificates; aud is the directory's own id, iss the application object's, the lifetime at most ten minutes, and
there is no padding in any part.
"""

import base64
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.entra.directory import Application, Directory
from timetable_sync.sandbox.entra.manifest import ManifestRefused, RegisteredKey, read_key
from timetable_sync.sandbox.entra.tokens import Grant, TokenMaker, TokenRefused, is_graph

_READING = {"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
_WRITING = {"Application.ReadWrite.All", "Directory.ReadWrite.All"}
_OWNED = "Application.ReadWrite.OwnedBy"

_PATH = re.compile(r"^applications(?:/(?P<id>[^/()]+)|\(appId='(?P<app>[^']+)'\))(?:/(?P<action>addKey|removeKey))?$")

_KNOWN = {"@odata.type", "customKeyIdentifier", "displayName", "endDateTime", "key", "keyId", "startDateTime", "type", "usage"}

AUDIENCE = "00000002-0000-0000-c000-000000000000"
LONGEST = 600

#: Clocks may differ by five minutes.
SKEW = 300

_CHECKED_HERE: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_iss": False}


class ProofRefused(Exception):
    """The proof is none; the message says why, for the sandbox's own log: Graph itself does not say."""


def check_proof(proof: object, application: Application, clock: Clock) -> RegisteredKey:
    """The key that signed; raises :class:`ProofRefused`."""
    if not isinstance(proof, str) or proof.count(".") != 2:
        raise ProofRefused("the proof is no JWT")
    if "=" in proof:
        raise ProofRefused("a part of the proof is padded")
    try:
        header = jwt.get_unverified_header(proof)
    except jwt.InvalidTokenError:
        raise ProofRefused("the proof's header cannot be read") from None
    if header.get("alg") != "RS256":
        raise ProofRefused(f"the proof is signed by {header.get('alg')}, not RS256")
    key, claims = _signed(proof, header, application, clock.now())
    _check_claims(claims, application, clock.now())
    return key


def _signed(proof: str, header: dict[str, Any], application: Application, now: float) -> tuple[RegisteredKey, dict[str, Any]]:
    named = header.get("x5t")
    for key in application.keys:
        if named is not None and base64.urlsafe_b64encode(key.sha1).decode().rstrip("=") != named:
            continue
        if not key.not_before <= now <= key.not_after:
            continue
        try:
            return key, jwt.decode(proof, key.public_key(), algorithms=["RS256"], options=_CHECKED_HERE)
        except jwt.InvalidTokenError:
            continue
    raise ProofRefused("no valid certificate of the application signed the proof")


def _check_claims(claims: dict[str, Any], application: Application, now: float) -> None:
    if claims.get("aud") != AUDIENCE:
        raise ProofRefused(f"aud is {claims.get('aud')}")
    if claims.get("iss") != application.object_id:
        raise ProofRefused(f"iss is {claims.get('iss')}, not the application object's id")
    begin, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int):
        raise ProofRefused("nbf or exp is missing")
    if not 0 < end - begin <= LONGEST:
        raise ProofRefused("the proof lives for longer than ten minutes")
    if now > end + SKEW or now < begin - SKEW:
        raise ProofRefused("the proof is not valid now")


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """What came in; ``path`` is what stands behind ``/v1.0/``."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """Status and JSON; None for a body is none at all."""

    status: int
    body: dict[str, Any] | None


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


_BAD = "Request_BadRequest"


class Graph:
    """Answers requests about applications."""

    def __init__(self, clock: Clock, directory: Directory, tokens: TokenMaker) -> None:
        self._clock = clock
        self._directory = directory
        self._tokens = tokens

    def answer(self, request: GraphRequest) -> GraphAnswer:
        """Whatever comes in."""
        try:
            return self._answered(request)
        except _Refused as refused:
            inner = {"date": self._clock.text("%Y-%m-%dT%H:%M:%S"), "request-id": str(uuid.uuid4()), "client-request-id": str(uuid.uuid4())}
            return GraphAnswer(refused.status, {"error": {"code": refused.code, "message": refused.message, "innerError": inner}})

    def _answered(self, request: GraphRequest) -> GraphAnswer:
        grant = self._grant(request.headers)
        found = _PATH.match(request.path)
        if found is None:
            raise _Refused(400, "BadRequest", f"Resource not found for the segment '{request.path.partition('/')[0][:60]}'.")
        application = self._application(found["id"], found["app"], grant)
        work = {
            ("GET", None): self._read,
            ("PATCH", None): self._patch,
            ("POST", "addKey"): self._add_key,
            ("POST", "removeKey"): self._remove_key,
        }.get((request.method, found["action"]))
        if work is None:
            raise _Refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        return work(application, grant, request)

    def _grant(self, headers: Mapping[str, str]) -> Grant:
        kind, _, token = headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise _Refused(401, "InvalidAuthenticationToken", "Access token is empty.")
        try:
            grant = self._tokens.check(token.strip())
        except TokenRefused as refused:
            raise _Refused(401, "InvalidAuthenticationToken", f"Lifetime validation failed, the token is expired. {refused}") from None
        if not is_graph(grant.audience):
            raise _Refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        return grant

    def _application(self, object_id: str | None, client_id: str | None, grant: Grant) -> Application:
        for one in self._directory.applications.values():
            if one.tenant.lower() == grant.tenant.lower() and (
                one.object_id == (object_id or "").lower() or one.client_id.lower() == (client_id or "").lower()
            ):
                return one
        named = object_id or client_id
        raise _Refused(
            404,
            "Request_ResourceNotFound",
            f"Resource '{named}' does not exist or one of its queried reference-property objects are not present.",
        )

    def _read(self, application: Application, grant: Grant, request: GraphRequest) -> GraphAnswer:
        _allow(application, grant, _READING)
        wanted = [name for name in request.query.get("$select", "").split(",") if name]
        everything: dict[str, Any] = {
            "id": application.object_id,
            "appId": application.client_id,
            "displayName": application.manifest.get("displayName") or application.manifest.get("name") or "timetable-sync",
            "passwordCredentials": [],
            # The certificate itself is told only where keyCredentials is selected.
            "keyCredentials": [self._told(application, key, with_key="keyCredentials" in wanted) for key in application.keys],
        }
        if unknown := [name for name in wanted if name not in everything]:
            raise _Refused(400, "BadRequest", f"Could not find a property named '{unknown[0]}' on type 'microsoft.graph.application'.")
        return GraphAnswer(200, {"@odata.context": _context(request), **{name: everything[name] for name in wanted or everything}})

    @staticmethod
    def _told(application: Application, key: RegisteredKey, *, with_key: bool) -> dict[str, Any]:
        entry = next(one for one in application.manifest["keyCredentials"] if str(one["keyId"]).lower() == key.key_id)
        return {
            "customKeyIdentifier": key.sha1.hex().upper(),
            "displayName": entry.get("displayName"),
            "endDateTime": _text(key.not_after),
            "key": base64.b64encode(key.certificate_der).decode() if with_key else None,
            "keyId": key.key_id,
            "startDateTime": _text(key.not_before),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }

    def _add_key(self, application: Application, grant: Grant, request: GraphRequest) -> GraphAnswer:
        body = _body(request, {"keyCredential", "passwordCredential", "proof"})
        self._prove(application, grant, body)
        if body.get("passwordCredential") is not None:
            raise _Refused(400, _BAD, "passwordCredential must be null for a key of type AsymmetricX509Cert.")
        credential = body.get("keyCredential")
        if not isinstance(credential, dict):
            raise _Refused(400, _BAD, "The parameter keyCredential is missing.")
        entry = self._entry(credential)
        if any(key.certificate_der == base64.b64decode(entry["value"]) for key in application.keys):
            raise _Refused(400, _BAD, "A key credential with the same key exists already.")
        self._use(application, [*application.manifest["keyCredentials"], entry])
        added = application.keys[-1]
        told = self._told(application, added, with_key=False)
        return GraphAnswer(200, {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.keyCredential", **told})

    def _remove_key(self, application: Application, grant: Grant, request: GraphRequest) -> GraphAnswer:
        body = _body(request, {"keyId", "proof"})
        self._prove(application, grant, body)
        wanted = str(body.get("keyId", "")).lower()
        stay = [one for one in application.manifest["keyCredentials"] if str(one["keyId"]).lower() != wanted]
        if len(stay) == len(application.keys):
            raise _Refused(400, _BAD, "No credentials found to be removed.")
        self._use(application, stay)
        return GraphAnswer(204, None)

    def _patch(self, application: Application, grant: Grant, request: GraphRequest) -> GraphAnswer:
        """The list that is sent takes the place of the whole list. Who sends a key that is there need not say what is in it."""
        _allow(application, grant, _WRITING)
        listed = _body(request, {"keyCredentials", "displayName"}).get("keyCredentials")
        if not isinstance(listed, list):
            raise _Refused(400, _BAD, "Nothing but keyCredentials can be changed here.")
        there = {str(one["keyId"]).lower(): one for one in application.manifest["keyCredentials"]}
        credentials = []
        for one in listed:
            if not isinstance(one, dict):
                raise _Refused(400, _BAD, "An item of keyCredentials is no object.")
            kept = there.get(str(one.get("keyId", "")).lower())
            credentials.append(kept if kept is not None and one.get("key") is None else self._entry(one))
        self._use(application, credentials)
        return GraphAnswer(204, None)

    def _prove(self, application: Application, grant: Grant, body: dict[str, Any]) -> None:
        # No permission is needed for one's own keys, but the proof always.
        if grant.client_id.lower() != application.client_id.lower():
            _allow(application, grant, _WRITING)
        try:
            check_proof(body.get("proof"), application, self._clock)
        except ProofRefused:
            raise _Refused(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.") from None

    def _entry(self, credential: dict[str, Any]) -> dict[str, Any]:
        """The same in the portal's form, by whose rules it is then judged."""
        if unknown := set(credential) - _KNOWN:
            raise _Refused(400, _BAD, f"The property '{min(unknown)}' does not exist on type 'microsoft.graph.keyCredential'.")
        value = credential.get("key")
        if not isinstance(value, str):
            raise _Refused(400, _BAD, "Key credential key is missing.")
        certificate = _certificate(value)
        if certificate.not_valid_after_utc.timestamp() < self._clock.now():
            raise _Refused(400, _BAD, "Key credential end date is invalid.")
        der = certificate.public_bytes(Encoding.DER)
        digest = _sha1(certificate)
        named = credential.get("customKeyIdentifier")
        if named is not None and named not in (digest.hex().upper(), base64.b64encode(digest).decode()):
            raise _Refused(400, _BAD, "The customKeyIdentifier is not the certificate's thumbprint.")
        return {
            "customKeyIdentifier": base64.b64encode(digest).decode(),
            "displayName": credential.get("displayName") or certificate.subject.rfc4514_string()[:90],
            "endDate": credential.get("endDateTime") or _text(certificate.not_valid_after_utc.timestamp()),
            "keyId": credential.get("keyId") or str(uuid.uuid4()),
            "startDate": credential.get("startDateTime") or _text(certificate.not_valid_before_utc.timestamp()),
            "type": credential.get("type"),
            "usage": credential.get("usage"),
            "value": base64.b64encode(der).decode(),
        }

    @staticmethod
    def _use(application: Application, credentials: list[dict[str, Any]]) -> None:
        try:
            for one in credentials:
                read_key(one)
            application.use_credentials(credentials)
        except ManifestRefused as refused:
            raise _Refused(400, _BAD, f"Invalid value specified for property 'keyCredentials': {refused}") from None


def _allow(application: Application, grant: Grant, roles: set[str]) -> None:
    if roles & set(grant.roles):
        return
    if _OWNED in grant.roles and application.owns_itself and grant.client_id.lower() == application.client_id.lower():
        return
    raise _Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _certificate(value: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(value, validate=True))
    except ValueError:
        raise _Refused(400, _BAD, "Key credential key is invalid.") from None


def _sha1(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA1())  # noqa: S303 - the thumbprint's definition


def _body(request: GraphRequest, known: set[str]) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise _Refused(400, "BadRequest", "A supported MIME type could not be found that matches the content type of the request.")
    try:
        body = json.loads(request.body)
    except ValueError:
        raise _Refused(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(body, dict):
        raise _Refused(400, "BadRequest", "Unable to read JSON request payload.")
    if unknown := set(body) - known:
        raise _Refused(400, "BadRequest", f"The parameter '{min(unknown)}' in the request payload is not a valid parameter.")
    return body


def _context(request: GraphRequest) -> str:
    selected = request.query.get("$select")
    return f"https://graph.microsoft.com/v1.0/$metadata#applications{f'({selected})' if selected else ''}/$entity"


def _text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
