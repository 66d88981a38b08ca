"""The daemon's metrics by HTTP: they follow the configuration in force."""

import time
from collections.abc import Callable, Mapping

import structlog

from timetable_sync.config.schema import Settings
from timetable_sync.errors import UsageError
from timetable_sync.metrics.endpoint import Endpoint, serve_metrics

log = structlog.stdlib.get_logger(__name__)

#: Seconds until it is tried again to listen.
_AGAIN = 30.0


class MetricsServer:
    """Answers at ``metrics.listen``, if that is set, until it is closed. ``clock`` counts seconds."""

    def __init__(self, environ: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._environ = environ
        self._clock = clock
        self._settings: Settings | None = None
        self._endpoint: Endpoint | None = None
        self._again_at = 0.0
        self._said = ""

    def begin(self, settings: Settings) -> None:
        """By these settings, as soon as it can be: who has the port may be about to go, and no night depends on it."""
        self._settings = settings
        self.tend()

    def follow(self, settings: Settings) -> None:
        """From now on by these settings. Raises UsageError where nobody may listen there; then it answers as before."""
        before = self._settings
        if settings == before:
            return
        # The same port cannot be had twice: the old one is given up first.
        self.close()
        try:
            self._listen(settings)
        except UsageError:
            self._again_at = 0.0
            self.tend()
            raise
        self._settings = settings

    def tend(self) -> None:
        """Listens where it should and does not. Raises nothing."""
        settings = self._settings
        if settings is None or settings.metrics.listen is None or self._endpoint is not None or self._clock() < self._again_at:
            return
        self._again_at = self._clock() + _AGAIN
        try:
            self._listen(settings)
        except (UsageError, RuntimeError) as error:  # no thread can be started
            if str(error) != self._said:
                log.error("no metrics; tried again until there are", problem=str(error))
            self._said = str(error)

    def _listen(self, settings: Settings) -> None:
        self._endpoint = serve_metrics(settings, self._environ)
        self._said = ""
        if self._endpoint is not None:
            log.info("metrics", address=self._endpoint.address)

    def close(self) -> None:
        """Answers no more."""
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None
