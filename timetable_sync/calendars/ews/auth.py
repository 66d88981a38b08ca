"""How a request to Exchange says who asks: by a token, or as a service account on premises. Shows no token and no password.

A wrong password that is sent again and again locks the account (Active Directory counts each), and a run has many threads: so the first
request of a service account goes alone, and after a refusal none follows.
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Protocol

import requests
from requests.auth import AuthBase
from requests_ntlm import HttpNtlmAuth
from spnego.exceptions import SpnegoError

from timetable_sync.calendars.contract import TokenSource
from timetable_sync.calendars.ews.http_errors import RequestInfo, account_refused, sent_token
from timetable_sync.errors import ServiceError


class SignIn(Protocol):
    """One way in, for all connections of a run. Safe to use from several threads."""

    #: Whether an application's token is what is shown; else it is a service account of the server's own.
    by_token: bool

    def auth(self) -> AuthBase:
        """For one session."""
        ...

    def again(self, response: requests.Response) -> bool:
        """Whether a request that was answered 401 may be sent once more: with another token."""
        ...

    def sending(self, asked: RequestInfo) -> AbstractContextManager[list[requests.Response]]:
        """To be held while a request is under way; its answer goes into the list. Raises ServiceError once the account was refused."""
        ...


class BearerAuth(AuthBase):
    """Adds the token to a request at the moment it is sent. Holds none itself."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:  # noqa: D102 - the base class's
        request.headers["Authorization"] = f"Bearer {self._tokens.token()}"
        return request


class ByToken:
    """With a token of Entra ID's."""

    by_token = True

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def auth(self) -> AuthBase:
        """See the protocol."""
        return BearerAuth(self._tokens)

    def again(self, response: requests.Response) -> bool:
        """See the protocol."""
        self._tokens.invalidate(sent_token(response))
        return True

    @contextmanager
    def sending(self, asked: RequestInfo) -> Iterator[list[requests.Response]]:
        """See the protocol: nobody waits."""
        del asked
        yield []


class BasicAuth(AuthBase):
    """User and password in UTF-8, as RFC 7617 has it; requests' own would write Latin-1."""

    def __init__(self, user: str, password: str) -> None:
        self._value = "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:  # noqa: D102 - the base class's
        request.headers["Authorization"] = self._value
        return request


class AsAccount:
    """As a service account, by Basic or NTLM."""

    by_token = False

    def __init__(self, kind: str, user: str, password: str) -> None:
        self._kind = kind
        self._user = user
        self._password = password
        self._first = Lock()
        self._proven = False
        self._refused: ServiceError | None = None

    def auth(self) -> AuthBase:
        """See the protocol. NTLM belongs to a connection, so each session has one of its own."""
        if self._kind == "basic":
            return BasicAuth(self._user, self._password)
        return HttpNtlmAuth(self._user, self._password)

    def again(self, response: requests.Response) -> bool:
        """See the protocol: never."""
        del response
        return False

    @contextmanager
    def sending(self, asked: RequestInfo) -> Iterator[list[requests.Response]]:
        """See the protocol: one at a time until the account is known to be good."""
        answers: list[requests.Response] = []
        with nullcontext() if self._proven else self._first:
            if self._refused is not None:
                raise ServiceError(self._refused.message, self._refused.advice, credentials=True)
            try:
                yield answers
            except SpnegoError:
                raise ServiceError(
                    f"{asked.host}: the NTLM sign-in came to nothing: the server's part of it cannot be read", "Check ews.endpoint."
                ) from None
            for response in answers:
                if response.status_code == requests.codes.unauthorized:
                    self._refused = account_refused(response, asked, self._kind, self._user)
                    raise self._refused
                self._proven = True
