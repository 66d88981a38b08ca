"""What HTTP itself says, sorted: statuses, and connections that fail. Sends nothing; shows no token and no redirect's secrets."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError

from timetable_sync.errors import BackendError, CalendarError, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.network.adapter import PROXY_SIGN_IN, AnswerTooLong, causes, tunnel_refused, was_unsent

_BLOCKED = (
    "EWS may be switched off for this app: in Exchange Online, Set-OrganizationConfig must have EwsEnabled true and the app's id in "
    "EwsAllowedAppIDs (off by default since 1 Oct 2026, gone for good on 1 Apr 2027). Else the app lacks the permission full_access_as_app."
)
_BLOCKED_ON_PREMISES = "Look at the EWS virtual directory's rights, and whether EWS is blocked for applications: Get-OrganizationConfig."
_ENDPOINT = "Check ews.endpoint."
_ADDRESS = "Compare calendars.address with the mailboxes that exist."
_ACCESS = "See if other calendars fail alike; with RBAC for Applications, check that its scope includes this mailbox."

#: So many tokens refused one after another, though Exchange had taken some before, are no matter of single mailboxes any more.
_REFUSALS = 3

#: Of a Retry-After: as a number, more of them are endless.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What was asked: of which endpoint, ``where`` (the calendar), ``writing``, with which time-out in seconds.

    ``spoke`` says that the endpoint has given an answer of Exchange's before: then a strange answer is a disturbance, no wrong address.
    ``refusals`` counts the tokens refused since it last did.
    ``by_token`` that an application asks, and not a service account on premises.
    """

    endpoint: str
    where: str
    writing: bool
    timeout: float
    spoke: bool
    refusals: int = 0
    by_token: bool = True

    @property
    def host(self) -> str:
        """The server's name."""
        return urlsplit(self.endpoint).hostname or self.endpoint

    def doubtful(self, sentence: str, wait: float | None = None, *, busy: bool = False) -> BackendError:
        """The error for a request that was sent and not answered by Exchange itself: a write may have been carried out, or may be yet.

        Where something else answers, a front end, a balancer or a proxy, it need not know whether Exchange is still at work.
        """
        if not self.writing:
            return TransientError(sentence, wait=wait, busy=busy)
        return OutcomeUnknown(sentence, wait=wait, busy=busy, unanswered=True)


def of_failure(error: requests.RequestException, asked: RequestInfo) -> BackendError:
    """What a connection that failed amounts to."""
    behind = list(causes(error))
    certificate = next((cause for cause in behind if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return ServiceError(
            f"{asked.host}: the server's certificate is not trusted: {certificate.verify_message}",
            "Check ews.endpoint; if a proxy or an own authority signs there, name its certificates in ews.ca_bundle.",
        )
    if was_unsent(error):
        # So nothing was done.
        refused = tunnel_refused(error)
        why = _plain(behind) if refused is None else f"the proxy refuses the way there (HTTP {refused})"
        advice = PROXY_SIGN_IN if refused == 407 else "Check the network, the proxy and ews.endpoint."
        return TransientError(f"{asked.host} cannot be reached: {why}", advice, scope="service")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidProxyURL)):
        return ServiceError(f"{asked.endpoint} cannot be asked: the address, or the proxy's, is not valid", _ENDPOINT)
    if isinstance(error, AnswerTooLong):
        return asked.doubtful(f"{asked.where}: Exchange's answer is longer than any that was asked for; it was not read to its end")
    if isinstance(error, requests.Timeout):
        return asked.doubtful(f"{asked.where}: Exchange did not answer within {asked.timeout:g} seconds")
    return asked.doubtful(f"{asked.where}: the connection to Exchange broke off")


def of_status(response: requests.Response, asked: RequestInfo) -> BackendError:
    """What an answer amounts to that is not SOAP."""
    status = response.status_code
    wait = retry_after(response.headers.get("Retry-After"))
    cas = response.headers.get("X-CasErrorCode", "")
    said = f"HTTP {status}" + (f", {cas[:100]}" if cas else "")
    if status == 429:
        return TransientError(f"{asked.where}: Exchange asks for fewer requests ({said})", wait=wait, scope="service", busy=True)
    if status >= 500 or status == 408 or _is_error_page(response) or _is_disturbance(response, asked):
        # Whoever says so, Exchange's front end, a balancer or a proxy: it need not know whether what stands behind it is still at work.
        return asked.doubtful(f"{asked.where}: Exchange failed to answer ({said})", wait, busy=status == 503)
    if status == 413:
        return CalendarError(
            f"{asked.where}: the request is too large for the server ({said})", "Set ews.batch lower, or shorten event.body."
        )
    if _is_lost(response, asked):
        return CalendarError(
            f"{asked.where}: Exchange does not find its way to this mailbox ({said})",
            "Compare calendars.address with the mailboxes that exist.",
        )
    if status == 401 and asked.by_token and asked.spoke and asked.refusals < _REFUSALS:
        return CalendarError(f"{asked.where}: Exchange refuses the token for this mailbox ({_reason(response)})", _ACCESS)
    return _lasting(response, asked, said) or CalendarError(
        f"{asked.where}: Exchange gave an answer that is not understood ({said})", "See if other calendars fail alike."
    )


def _is_disturbance(response: requests.Response, asked: RequestInfo) -> bool:
    """An answer that says nothing, or that something between us and an Exchange that has answered before says in its place."""
    empty = response.status_code == 200 and not response.content.strip()
    return empty or (asked.spoke and (response.status_code == 200 or 300 <= response.status_code < 400))


