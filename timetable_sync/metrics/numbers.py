"""Which metrics there are, and their values: the last run's and when one last went well. Pure: records in, metric families out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily

from timetable_sync import __version__
from timetable_sync.reports import run_record
from timetable_sync.reports.formatting import KINDS
from timetable_sync.reports.summary import Outcome, RunSummary, Status
from timetable_sync.state.run_records import RunRecord

PREFIX: Final = "timetable_sync_"

#: Always there, also at nought: a rule for something that is missing is hard to write.
_STATUSES: Final = [status.value for status in Status]
_FATES: Final = [fate.value for fate in Outcome]
_DRIFT: Final = ["deleted", "deleted_kept", "duplicate", "edited", "edited_kept", "series", "unreadable"]


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """A run that is over, as its record has it: ``counts`` and ``figures`` as in :mod:`~timetable_sync.reports.run_record`."""

    number: int | None
    started: datetime
    finished: datetime
    exit_code: int
    counts: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


def of_record(run: RunRecord) -> RunNumbers | None:
    """None for a run that has not come to its end."""
    if run.finished is None or run.exit_code is None:
        return None
    return RunNumbers(run.id, run.started, run.finished, run.exit_code, run.counts, run.summary)


def of_summary(summary: RunSummary) -> RunNumbers:
    """The same of a run that could not be recorded."""
    figures = run_record.figures(summary)
    return RunNumbers(summary.run, summary.started, summary.finished, summary.exit_code, run_record.counts(summary), figures)


def families(source: str, last: RunNumbers | None, last_well: datetime | None, *, state_up: bool) -> Iterator[GaugeMetricFamily]:
    """Every metric; of the run's none where there was no run yet. Moments are in seconds since 1970, everything else as its name says."""
    yield _one("info", "Which version this is.", source, 1, version=__version__)
    yield _one("state_up", "Whether the state database could be read.", source, int(state_up))
    if last_well is not None:
        yield _one("last_success_timestamp_seconds", "When the last run that went well began.", source, last_well.timestamp())
    if last is None:
        return
    yield _one("last_run_number", "Number of the last run.", source, last.number or 0)
    yield _one("last_run_start_timestamp_seconds", "When the last run began.", source, last.started.timestamp())
    yield _one("last_run_end_timestamp_seconds", "When the last run ended.", source, last.finished.timestamp())
    yield _one("last_run_duration_seconds", "How long it took.", source, (last.finished - last.started).total_seconds())
    yield _one("last_run_exit_code", "How it went: 0 done, 1 some failed, 5 something held, others as documented.", source, last.exit_code)
    for name, help_ in (("rows", "Rows that the query gave."), ("lessons", "Lessons in them."), ("events", "Events they make.")):
        yield _one(f"last_run_timetable_{name}", help_, source, last.counts.get(name, 0))
    figures = last.figures
    yield _many("last_run_phase_seconds", "Seconds by part of the run.", source, "phase", figures.get("phases", {}))
    yield _changes(source, figures.get("changes", {}))
    yield _many("last_run_calendars", "Calendars by what came of them.", source, "status", figures.get("calendars", {}), _STATUSES)
    yield _many("last_run_drift_events", "Events that people had changed.", source, "kind", figures.get("drift", {}), _DRIFT)
    yield _many("last_run_bad_rows", "Rows set aside, by reason.", source, "reason", figures.get("bad_rows", {}))
    yield _one("last_run_bad_rows_all", "Rows set aside in all.", source, last.counts.get("bad_rows", 0))
    yield _one("last_run_guards_holding", "Guards that held the run or a calendar.", source, figures.get("held", 0))
    yield _one("last_run_retries", "Requests that were put off and tried again.", source, figures.get("retries", 0))
    yield _one("last_run_backoff_seconds", "Seconds waited because of that.", source, figures.get("waited", 0))
    yield _many("last_run_requests", "Requests by operation.", source, "operation", figures.get("requests", {}))
    for name in ("certificate", "token"):
        if ends := figures.get(f"{name}_ends"):
            when = datetime.fromisoformat(str(ends)).timestamp()
            yield _one(f"{name}_expiry_timestamp_seconds", f"When the {name} of the last run ends.", source, when)


def _one(name: str, help_: str, source: str, value: float, **labels: str) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(PREFIX + name, help_, labels=["source", *labels])
    metric.add_metric([source, *labels.values()], value)
    return metric


def _many(
    name: str, help_: str, source: str, label: str, values: Mapping[str, float], always: list[str] | None = None
) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(PREFIX + name, help_, labels=["source", label])
    for one in dict.fromkeys([*(always or ()), *values]):
        metric.add_metric([source, one], float(values.get(one, 0)))
    return metric


def _changes(source: str, values: Mapping[str, Mapping[str, int]]) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(PREFIX + "last_run_events", "Events by action and outcome.", labels=["source", "action", "outcome"])
    for kind in KINDS:
        for fate in _FATES:
            metric.add_metric([source, kind, fate], float(values.get(kind, {}).get(fate, 0)))
    return metric
