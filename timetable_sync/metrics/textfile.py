"""The metrics as a file for the node exporter's textfile collector, replaced in one step, so that half a file is never read."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, write_to_textfile

from timetable_sync.metrics.collecting import FromState
from timetable_sync.metrics.numbers import of_summary
from timetable_sync.reporting.summary import RunSummary
from timetable_sync.settings.schema import Settings


def write_metrics(settings: Settings, summary: RunSummary, environ: Mapping[str, str]) -> None:
    """Write ``metrics.textfile``, if there is one, after this run. Raises OSError."""
    path = settings.metrics.textfile
    if path is None:
        return
    registry = CollectorRegistry()
    registry.register(FromState(settings, environ, instead=of_summary(summary) if summary.run is None else None))
    write_to_textfile(str(path), registry)
