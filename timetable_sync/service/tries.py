"""How often this daemon began the night of one start, and when it may begin it again."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from timetable_sync.state.scheduled import Attempt

#: A night that hangs or crashes is begun again; so often in all, then its start is given up.
TRIES = 3
#: A night that said why it could not work, as a password that cannot be read, may be begun again for ever: ever more seldom, but so often.
SELDOM = 900.0


class Tries:
    """One start's, ``due`` (aware); another start has its own. ``clock`` counts seconds."""

    def __init__(self, due: datetime | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.due = due
        #: What the last one said that could not work: people were told of it.
        self.said = ""
        #: Not to be begun again before this, by ``clock``.
        self.not_before = 0.0
        self._clock = clock
        self._crashed = self._failed = 0
        self._said_why: set[int] = set()

    def crashed(self, pause: float) -> None:
        """It ended without a word, or hung: not again for so many seconds."""
        self._crashed += 1
        self.not_before = self._clock() + pause

    def ended(self, run: int | None, said: str, pause: float) -> None:
        """It ended and said how; where its start has not had its night by that, not again for so many seconds, then twice as many."""
        if run is not None:
            self._said_why.add(run)
        self.said = said
        self.not_before = self._clock() + min(SELDOM, pause * 2 ** min(self._failed, 16))
        self._failed += 1

    def enough(self, unfinished: Sequence[Attempt]) -> bool:
        """Whether its start is to be given up; ``unfinished`` are the nights for it that never ended, here or on other hosts."""
        return max(self._crashed, sum(attempt.run not in self._said_why for attempt in unfinished)) >= TRIES
