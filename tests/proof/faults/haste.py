"""Many nights in little time: a clock that runs with the real one and leaps where the product waits, and certificates read once."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch

from timetable_sync.applying.patience import Patience
from timetable_sync.entra.rollover import Certificates, load_certificates
from timetable_sync.entra.token import TokenProvider
from timetable_sync.settings.sections.entra import Entra


class Leaping:
    """Both of the product's clocks, the monotonic one and the one on the wall, with what was waited for added to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = 0.0

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
        # Whoever else wants to go on is let.
        time.sleep(0)


@contextmanager
def no_waiting() -> Iterator[Leaping]:
    """Within it, nights wait as long as ever by their own clocks, and no time at all by ours."""
    clock = Leaping()
    patience: Callable[..., Patience] = partial(Patience, clock=clock.monotonic, sleep=clock.sleep)
    tokens: Callable[..., TokenProvider] = partial(TokenProvider, clock=clock.now)
    with (
        patch("timetable_sync.night.Patience", patience),
        patch("timetable_sync.entra.sign_in.TokenProvider", tokens),
        patch("timetable_sync.entra.sign_in.load_certificates", _once),
        # Before the timetable is read anew, and for locks: as long as it takes others to do something.
        patch("timetable_sync.timetable.reading._WAITS", (0.01,)),
        patch("timetable_sync.state.connection.SQLITE_PATIENCE", 200),
        patch("timetable_sync.state.connection.LOCK_PATIENCE", 200),
    ):
        yield clock


_READ: dict[int, Certificates] = {}


def _once(entra: Entra, *, environ: Mapping[str, str] | None = None) -> Certificates:
    """A configuration's certificate is read once: OpenSSL looks whether a key is a good one for as long as half a night takes here."""
    if id(entra) not in _READ:
        _READ[id(entra)] = load_certificates(entra, environ=environ)
    return _READ[id(entra)]
