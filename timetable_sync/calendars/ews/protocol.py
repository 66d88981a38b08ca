"""Connections to Exchange: one POST, sorted by what HTTP says. Never waits, never follows a redirect, repeats nothing but a refused token.

exchangelib's own way (``post_ratelimited``) is not taken: it prints the bearer token at DEBUG level, takes any failing answer with
"Connection: close" for a busy server, 429 for a malformed answer, and forgets Retry-After. Its session pool deadlocks when
``decrease_poolsize`` comes round to its own lock (exchangelib issue 1373); this one has no size.
"""

import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Lock
from typing import Any

import requests
from exchangelib import BaseProtocol, Configuration, Version
from exchangelib.transport import NOAUTH
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from timetable_sync.calendars.ews.http_verdicts import Asked, is_soap, of_failure, of_status, sent_token
from timetable_sync.calendars.token import TokenSource
from timetable_sync.errors import BackendError, CredentialsRefused, RunFailed, TimetableSyncError

_log = logging.getLogger(__name__)

#: Seconds; a server that is there takes a connection at once.
_LONGEST_CONNECT = 30.0

#: Seconds; firewalls forget connections that were silent for minutes without telling, and a write on one ends in a time-out, unclear.
_LONGEST_IDLE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Exchange's: its body, and when it was given by the server's clock (aware, UTC), None where it does not say."""

    content: bytes
    given: datetime | None


class BearerAuth(AuthBase):
    """Adds the token to a request at the moment it is sent. Holds none itself."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:  # noqa: D102 - the base class's
        request.headers["Authorization"] = f"Bearer {self._tokens.token()}"
        return request


class VerifyingAdapter(HTTPAdapter):
    """Always verifies the server, and by the configured CA bundle where there is one: a session's own setting loses to the environment."""

    def __init__(self, ca_bundle: Path | None, **options: Any) -> None:
        self._ca_bundle = ca_bundle
        super().__init__(**options)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """As the base class, but for ``verify``."""
        trusted = str(self._ca_bundle) if self._ca_bundle else (verify or True)
        return super().send(request, stream=stream, timeout=timeout, verify=trusted, cert=cert, proxies=proxies)


class ExchangeProtocol(BaseProtocol):
    """The connections of one run to one endpoint.

    Derived from BaseProtocol, not Protocol: the latter's instances are cached by endpoint for the life of the process, and a second
    night would get the first night's. ``requests`` counts what was sent, by operation.
    """

    def __init__(
        self,
        endpoint: str,
        version: Version,
        tokens: TokenSource,
        *,
        timeout: float,
        ca_bundle: Path | None,
        user_agent: str,
    ) -> None:
        config = Configuration(  # type: ignore[no-untyped-call]  # exchangelib has no types
            service_endpoint=endpoint, auth_type=NOAUTH, credentials=None, version=version
        )
        super().__init__(config)  # type: ignore[no-untyped-call]  # exchangelib has no types
        self.version = version
        self._tokens = tokens
        self._timeout = timeout
        self._ca_bundle = ca_bundle
        self._user_agent = user_agent
        self._lock = Lock()
        self._idle: list[tuple[requests.Session, float]] = []
        self._closed = False
        self._spoke = False
        self._refusals = 0
        self.requests: Counter[str] = Counter()

    def get_auth_type(self) -> str:
        """Never asked of the server: the token is all."""
        return str(NOAUTH)

    def create_session(self) -> requests.Session:
        """A session of one connection."""
        session = requests.Session()
        session.headers.update(
            {
                "Content-Type": "text/xml; charset=utf-8",
                "Accept": "text/xml",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": self._user_agent,
            }
        )
        session.auth = BearerAuth(self._tokens)
        for scheme in ("https://", "http://"):
            session.mount(scheme, VerifyingAdapter(self._ca_bundle, pool_connections=1, pool_maxsize=1, max_retries=0))
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

    def post(self, operation: str, body: bytes, headers: dict[str, str], *, where: str, writing: bool) -> Answer:
        """Send one request; the answer where that is one of Exchange's (HTTP 200, or 500 with a fault), else a BackendError.

        ``where`` names the calendar in messages. ``writing`` says that what is not known to have failed may have been done.
        """
        asked = self._asked(where, writing=writing)
        response = self._send(operation, body, headers, asked)
        if response.status_code == 401:
            self._tokens.invalidate(sent_token(response))
            response = self._send(operation, body, headers, asked)
        if response.status_code == 401:
            with self._lock:
                self._refusals += 1
            asked = self._asked(where, writing=writing)
        if not is_soap(response):
            raise of_status(response, asked)
        return Answer(response.content, _given(response))

    def speaks(self) -> None:
        """Remember that this endpoint gave an answer of Exchange's."""
        with self._lock:
            self._spoke, self._refusals = True, 0

    def _asked(self, where: str, *, writing: bool) -> Asked:
        return Asked(str(self.service_endpoint), where, writing, self._timeout, self._spoke, self._refusals)

    def _send(self, operation: str, body: bytes, headers: dict[str, str], asked: Asked) -> requests.Response:
        session = self.get_session()
        with self._lock:
            self.requests[operation] += 1
        connecting = min(self._timeout, _LONGEST_CONNECT)
        try:
            response = session.post(asked.endpoint, data=body, headers=headers, allow_redirects=False, timeout=(connecting, self._timeout))
        except requests.RequestException as error:
            session.close()
            raise of_failure(error, asked) from None
        except TimetableSyncError as error:
            # From the token source: nothing was sent.
            self.release_session(session)
            if isinstance(error, BackendError):
                raise
            raise RunFailed(error.message, error.advice, credentials=isinstance(error, CredentialsRefused)) from None
        self.release_session(session)
        _log.debug("%s for %s: HTTP %s in %.3f s", operation, asked.where, response.status_code, response.elapsed.total_seconds())
        return response


def _given(response: requests.Response) -> datetime | None:
    try:
        given = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return given if given.tzinfo else given.replace(tzinfo=UTC)
