"""The daemon's metrics by HTTP: they follow the configuration in force."""

from collections.abc import Mapping

import structlog

from timetable_sync.errors import UsageError
from timetable_sync.metrics.endpoint import Endpoint, serve_metrics
from timetable_sync.settings.schema import Settings

log = structlog.stdlib.get_logger(__name__)


class Numbers:
    """Answers at ``metrics.listen``, if that is set, until it is closed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._settings: Settings | None = None
        self._endpoint: Endpoint | None = None

    def follow(self, settings: Settings) -> None:
        """From now on by these settings. Raises UsageError where nobody may listen there; then it answers as before."""
        before = self._settings
        if settings == before:
            return
        # The same port cannot be had twice: the old one is given up first.
        self.close()
        try:
            self._endpoint = serve_metrics(settings, self._environ)
        except UsageError:
            self._endpoint = None if before is None else serve_metrics(before, self._environ)
            raise
        self._settings = settings
        if self._endpoint is not None:
            log.info("metrics", address=self._endpoint.address)

    def close(self) -> None:
        """Answers no more."""
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None
