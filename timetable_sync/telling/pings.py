"""Pings for a watchdog that calls when no night came: start, success and fail, as healthchecks.io and its kin take them.

https://healthchecks.io/docs/http_api/: the bare address is success, /start and /fail are added, a body is kept for people to read.
"""

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

from timetable_sync import __version__
from timetable_sync.settings.schema import Settings
from timetable_sync.telling.channels import address_of, post

Signal = Literal["start", "success", "fail"]

_ADDED: Final[dict[Signal, str]] = {"start": "/start", "success": "", "fail": "/fail"}
#: Healthchecks keeps so much of a body.
_LONGEST: Final = 10_000


def ping(settings: Settings, signal: Signal, text: str, environ: Mapping[str, str]) -> None:
    """One ping, if [pings] sets one up. Raises NotSent or UsageError."""
    pings = settings.pings
    if pings.address is None and pings.secret_address is None:
        return
    parts = urlsplit(address_of(pings.address, pings.secret_address, "pings", environ))
    address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + _ADDED[signal]))
    headers = {"User-Agent": f"timetable-sync/{__version__}", "Content-Type": "text/plain; charset=utf-8"}
    post(address, text.encode("utf-8", "replace")[:_LONGEST], headers, settings.alerts.timeout.total_seconds(), "the watchdog")
