"""The configured proxy's address with its password in it, to be handed to the adapter and shown to nobody; the environment's, held back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

from timetable_sync.config.sections.run import Network
from timetable_sync.errors import UsageError


def proxy_address(network: Network, environ: Mapping[str, str] | None = None) -> str | None:
    """As requests takes it; None without a proxy of our own, when the environment's counts.

    Raises UsageError for a password that cannot be read, or that no user goes with.
    """
    if network.proxy is None or network.proxy_password is None:
        return network.proxy
    parts = urlsplit(network.proxy)
    if not parts.username:
        raise UsageError(
            "network.proxy_password is set, and network.proxy names no user", 'Write it as in "http://user@proxy.example.ac.uk:3128".'
        )
    password = network.proxy_password.read_text("network.proxy_password", environ)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{quote(password, safe='')}@{host}"))


@contextmanager
def loopback_spared() -> Iterator[None]:
    """Within it, libraries that go by the environment's proxies reach this very machine without one, as the adapter always does."""
    # The small one counts first wherever both are looked at; a star alone, for all, would have no effect in a list.
    before = os.environ.get("no_proxy")
    known = (before or os.environ.get("NO_PROXY") or "").strip()
    os.environ["no_proxy"] = known if known == "*" else f"{known},localhost,127.0.0.0/8,::1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before
