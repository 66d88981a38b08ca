"""The metrics by HTTP, on this very machine, for as long as the daemon stands."""

from collections.abc import Mapping
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server

from timetable_sync.config.schema import Settings
from timetable_sync.errors import UsageError
from timetable_sync.metrics.collecting import FromState


class Endpoint:
    """Answers until it is closed. ``address`` is where."""

    def __init__(self, server: Any, thread: Thread) -> None:
        self._server, self._thread = server, thread
        host, port = server.server_address[:2]
        self.address = f"http://{host}:{port}/metrics"

    def close(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def serve_metrics(settings: Settings, environ: Mapping[str, str]) -> Endpoint | None:
    """Begin to answer at ``metrics.listen``; None where that is not set. Raises UsageError where nobody may listen there."""
    if settings.metrics.listen is None:
        return None
    host, _, port = settings.metrics.listen.rpartition(":")
    registry = CollectorRegistry()
    registry.register(FromState(settings, environ))
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise UsageError(
            f"metrics.listen: nothing can listen at {settings.metrics.listen}: {error.strerror or error}", "Name another port."
        ) from None
    return Endpoint(server, thread)
