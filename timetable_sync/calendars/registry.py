"""Which kinds of calendar service there are. A new one is a folder beside this file and a line below."""

from collections.abc import Callable, Mapping
from typing import Protocol

from timetable_sync.calendars.contract import Backend, TokenSource
from timetable_sync.config.schema import Settings


class CountingBackend(Backend, Protocol):
    """A backend that says how many requests it made, by operation."""

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests sent so far, by the service's own name of the operation."""
        ...


def _ews(settings: Settings, token: TokenSource | None) -> CountingBackend:
    # Imported only when it is asked for: exchangelib takes a second, and `--help` should not.
    from timetable_sync.calendars.ews.backend import open_ews  # noqa: PLC0415
    from timetable_sync.calendars.ews.windows_zones import require_zone  # noqa: PLC0415

    require_zone(settings.timetable.time_zone)
    return open_ews(settings.ews, token, network=settings.network)


_KINDS: dict[str, Callable[[Settings, TokenSource | None], CountingBackend]] = {"ews": _ews}


def open_backend(settings: Settings, token: TokenSource | None) -> CountingBackend:
    """The backend that ``calendars.backend`` names, open for one run. Nothing is sent yet.

    ``token`` is None where a service account signs in. Raises UsageError for settings it cannot use.
    """
    return _KINDS[settings.calendars.backend](settings, token)
