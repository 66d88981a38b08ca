"""What stands in the daemon's way, such as a database that is away: said once, tried again, and told to people where it lasts."""

import time
from collections.abc import Callable, Mapping
from threading import Thread

import structlog

from timetable_sync.config.load import Loaded
from timetable_sync.errors import TimetableSyncError

log = structlog.stdlib.get_logger(__name__)

#: Seconds for which something may stand in the way before people are told.
LASTS = 300.0

Tell = Callable[[TimetableSyncError], None]


class Problems:
    """``tell`` tells people; ``clock`` counts seconds. ``said`` is what stands in the way now, or empty."""

    def __init__(self, tell: Tell, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.said = ""
        self._tell = tell
        self._clock = clock
        self._since: float | None = None
        self._told = False

    def met(self, error: Exception) -> None:
        """It is in the way, still or anew."""
        trouble = error if isinstance(error, TimetableSyncError) else _unforeseen(error)
        if trouble.message != self.said:
            log.warning("something is in the way; tried again until it is not", problem=trouble.message, advice=trouble.advice)
            log.debug("where it happened", exc_info=error)
        self.said = trouble.message
        self._since = self._clock() if self._since is None else self._since
        if not self._told and self._clock() - self._since >= LASTS:
            self._told = True
            minutes = (self._clock() - self._since) / 60
            self._tell(TimetableSyncError(f"no night can be begun, for {minutes:.0f} minutes now: {trouble.message}", trouble.advice))

    def over(self) -> None:
        """Nothing is in the way."""
        if self.said:
            log.info("what was in the way is over", problem=self.said)
        self.said, self._since, self._told = "", None, False


def _unforeseen(error: Exception) -> TimetableSyncError:
    said = (isinstance(error, OSError) and error.strerror) or " ".join(str(error).split())
    return TimetableSyncError(f"{type(error).__name__}: {said or 'no further words'}", "See the lines of the log before this one.")


def telling(loaded: Callable[[], Loaded], environ: Mapping[str, str]) -> Tell:
    """Tells by the alerts and pings of the configuration in force, as of a night that failed; from a thread, as a mail server may hang."""

    def tell(error: TimetableSyncError) -> None:
        settings = loaded().settings

        def send() -> None:
            from timetable_sync.alerts.around_run import Attendant  # noqa: PLC0415 - takes memory, and is seldom needed

            try:
                Attendant(settings, environ, wanted=True).broke_off(error)
            except Exception as failure:  # whatever ails the telling must not end the daemon
                log.error("people could not be told", problem=error.message, reason=type(failure).__name__)

        Thread(target=send, name="telling", daemon=True).start()

    return tell
