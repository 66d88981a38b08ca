"""Sends requests to Entra ID's token endpoint, of either version, and reads as much of the responses as can be relied on.

It holds and logs no token. No exception that leaves here has a request attached, as that would carry the assertion.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from timetable_sync.config.sections.entra import Entra
from timetable_sync.config.validators import is_loopback
from timetable_sync.errors import CredentialsRefused, TransientError, UsageError
from timetable_sync.network.adapter import PROXY_SIGN_IN, tunnel_refused

_PURPOSES = {"entra.authority": "a token"}
_REACH = "Check this machine's network, name server and proxy."


def token_url(entra: Entra) -> str:
    """The token endpoint, which is the assertion's audience too.

    Raises UsageError for an authority that is not an https address (http is for this machine only, where the sandbox is).
    """
    authority = entra.authority.rstrip("/")
    parts = urlsplit(authority)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageError(f'entra.authority: "{entra.authority}" is not an address', 'Write it as in "https://login.microsoftonline.com".')
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f'entra.authority: "{entra.authority}" is not encrypted: anyone on the way could read the token', "Write https:// there."
        )
    path = "oauth2/v2.0/token" if entra.version == "v2" else "oauth2/token"
    return f"{authority}/{quote(entra.tenant, safe='')}/{path}"


def token_form(entra: Entra, proof: Mapping[str, str]) -> dict[str, str]:
    """The form's fields, those of ``proof`` among them. v2 names a scope, v1 the resource: what stands before ``/.default``."""
    wanted = {"scope": entra.scope} if entra.version == "v2" else {"resource": entra.scope.removesuffix("/.default")}
    return {
        "grant_type": "client_credentials",
        "client_id": entra.client,
        **proof,
        **wanted,
    }


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A status with a JSON object (empty where there was none) and two headers. The body appears in no repr."""

    url: str
    status: int
    body: dict[str, Any] = field(repr=False)
    is_json: bool
    date: datetime | None
    retry_after: str


class NotEntra(CredentialsRefused):
    """The answer is none of Entra ID's: the address is wrong, or something in between answered in its place, maybe for a moment."""


def not_entra(answer: TokenResponse, what: str = "") -> NotEntra:
    """``what`` is what is odd about it."""
    return NotEntra(
        f"{answer.url} answered HTTP {answer.status}{what and f' with {what}'}, and not as Entra ID does",
        "Check entra.authority and entra.tenant, and whether a proxy stands in between.",
    )


def ask(session: requests.Session, url: str, form: dict[str, str], *, timeout: float, ca_bundle: str | None) -> TokenResponse:
    """Posts ``form``; follows no redirect.

    Raises TransientError where nothing came back, CredentialsRefused for a redirect or a TLS certificate that is not trusted.
    """
    return send(session, requests.Request("POST", url, data=form), timeout=timeout, ca_bundle=ca_bundle, address="entra.authority")


def send(session: requests.Session, request: requests.Request, *, timeout: float, ca_bundle: str | None, address: str) -> TokenResponse:
    """The same for any request; ``address`` is the key of the configuration that its address comes from, for messages."""
    url = request.url
    failure: TransientError | CredentialsRefused
    try:
        response = session.request(
            request.method,
            url,
            data=request.data or None,
            json=request.json,
            headers={"Accept": "application/json", **request.headers},
            timeout=timeout,
            allow_redirects=False,
            # With each request: REQUESTS_CA_BUNDLE in the environment would override the session's own.
            verify=True if ca_bundle is None else ca_bundle,
            auth=_as_it_is,
        )
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            failure = CredentialsRefused(
                f"the TLS certificate of {_host(url)} is not trusted", "Name the CA that your network uses in entra.ca_bundle."
            )
        else:  # a connection that broke while it was being made
            failure = TransientError(f"no TLS connection to {_host(url)} comes about", _REACH, scope="service")
    except requests.exceptions.Timeout:
        failure = TransientError(f"{_host(url)} did not answer within {timeout:g} seconds", _REACH, scope="service")
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    ) as error:
        refused = tunnel_refused(error)
        why = "" if refused is None else f": the proxy refuses the way there (HTTP {refused})"
        advice = PROXY_SIGN_IN if refused == 407 else _REACH
        failure = TransientError(f"{_host(url)} cannot be reached for {_PURPOSES.get(address, 'an answer')}{why}", advice, scope="service")
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        failure = CredentialsRefused(
            f"the request for {_PURPOSES.get(address, 'an answer')} to {_host(url)} cannot be sent ({type(error).__name__})",
            f"Check {address} and entra.ca_bundle.",
        )
    else:
        return _answer(url, response, address)
    raise failure


def issued_token(answer: TokenResponse) -> tuple[str, timedelta]:
    """The token and how long it lasts. Raises NotEntra where an answer that says 200 holds neither."""
    token, lasts = answer.body.get("access_token"), answer.body.get("expires_in")
    if not answer.is_json:
        raise not_entra(answer, "no JSON object")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
        raise not_entra(answer, "no access_token")
    kind = answer.body.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise not_entra(answer, "a token that is no bearer token")
    if isinstance(lasts, str) and lasts.isdecimal():  # as the v1 endpoint writes it
        lasts = int(lasts[:12])
    if isinstance(lasts, bool) or not isinstance(lasts, int | float) or not 0 < lasts < 10**8:
        raise not_entra(answer, "no usable expires_in")
    return token, timedelta(seconds=lasts)


def retry_after(answer: TokenResponse, now: datetime) -> float | None:
    """The server's hint in seconds, written as a number or as a date; None without one. At most an hour."""
    hint = answer.retry_after.strip()
    if hint.isdecimal():
        return float(min(int(hint[:9]), 3600))
    moment = _date(hint)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), 3600.0)


def _answer(url: str, response: requests.Response, address: str) -> TokenResponse:
    if 300 <= response.status_code < 400:
        target = _host(response.headers.get("Location", "")) or "elsewhere"
        raise CredentialsRefused(
            f"{_host(url)} sends the request on to {target}, which is not followed",
            f"Check {address}, and whether a proxy asks for a sign-in of its own.",
        )
    try:
        body: object = response.json()
    except ValueError:
        body = None
    return TokenResponse(
        url,
        response.status_code,
        body if isinstance(body, dict) else {},
        isinstance(body, dict),
        _date(response.headers.get("Date", "")),
        response.headers.get("Retry-After", ""),
    )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of what requests finds in ~/.netrc: nothing is added."""
    return request


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
