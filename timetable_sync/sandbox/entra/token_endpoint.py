"""The token endpoints of the sandbox's Entra ID, v1 and v2, in their JSON forms. Knows no Exchange."""

import uuid
from dataclasses import dataclass
from typing import Any

from timetable_sync.sandbox.clock import Clock
from timetable_sync.sandbox.entra.assertions import AssertionChecker, Refusal
from timetable_sync.sandbox.entra.directory import Application, Directory
from timetable_sync.sandbox.entra.tokens import TokenMaker, is_exchange, is_graph

#: How the permissions of Microsoft Graph begin that matter here; all others are Exchange's.
_GRAPH_ROLES = ("Application.", "Directory.")

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Status and JSON of an answer."""

    status: int
    body: dict[str, Any]


class Entra:
    """Answers token requests."""

    def __init__(self, clock: Clock, directory: Directory, tokens: TokenMaker) -> None:
        self._clock = clock
        self._directory = directory
        self._tokens = tokens
        self._assertions = AssertionChecker(clock)
        self.lifetime = 3599

    def token(self, tenant: str, form: dict[str, str], *, url: str, version: int) -> TokenAnswer:
        """The answer to a token request; ``url`` is the address it came to, which the assertion must name."""
        correlation = form.get("client-request-id") or str(uuid.uuid4())
        try:
            return TokenAnswer(200, self._issue(tenant, form, url, version))
        except Refusal as refusal:
            return TokenAnswer(401 if refusal.error == "invalid_client" else 400, self._refusal(refusal, correlation))

    def _refusal(self, refusal: Refusal, correlation: str) -> dict[str, Any]:
        trace = str(uuid.uuid4())
        stamp = self._clock.text("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": refusal.error,
            "error_description": (
                f"AADSTS{refusal.number}: {refusal.sentence} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
            ),
            "error_codes": [refusal.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={refusal.number}",
        }

    def _issue(self, tenant: str, form: dict[str, str], url: str, version: int) -> dict[str, Any]:
        application = self._application(tenant, form)
        resource = _scope_v2(form) if version == 2 else _resource_v1(form)
        if not is_exchange(resource) and not is_graph(resource):
            raise Refusal(
                "invalid_resource",
                500011,
                f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application "
                "has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
            )
        if application.state == "unpermitted" and is_exchange(resource):
            raise Refusal(
                "invalid_resource",
                650057,
                "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the "
                f"client's application registration. Client app ID: {application.client_id}. Resource value from request: {resource}.",
            )
        strength = self._prove(application, form, url)
        token = self._tokens.make(
            audience=resource if version == 1 else resource.rstrip("/"),
            client_id=application.client_id,
            tenant=application.tenant,
            roles=tuple(role for role in application.roles if role.startswith(_GRAPH_ROLES) == is_graph(resource)),
            strength=strength,
            lifetime=self.lifetime,
        )
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": self.lifetime, "ext_expires_in": self.lifetime}
        if version == 1:
            now = int(self._clock.now())
            # The older endpoint writes its numbers as text.
            answer = {name: str(value) for name, value in answer.items()}
            answer |= {"expires_on": str(now + self.lifetime), "not_before": str(now), "resource": resource}
        return {**answer, "access_token": token}

    def _application(self, tenant: str, form: dict[str, str]) -> Application:
        if tenant.lower() not in self._directory.tenants:
            raise Refusal(
                "invalid_request",
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "
                "Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
            )
        elsewhere = next((one.cloud for one in self._directory.applications.values() if one.tenant.lower() == tenant.lower()), "")
        if elsewhere:
            raise Refusal(
                "invalid_request",
                90038,
                f"The specified tenant '{tenant}' belongs to the National Cloud '{elsewhere}'. Current cloud instance does not federate "
                "with it. A cloud redirect error is returned.",
            )
        grant = form.get("grant_type")
        if not grant:
            raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
        if grant != "client_credentials":
            raise Refusal("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")
        client_id = form.get("client_id")
        if not client_id:
            raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.")
        application = self._directory.applications.get(client_id.lower())
        if application is None or application.tenant.lower() != tenant.lower():
            raise Refusal(
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the application "
                "has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent "
                "your authentication request to the wrong tenant.",
            )
        if application.state == "deleted":
            # The documentation hardly tells this number and the one above apart; here it is said of what was there once.
            raise Refusal(
                "unauthorized_client", 700011, f"Application with identifier '{client_id}' was not found in the directory '{tenant}'."
            )
        return application

    def _prove(self, application: Application, form: dict[str, str], url: str) -> str:
        assertion, secret = form.get("client_assertion"), form.get("client_secret")
        if application.state == "public" and (assertion or secret):
            raise Refusal(
                "invalid_client",
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
        if assertion and secret:
            raise Refusal("invalid_request", 90023, "Only one client credential may be given: 'client_assertion' or 'client_secret'.")
        if assertion:
            if form.get("client_assertion_type") != _ASSERTION_TYPE:
                raise Refusal("invalid_request", 900144, f"'client_assertion_type' must be '{_ASSERTION_TYPE}'.")
            self._assertions.check(assertion, application, url)
            return "2"
        if secret:
            end = application.secrets.get(secret)
            if end is None:
                raise Refusal(
                    "invalid_client",
                    7000215,
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
                    f"client secret ID, for a secret added to app '{application.client_id}'.",
                )
            if self._clock.now() > end:
                raise Refusal("invalid_client", 7000222, "The provided client secret keys are expired.")
            return "1"
        raise Refusal(
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )


def _scope_v2(form: dict[str, str]) -> str:
    scope = form.get("scope")
    if not scope:
        raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'scope'.")
    resource, separator, rest = scope.rpartition("/.default")
    if not separator or rest or " " in scope or not resource or "/.default" in resource:
        raise Refusal(
            "invalid_scope",
            70011,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed "
            "to the resource identifier (application ID URI).",
        )
    return resource


def _resource_v1(form: dict[str, str]) -> str:
    resource = form.get("resource")
    if not resource:
        raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'resource'.")
    return resource
