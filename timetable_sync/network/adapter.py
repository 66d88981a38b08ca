"""How requests leave this machine, and why one came to nothing: whether anything of it had been sent.

The server is always verified; a configured proxy goes before the environment's. A time-out of requests' concerns each piece of an answer;
one that drips in would hold a run for ever. So the whole has a limit too.

Whether anything had been sent cannot be told by the class of an error: http.client closes a connection that breaks off, urllib3 then takes
it for one that never came as far as to its proxy, and makes a ProxyError of it, though the server behind the proxy may have done what it
was asked. So each connection notes on its errors that they came while it was being made.
https://github.com/urllib3/urllib3, connectionpool.py, urlopen
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool

from timetable_sync.config.validators import is_loopback

_UNSENT = "nothing of the request had been sent"


@lru_cache(maxsize=16)
def noting(kind: type[HTTPConnection]) -> type[HTTPConnection]:
    """``kind`` of connection, noting on an error that it came while the connection was being made: TCP, a proxy's tunnel, TLS."""

    class Noting(kind):  # type: ignore[misc, valid-type]  # which one it is, the proxy's kind says
        def connect(self) -> None:
            try:
                super().connect()
            except Exception as error:
                error.add_note(_UNSENT)
                raise

    return Noting


def was_unsent(error: BaseException) -> bool:
    """Whether ``error`` of a request came before anything of it had left. False where that is not known."""
    return any(_UNSENT in getattr(cause, "__notes__", ()) for cause in causes(error))


def tunnel_refused(error: BaseException) -> int | None:
    """The HTTP status by which a proxy refused a tunnel; None where it did not. http.client has nothing but words for it."""
    said = (re.match(r"Tunnel connection failed: (\d{3})\b", str(cause)) for cause in causes(error) if type(cause) is OSError)
    return next((int(found[1]) for found in said if found), None)


#: What to do where a proxy answers 407.
PROXY_SIGN_IN = "Set network.proxy with its user and network.proxy_password, or go without the proxy."


def causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what lies behind it: requests wraps urllib3's errors, which wrap the socket's.

    Without ``__context__``: that may be an earlier request's error, which was being dealt with when this one came.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        behind = (cause.__cause__, getattr(cause, "reason", None), *cause.args)
        waiting += [one for one in behind if isinstance(one, BaseException)]


#: Bytes, unpacked. A listing of a thousand events has some megabytes, a hundred bodies of what people write a few tens.
LONGEST_ANSWER = 128 * 1024 * 1024

#: Bytes that are taken at a time, where so many have come.
_AT_ONCE = 64 * 1024


class AnswerTooLong(requests.exceptions.ContentDecodingError):
    """An answer that was longer, once unpacked, than any that we ask for can be; it was not read to its end."""


class _Bounded(requests.Response):
    """As requests would read it, but for the bound: a packed answer of kilobytes can be gigabytes.

    Not read before it is asked for: who signs in by NTLM looks at the connection that it hangs on.
    """

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Any:
        """All parts, or AnswerTooLong."""
        length = 0
        for part in super().iter_content(_AT_ONCE, decode_unicode):
            length += len(part)
            if length > LONGEST_ANSWER:
                self.close()
                raise AnswerTooLong(f"the answer has more than {LONGEST_ANSWER:,} bytes")
            yield part


class StraightSession(requests.Session):
    """Knows no redirects.

    With ``allow_redirects=False`` alone requests reads where they lead all the same, and fails over what is no address.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere."""
        return None


#: So many times as long as its pieces may an answer take as a whole.
_PIECES = 5


class VerifyingAdapter(HTTPAdapter):
    """Always verifies the server, and by the configured CA bundle where there is one; goes by the configured proxy where there is one.

    Asks nobody but this very machine for what is on it, whatever proxy is named and by whom: so nothing that is meant to stay here leaves
    in clear. Reads no answer without bound. Its errors say whether anything had been sent: ``failures.was_unsent``.

    Here and not in the session: what the environment says (REQUESTS_CA_BUNDLE, HTTPS_PROXY) wins over a session's own settings.
    """

    def __init__(self, ca_bundle: Path | None = None, proxy: str | None = None, **options: Any) -> None:
        self._ca_bundle = ca_bundle
        self._proxy = proxy
        self._latest: tuple[tuple[object, ...], ConnectionPool] | None = None
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
        """As the base class, but for ``verify`` and ``proxies``, and that reading the answer ends in time: requests.ReadTimeout."""
        trusted = str(self._ca_bundle) if self._ca_bundle else (verify or True)
        url = str(request.url)
        if _is_here(url) or (self._proxy is not None and should_bypass_proxies(url, no_proxy=None)):
            proxies = {}
        elif self._proxy is not None:
            proxies = {"http": self._proxy, "https": self._proxy}
        response = super().send(request, stream=stream, timeout=timeout, verify=trusted, cert=cert, proxies=proxies)
        between = timeout[1] if isinstance(timeout, tuple) else timeout
        if isinstance(between, (int, float)):
            # Set on the very object: who signs in by NTLM looks behind it for the server's certificate.
            response.raw.stream = _in_time(response.raw, time.monotonic() + between * _PIECES)  # type: ignore[method-assign]
        return response

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: bool | str | None, proxies: Mapping[str, str] | None = None, cert: Any = None
    ) -> ConnectionPool:
        """As the base class, but for the notes on errors.

        That one takes the address to pieces each time: most requests go where the one before went.
        """
        asked, latest = (request.url, verify, cert, tuple((proxies or {}).items())), self._latest
        # One that urllib3 has closed has no pool any more, and gives no connection.
        if latest is not None and latest[0] == asked and getattr(latest[1], "pool", None) is not None:
            return latest[1]
        pool = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        if isinstance(pool, HTTPConnectionPool):
            pool.ConnectionCls = noting(type(pool).ConnectionCls)
        self._latest = asked, pool
        return pool

    def close(self) -> None:
        """As the base class; what is sent afterwards gets new connections."""
        self._latest = None
        super().close()

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """As the base class, but for the bound."""
        response = super().build_response(req, resp)
        response.__class__ = _Bounded
        return response


def _in_time(body: Any, end: float) -> Callable[..., Iterator[bytes]]:
    """What requests reads a body by: the pieces as they come, but not for longer than to ``end`` of the monotonic clock."""

    def stream(amt: int = _AT_ONCE, decode_content: bool | None = None) -> Iterator[bytes]:
        while piece := body.read1(max(amt, _AT_ONCE), decode_content=decode_content):
            yield piece
            if time.monotonic() > end:
                body.close()
                raise requests.ReadTimeout("the answer does not come to its end")

    return stream


def session_by(proxy: str | None, ca_bundle: Path | None = None) -> requests.Session:
    """A session whose every request goes by :class:`VerifyingAdapter`."""
    session = StraightSession()
    for scheme in ("https://", "http://"):
        session.mount(scheme, VerifyingAdapter(ca_bundle, proxy))
    return session


@lru_cache(maxsize=64)
def _is_here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
