"""Many nights in little time: a clock that runs with the real one and leaps where the product waits, and certificates read once."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from timetable_sync.apply.prefetch import Prefetch
from timetable_sync.apply.retry import Retrier
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.rotation import Certificates, load_certificates
from timetable_sync.entra.token import TokenProvider
from timetable_sync.model.last_full_read import CTag

#: After so many seconds of the product's clock the service has done what it does later.
HALF_A_MINUTE = 30.0


class Leaping:
    """Both of the product's clocks, the monotonic one and the one on the wall, with what was waited for added to them.

    ``catch_up`` is called for every half minute of that.
    """

    def __init__(self, catch_up: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._ahead = self._caught_up = 0.0
        self._catch_up = catch_up

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic() + self._ahead

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def sleep(self, seconds: float) -> None:
        """It is later at once."""
        with self._lock:
            self._ahead += seconds
            due = self._ahead - self._caught_up >= HALF_A_MINUTE
            if due:
                self._caught_up = self._ahead
        if due:
            # The service goes on meanwhile with what it was asked.
            self._catch_up()
        # Whoever else wants to go on is let.
        time.sleep(0)


class _Leap(threading.Event):
    """One that is waited for in no time."""

    def __init__(self, clock: Leaping) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it came, ``timeout`` seconds later by the product's clocks."""
        if timeout is None:
            return super().wait()
        self._clock.sleep(timeout)
        return self.is_set()


class _InPeace(Prefetch):
    """Has asked for every stamp before the timetable counts as read.

    How many it manages meanwhile is chance, and a calendar that has to be read anyway is not asked for its stamp later: which
    requests a night has would not be the same each time.
    """

    def __init__(self, *asked: Any, clock: Leaping) -> None:
        super().__init__(*asked)
        self._over = _Leap(clock)

    def settle(self) -> Mapping[str, CTag | None]:
        """As ever, a little later."""
        for thread in self._threads:
            thread.join()
        return super().settle()


@contextmanager
def no_waiting(catch_up: Callable[[], object]) -> Iterator[Leaping]:
    """Within it, nights wait as long as ever by their own clocks, and no time at all by ours. ``catch_up`` as in :class:`Leaping`."""
    clock = Leaping(catch_up)
    patience: Callable[..., Retrier] = partial(Retrier, clock=clock.monotonic, sleep=clock.sleep)
    tokens: Callable[..., TokenProvider] = partial(TokenProvider, clock=clock.now)
    with (
        patch("timetable_sync.night.Retrier", patience),
        patch("timetable_sync.night.Prefetch", partial(_InPeace, clock=clock)),
        patch("timetable_sync.entra.sign_in.TokenProvider", tokens),
        patch("timetable_sync.entra.sign_in.load_certificates", _once),
        # Before the timetable is read anew, and for locks: as long as it takes others to do something.
        patch("timetable_sync.timetable.reader._WAITS", (0.01,)),
        patch("timetable_sync.state.engine.SQLITE_PATIENCE", 200),
        patch("timetable_sync.state.engine.LOCK_PATIENCE", 200),
    ):
        yield clock


#: With the configuration itself, whose number nobody else gets for as long as it is kept.
_READ: dict[int, tuple[Entra, Certificates]] = {}


def _once(entra: Entra, *, environ: Mapping[str, str] | None = None) -> Certificates:
    """A configuration's certificate is read once: OpenSSL looks whether a key is a good one for as long as half a night takes here."""
    if id(entra) not in _READ:
        _READ[id(entra)] = entra, load_certificates(entra, environ=environ)
    return _READ[id(entra)][1]
