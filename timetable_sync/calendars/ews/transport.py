"""Connections to Exchange: sends one POST and sorts what comes back by what HTTP says.

It never waits, never follows a redirect, and repeats nothing but a refused token.

exchangelib's own way (``post_ratelimited``) is not taken: it prints the bearer token at DEBUG level, takes any failing answer with
"Connection: close" for a busy server, 429 for a malformed answer, and forgets Retry-After. Its session pool deadlocks when
``decrease_poolsize`` comes round to its own lock (exchangelib issue 1373); this one has no size. Nor is ``Session.post`` (see
:func:`prepared`): it reads the address again, merges the session's settings with the request's and looks at the environment each time,
which for a small request takes longer than to send it.
"""

import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from uuid import uuid4

import requests
from exchangelib import BaseProtocol, Configuration, Version
from exchangelib.transport import NOAUTH
from requests.hooks import default_hooks

from timetable_sync import host_clock
from timetable_sync.calendars.contract import SENT_WITHIN
from timetable_sync.calendars.ews.auth import SignIn
from timetable_sync.calendars.ews.http_errors import RequestInfo, is_soap, of_failure, of_status
from timetable_sync.errors import BackendError, CredentialsRefused, ServiceError, TimetableSyncError, TransientError
from timetable_sync.network.adapter import StraightSession, VerifyingAdapter

_log = logging.getLogger(__name__)

#: Seconds; a server that is there takes a connection at once.
_LONGEST_CONNECT = 30.0

#: Seconds; firewalls forget connections that were silent for minutes without telling, and a write on one ends in a time-out, unclear.
_LONGEST_IDLE = 60.0

#: Names each request; Exchange names it again in the answer, as ``return-client-request-id`` asks. A proxy or a connection that is out of
#: step may hand over another request's answer, and an empty listing for another calendar looks like any.
#: https://learn.microsoft.com/exchange/client-developer/exchange-web-services/instrumenting-client-requests-for-ews-and-rest-in-exchange
_OWN = "client-request-id"

#: Further than this from our own clock, an answer's Date is no clock to go by. Clocks that sign in agree to about five minutes.
_SKEW = timedelta(minutes=5)


def prepared(session: requests.Session, url: str, body: bytes, headers: dict[str, str]) -> requests.PreparedRequest:
    """A request with the session's headers, its cookies as they are now, and signed in its way; to be sent once.

    Raises what signing in raises, and RequestException for a ``url`` that is none.
    """
    request = requests.PreparedRequest()
    request.method, request.url = "POST", _address(url)
    request.prepare_headers({**session.headers, **headers})
    request.prepare_cookies(session.cookies)
    request.prepare_body(body, None)
    # Its own: who signs in by several requests hangs himself in there.
    request.hooks = default_hooks()
    request.prepare_auth(session.auth, request.url or "")
    return request


