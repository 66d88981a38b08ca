"""A POST put together from what all of a session have in common. Sends nothing.

``Session.post`` reads the address anew, merges the session's settings with the request's and looks at the environment each time, which
for a small request takes longer than to send it.
"""

from functools import lru_cache

import requests
from requests.hooks import default_hooks


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
