"""From the state database to metric families, each time they are asked for."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from timetable_sync.config.schema import Settings
from timetable_sync.metrics.numbers import RunNumbers, families, of_record
from timetable_sync.state.run_records import NIGHT
from timetable_sync.state.store import open_state


class FromState(Collector):
    """Reads the last run that is over. ``instead`` is a run that could not be recorded, and counts for the last one."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], *, instead: RunNumbers | None = None) -> None:
        self._settings, self._environ, self._instead = settings, environ, instead

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing beforehand: a registry would otherwise read the database when it is told of us."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric. A database that cannot be read is a metric too, never an error."""
        source = self._settings.timetable.source
        try:
            with open_state(self._settings.state, environ=self._environ, read_only=True) as state:
                well = state.recorded.last_well(source)
                nights = (of_record(run) for run in state.runs(source, 50) if run.kind == NIGHT)
                last = next((numbers for numbers in nights if numbers is not None), None)
        except Exception:  # no descriptor left, say: a scrape tells of it, and of no mistake in a server's log
            yield from families(source, self._instead, None, state_up=False)
            return
        yield from families(source, self._instead or last, None if well is None else well.started, state_up=True)
