"""The metrics as a file for the node exporter's textfile collector, replaced in one step, so that half a file is never read."""

from collections.abc import Mapping

from timetable_sync.config.schema import Settings
from timetable_sync.reports.summary import RunSummary


def write_metrics(settings: Settings, summary: RunSummary, environ: Mapping[str, str]) -> None:
    """Write ``metrics.textfile``, if there is one, after this run. Raises OSError."""
    path = settings.metrics.textfile
    if path is None:
        return
    from prometheus_client import CollectorRegistry, write_to_textfile  # noqa: PLC0415 - every run comes by, most write none

    from timetable_sync.metrics.collecting import FromState  # noqa: PLC0415 - as above
    from timetable_sync.metrics.numbers import of_summary  # noqa: PLC0415 - as above

    registry = CollectorRegistry()
    registry.register(FromState(settings, environ, instead=of_summary(summary) if summary.run is None else None))
    write_to_textfile(str(path), registry)