@lru_cache(maxsize=16)
def _address(url: str) -> str | None:
    return requests.Request("POST", url).prepare().url


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of Exchange's: its body, and when it was given by the server's clock (aware, UTC).

    None where it does not say, or where what it says cannot be: much too early or too late, or out of a proxy's store. ``took`` is how long
    we waited for it: so much earlier, at the most, the server began.
    """

    content: bytes
    given: datetime | None
    took: timedelta = timedelta(0)


class ExchangeProtocol(BaseProtocol):
    """The connections of one run to one endpoint.

    Derived from BaseProtocol, not Protocol: the latter's instances are cached by endpoint for the life of the process, and a second
    night would get the first night's. ``requests`` counts what was sent, by operation.
    """

    def __init__(
        self,
        endpoint: str,
        version: Version,
        sign_in: SignIn,
        *,
        timeout: float,
        ca_bundle: Path | None,
        proxy: str | None = None,
        user_agent: str,
    ) -> None:
        config = Configuration(  # type: ignore[no-untyped-call]  # exchangelib has no types
            service_endpoint=endpoint, auth_type=NOAUTH, credentials=None, version=version
        )
        super().__init__(config)  # type: ignore[no-untyped-call]  # exchangelib has no types
        self.version = version
        self._sign_in = sign_in
        self._timeout = timeout
        self._ca_bundle = ca_bundle
        self._proxy = proxy
        self._user_agent = user_agent
        self._lock = Lock()
        self._idle: list[tuple[requests.Session, float]] = []
        self._closed = False
        self._spoke = False
        self._refusals = 0
        self.requests: Counter[str] = Counter()

    def get_auth_type(self) -> str:
        """Never asked of the server: the configuration says it."""
        return str(NOAUTH)

    def create_session(self) -> requests.Session:
        """A session of one connection."""
        session = StraightSession()
        session.headers.update(
            {
                "Content-Type": "text/xml; charset=utf-8",
                "Accept": "text/xml",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": self._user_agent,
                "return-client-request-id": "true",
            }
        )
        session.auth = self._sign_in.auth()
        for scheme in ("https://", "http://"):
            session.mount(scheme, VerifyingAdapter(self._ca_bundle, self._proxy, pool_connections=1, pool_maxsize=1, max_retries=0))
        # What the environment says of proxies and certificates holds for the session: requests would look it up twice for each request,
        # which takes longer than everything else about a small one.
        found = session.merge_environment_settings(str(self.service_endpoint), {}, None, None, None)
        session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
        return session

    def get_session(self) -> requests.Session:
        """An idle session, or a new one: there are never more than there are threads."""
        with self._lock:
            found = self._idle.pop() if self._idle else None
        if found is None:
            return self.create_session()
        session, since = found
        if time.monotonic() - since > _LONGEST_IDLE:
            # Only its connection goes; the next request opens another.
            session.close()
        return session

    def release_session(self, session: requests.Session) -> None:
        """Takes a session back."""
        with self._lock:
            if not self._closed:
                self._idle.append((session, time.monotonic()))
                return
        session.close()

    def decrease_poolsize(self) -> None:
        """Nothing: how many connections there are is for the caller to say, who has a thread for each."""

    def close(self) -> None:
        """Closes what is idle now, and the rest when it comes back."""
        with suppress(AttributeError):  # exchangelib calls it from __del__, also when __init__ did not get far
            with self._lock:
                self._closed = True
                idle, self._idle = self._idle, []
            for session, _ in idle:
                session.close()

    def post(self, operation: str, body: bytes, headers: dict[str, str], *, where: str, writing: bool) -> Response:
        """Send one request; the answer where that is one of Exchange's (HTTP 200, or 500 with a fault), else a BackendError.

        ``where`` names the calendar in messages. ``writing`` says that what is not known to have failed may have been done.
        """
        asked, since = self._asked(where, writing=writing), host_clock.seconds()
        response = self._send(operation, body, headers, asked, since)
        if response.status_code == 401 and self._sign_in.again(response):
            response = self._send(operation, body, headers, asked, since)
        if response.status_code == 401:
            with self._lock:
                self._refusals += 1
            asked = self._asked(where, writing=writing)
        if not is_soap(response):
            raise of_status(response, asked)
        return Response(response.content, _given(response), response.elapsed)

    def speaks(self) -> None:
        """Remember that this endpoint gave an answer of Exchange's."""
        with self._lock:
            self._spoke, self._refusals = True, 0

    def _asked(self, where: str, *, writing: bool) -> RequestInfo:
        return RequestInfo(str(self.service_endpoint), where, writing, self._timeout, self._spoke, self._refusals, self._sign_in.by_token)

    def _send(self, operation: str, body: bytes, headers: dict[str, str], asked: RequestInfo, since: float) -> requests.Response:
        session = self.get_session()
        with self._lock:
            self.requests[operation] += 1
        connecting, own = min(self._timeout, _LONGEST_CONNECT), str(uuid4())
        try:
            with self._sign_in.sending(asked) as answers:
                request = prepared(session, asked.endpoint, body, {**headers, _OWN: own})
                if asked.writing and host_clock.seconds() - since > SENT_WITHIN.total_seconds():
                    raise TransientError(
                        f"{asked.where}: it took too long until the request could be sent (signing in, or a pause): it was not sent"
                    )
                response = session.send(
                    request,
                    allow_redirects=False,
                    timeout=(connecting, self._timeout),
                    proxies=session.proxies,
                    verify=session.verify,
                    stream=False,
                    cert=session.cert,
                )
                answers.append(response)
        except requests.RequestException as error:
            session.close()
            raise of_failure(error, asked) from None
        except TimetableSyncError as error:
            # From the way in: nothing was sent, or it was refused.
            self.release_session(session)
            if isinstance(error, BackendError):
                raise
            raise ServiceError(error.message, error.advice, credentials=isinstance(error, CredentialsRefused)) from None
        # Within, as front end and back end may each have named it: then requests gives "name, name".
        if own not in response.headers.get(_OWN, own).lower():
            # Whatever else comes on this connection may be out of step as well.
            session.close()
            raise asked.doubtful(f"{asked.where}: an answer came that Exchange gave to another request")
        self.release_session(session)
        _log.debug("%s for %s: HTTP %s in %.3f s", operation, asked.where, response.status_code, response.elapsed.total_seconds())
        return response


def _given(response: requests.Response) -> datetime | None:
    """The answer's Date, where it can be believed: a proxy that keeps answers gives old ones, and clocks can be wrong."""
    given = _moment(response.headers.get("Date", ""))
    # Age comes with an answer out of a store: https://www.rfc-editor.org/rfc/rfc9111#name-age
    if given is None or "Age" in response.headers or abs(datetime.now(UTC) - given) > _SKEW:
        return None
    return given


@lru_cache(maxsize=64)
def _moment(date: str) -> datetime | None:
    # Many answers come within one second.
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
