"""How a calendar's changes are cut into requests: one kind each, soonest first. Sends nothing."""

from collections.abc import Sequence
from datetime import datetime

from timetable_sync.model.change import Change, Create, Delete, Update


class Waiting:
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