def _is_lost(response: requests.Response, asked: RequestInfo) -> bool:
    """A 404 about one mailbox: Exchange's front end names a reason, or the endpoint is known to be right."""
    return response.status_code == 404 and (asked.spoke or "X-CasErrorCode" in response.headers)


def _lasting(response: requests.Response, asked: RequestInfo, said: str) -> ServiceError | None:  # noqa: PLR0911 - one return a status
    """The error of an answer that every calendar would get."""
    status = response.status_code
    if status == 401:
        return ServiceError(
            f"{asked.host} refuses the token, and a new one too ({_reason(response)})",
            _too_weak(response) or "See what Entra ID says: timetable-sync token. Compare entra.scope with ews.endpoint.",
            credentials=True,
        )
    if status == 403:
        whom = "the app" if asked.by_token else "the service account"
        return ServiceError(f"{asked.host} forbids {whom} to use EWS ({said})", _BLOCKED if asked.by_token else _BLOCKED_ON_PREMISES)
    if status == 407:
        return ServiceError(f"the proxy asks for a sign-in ({said})", PROXY_SIGN_IN)
    if 300 <= status < 400:
        return ServiceError(f"{asked.host} points elsewhere, to {_target(response)}; the token is not sent after it ({said})", _ENDPOINT)
    if status == 200:
        kind = response.headers.get("Content-Type", "something unnamed").split(";")[0][:60]
        return ServiceError(f"{asked.endpoint} is not Exchange Web Services: it answers with {kind}", _ENDPOINT)
    if status in (404, 405, 410) and not asked.spoke:
        return ServiceError(f"there is no Exchange Web Services at {asked.endpoint} ({said})", _ENDPOINT)
    return None


def account_refused(response: requests.Response, asked: RequestInfo, kind: str, user: str) -> ServiceError:
    """What a 401 to a service account means. ``kind`` is ``basic`` or ``ntlm``."""
    offered = [scheme for scheme in ("NTLM", "Negotiate", "Basic", "Bearer") if _offers(response, scheme)]
    wanted = ("NTLM", "Negotiate") if kind == "ntlm" else ("Basic",)
    if not set(offered) & set(wanted):
        other = ' Set ews.sign_in to "ntlm".' if "NTLM" in offered else ' Set ews.sign_in to "basic".' if "Basic" in offered else ""
        return ServiceError(
            f"{asked.host} does not take {wanted[0]} for EWS; it offers {', '.join(offered) or 'nothing'} (HTTP 401)",
            f"Turn it on: Set-WebServicesVirtualDirectory -{'Windows' if kind == 'ntlm' else 'Basic'}Authentication $true.{other}",
            credentials=True,
        )
    return ServiceError(
        f"{asked.host} refuses the service account {user} (HTTP 401); it was asked once, so as not to lock the account",
        "Check ews.user (DOMAIN\\user, or user@domain) and ews.password, and whether the account is locked or its password expired.",
        credentials=True,
    )


def is_soap(response: requests.Response) -> bool:
    """Whether the answer looks like one of Exchange's, be it a fault: those come with HTTP 500."""
    start = response.content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    return response.status_code in (200, 500) and start.startswith(b"<") and b"Envelope" in start


def sent_token(response: requests.Response) -> str:
    """The token that the request carried."""
    return str(response.request.headers.get("Authorization", "")).removeprefix("Bearer ")


def retry_after(value: str | None) -> float | None:
    """A Retry-After header in seconds from now; None where there is none, or none that can be read. RFC 9110, 10.2.3."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:_DIGITS])
    with suppress(ValueError, TypeError, OverflowError):
        when = parsedate_to_datetime(value)
        return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    return None


def _reason(response: requests.Response) -> str:
    """What Exchange writes into a header about a refused token: ``2000003;reason="...";error_category="..."``."""
    diagnostics = response.headers.get("x-ms-diagnostics", "")
    reason = diagnostics.partition('reason="')[2].partition('"')[0][:200]
    return f"HTTP 401: {reason}" if reason and sent_token(response) not in reason else "HTTP 401"


def _too_weak(response: requests.Response) -> str:
    """The advice where a token was made with a client secret, which Exchange Online's EWS does not take; else nothing."""
    if "too weak" not in response.headers.get("x-ms-diagnostics", ""):
        return ""
    return "Exchange Online's EWS takes no token that was got with a client secret: set entra.certificate instead of entra.secret."


def _offers(response: requests.Response, scheme: str) -> bool:
    return any(part.strip().lower().startswith(scheme.lower()) for part in response.headers.get("WWW-Authenticate", "").split(","))


def _target(response: requests.Response) -> str:
    """Where a redirect points: host and path, nothing that may be secret."""
    try:
        target = urlsplit(urljoin(response.url, response.headers.get("Location", "")))
        return f"{target.scheme}://{target.hostname or ''}{target.path}"[:200]
    except ValueError:
        return "an address that is none"


def _is_error_page(response: requests.Response) -> bool:
    # Exchange redirects there when it stumbles; exchangelib knows it as a passing outage (protocol.py, raise_response_errors).
    return 300 <= response.status_code < 400 and "/ews/genericerrorpage.htm" in response.headers.get("Location", "").lower()


def _plain(behind: list[BaseException]) -> str:
    """What the operating system says, without the wrapping."""
    system = next((cause for cause in reversed(behind) if isinstance(cause, OSError) and cause.strerror), None)
    if system is not None:
        return str(system.strerror)
    slow = any(isinstance(cause, (ConnectTimeoutError, TimeoutError)) for cause in behind)
    return "it did not take the connection in time" if slow else "no connection"
