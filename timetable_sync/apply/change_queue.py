"""Cuts a calendar's changes into requests: one kind each, soonest first, and no more than the service answers in good time.

Exchange gives a batch one minute, and what an event takes differs by mailbox, hour and load. Whatever is left when the minute is over has
to be looked for before it is sent again, which costs more than the requests that smaller batches need. So a calendar's batches are halved
where the service takes long over them, and grow again where it is quick.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from timetable_sync.model.change import Change, Create, Delete, Update

_log = structlog.stdlib.get_logger(__name__)

#: Seconds. Half of the minute: the next batch may be twice as slow.
SLOW = 30.0

#: Seconds. So far below the other that what has grown is not slow at once.
QUICK = 10.0


class BatchSizes:
    """One for a run. ``most`` is as many as were configured. Told by several threads, of one calendar by one at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[str, int] = {}
        self._latest = most

    def of(self, address: str) -> int:
        """How many changes that calendar's next request may carry. One of which nothing is known begins as the latest answer left it."""
        return self._sizes.get(address, self._latest)

    def came(self, address: str, count: int, seconds: float, *, done: bool) -> None:
        """A request of ``count`` changes was answered, or given up, after so many seconds; ``done`` says whether it did any of them."""
        size = self.of(address)
        if seconds > SLOW:
            self._set(address, max(1, min(size, count) // 2))
            _log.info("fewer events in a request, as an answer took long", calendar=address, took=round(seconds), events=self.of(address))
        elif done and seconds < QUICK and count >= size:
            self._set(address, min(self._most, size + max(1, size // 4)))

    def _set(self, address: str, size: int) -> None:
        self._sizes[address] = self._latest = size


class ChangeQueue:
    """The changes of one calendar that wait for their request.

    A kind's changes fill their requests, so that few are made: at most one a kind is not full. Each begins with what matters soonest of
    all that waits, and holds its changes by the moment they matter.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        # The latest of each kind first, so that the soonest are at the end, where they are taken off.
        self._kinds = [
            sorted((change for change in changes if type(change) is kind), key=lambda change: (change.when, change.key), reverse=True)
            for kind in (Update, Create, Delete)
        ]

    def __bool__(self) -> bool:
        return any(self._kinds)

    @property
    def when(self) -> datetime:
        """When the next of them matters. Raises ValueError when there is none."""
        return self._next()[-1].when

    def take(self, size: int) -> tuple[Change, ...]:
        """The next request's changes: at most ``size``, of one kind. Raises ValueError when there are none."""
        kind = self._next()
        taken = tuple(kind[: -size - 1 : -1])
        del kind[-size:]
        return taken

    def _next(self) -> list[Change]:
        return min((kind for kind in self._kinds if kind), key=lambda kind: kind[-1].when)
