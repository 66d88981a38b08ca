"""Why a request came to nothing, and whether anything of it had left. Sends nothing.

By the class of an error that cannot be told: http.client closes a connection that breaks off, urllib3 then takes it for one that never
came as far as to its proxy, and makes a ProxyError of it, though the server behind the proxy may have done what it was asked. So each
connection notes on its errors that they came while it was being made. https://github.com/urllib3/urllib3, connectionpool.py, urlopen
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from urllib3.connection import HTTPConnection

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
