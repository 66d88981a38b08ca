"""How many requests may be under way at once: more while the service answers, half as many when it has had enough.

Additive increase, multiplicative decrease, as TCP does it (https://www.rfc-editor.org/rfc/rfc5681): up to the first refusal every answer
opens one lane more, from then on as many answers as there are lanes do. What a service allows is written nowhere, differs by tenant,
hour and version, and changes under way. Waits only for a lane; sends nothing.
"""

import threading
from dataclasses import dataclass

import structlog

_log = structlog.stdlib.get_logger(__name__)

#: So many are open at first, or all where there are fewer.
FIRST = 4


@dataclass(frozen=True, slots=True)
class Lane:
    """A request's place; ``epoch`` tells whether it began before the latest decrease."""

    epoch: int


class ConcurrencyLimiter:
    """One for a run, shared by its threads. ``most`` is the cap, at least 1; ``first`` so many are open at first."""

    def __init__(self, most: int, *, first: int = FIRST) -> None:
        self._most = most
        self._open = float(min(first, most))
        self._refused = False
        self._epoch = 0
        self._under_way = 0
        self._changed = threading.Condition()
        self.peak = 0
        """The most that were under way at once."""

    @property
    def open(self) -> int:
        """How many may be under way now."""
        return int(self._open)

    def enter(self, seconds: float) -> Lane | None:
        """A lane, as soon as one is free; None if none was for so many seconds. Who gets one has to leave it."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._under_way < self.open, seconds):
                return None
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
            return Lane(self._epoch)

    def leave(self, lane: Lane, *, answered: bool = False, refused: bool = False) -> None:
        """The request is over. ``answered``: the service did what it was asked; ``refused``: it has had enough. Neither tells nothing."""
        with self._changed:
            full = self._under_way >= self.open
            self._under_way -= 1
            if refused:
                self._fewer(lane)
            elif answered and full:
                self._open = min(self._most, self._open + (1.0 / self._open if self._refused else 1.0))
            self._changed.notify_all()

    def _fewer(self, lane: Lane) -> None:
        self._refused = True
        if lane.epoch != self._epoch:
            # It was sent before the others' refusal told us: one crowd is one refusal.
            return
        self._epoch += 1
        self._open = max(1.0, self._open / 2)
        _log.info("fewer requests at once, as the service has had enough", at_once=self.open)
