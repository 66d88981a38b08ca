"""The metrics of real nights, as a file and by HTTP: read with Prometheus' own parser, and equal to the run's record."""

import os
import sqlite3
import stat
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld
from timetable_sync.config.load import load
from timetable_sync.errors import TransientError, UsageError
from timetable_sync.metrics.endpoint import serve_metrics
from timetable_sync.metrics.textfile import write_metrics
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.state.maintenance import VERSION_TABLE
from timetable_sync.state.store import open_state

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def world(tmp_path: Path) -> NightWorld:
    return NightWorld(tmp_path, '\n[metrics]\ntextfile = "metrics.prom"\nlisten = "127.0.0.1:0"\n')


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 10) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for day in days]


def maths(many: int = 12) -> list[Meeting]:
    return [row for number in range(many) for row in weekly(f"M{number}", "MATH101", 8)]


def parsed(text: str) -> Numbers:
    """Every sample by name and labels, the source left out. The parser raises for what Prometheus would not take."""
    found: Numbers = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "source"))
            assert sample.labels["source"] == "timetable"
            found[sample.name.removeprefix("timetable_sync_"), labels] = sample.value
    return found


def written(world: NightWorld, summary: RunSummary) -> Numbers:
    write_metrics(load(world.configuration, {}).settings, summary, os.environ)
    return parsed((world.folder / "metrics.prom").read_text("utf-8"))


def served(world: NightWorld) -> Iterator[Numbers]:
    endpoint = serve_metrics(load(world.configuration, {}).settings, os.environ)
    assert endpoint is not None
    with closing(endpoint):
        while True:
            with urllib.request.urlopen(endpoint.address, timeout=10) as answer:
                yield parsed(answer.read().decode("utf-8"))


def eventful(world: NightWorld) -> RunSummary:
    """A night with some of everything: created, edited, deleted by hand, held, waiting for the service, a bad row."""
    address, _, third = world.calendar("COMP101"), world.calendar("MATH101"), world.calendar("PHYS101")
    physics = weekly("P1", "PHYS101", 6)
    world.timetable([*weekly(), *maths(), *physics])
    assert world.night().exit_code == 0
    first, second = world.backend.people.see(third)[:2]
    world.backend.people.edit(third, first.id, subject="Party")
    world.backend.people.delete(third, second.id)
    world.backend.faults.fail("apply", TransientError("busy", wait=0.05), calendar=third)
    bad = ("B1", "PHYS101", "2026-11-04 09:00", "2026-11-04 08:00", "Logic", "R1")
    world.timetable([*weekly(weeks=2), *maths(), *weekly("M99", "MATH101", 3), *physics, bad])
    summary = world.night()
    assert address
    return summary


def test_both_forms_say_what_the_runs_record_says(world: NightWorld) -> None:
    summary = eventful(world)
    in_file = written(world, summary)
    assert in_file == next(served(world))
    settings = load(world.configuration, {}).settings
    with open_state(settings.state, read_only=True) as state:
        record, well = state.last_run("timetable"), state.recorded.last_well("timetable")
    assert record is not None
    assert record.finished is not None
    assert well is not None
    figures = record.summary
    assert in_file["last_run_number", ()] == record.id == 2
    assert in_file["last_run_exit_code", ()] == record.exit_code == 5
    assert in_file["last_success_timestamp_seconds", ()] == pytest.approx(well.started.timestamp(), abs=1e-3)
    assert in_file["last_run_start_timestamp_seconds", ()] == pytest.approx(record.started.timestamp(), abs=1e-3)
    assert in_file["last_run_duration_seconds", ()] == pytest.approx((record.finished - record.started).total_seconds())
    for phase in ("reading the timetable", "reading calendars", "writing"):
        assert in_file["last_run_phase_seconds", (("phase", phase),)] == figures["phases"][phase]
    for action in ("created", "updated", "deleted"):
        for outcome in ("done", "held", "failed"):
            labels = (("action", action), ("outcome", outcome))
            assert in_file["last_run_events", labels] == figures["changes"].get(action, {}).get(outcome, 0)
    assert in_file["last_run_events", (("action", "created"), ("outcome", "done"))] == 4
    assert in_file["last_run_events", (("action", "deleted"), ("outcome", "held"))] == 8
    for status in Status:
        assert in_file["last_run_calendars", (("status", status.value),)] == figures["calendars"].get(status.value, 0)
    assert in_file["last_run_calendars", (("status", "held"),)] == 1
    assert in_file["last_run_drift_events", (("kind", "edited"),)] == figures["drift"]["edited"] == 1
    assert in_file["last_run_drift_events", (("kind", "deleted"),)] == figures["drift"]["deleted"] == 1
    assert in_file["last_run_bad_rows", (("reason", "end before start"),)] == figures["bad_rows"]["end before start"] == 1
    assert in_file["last_run_guards_holding", ()] == figures["held"] == 1
    assert in_file["last_run_retries", ()] == figures["retries"] == 1
    assert in_file["last_run_backoff_seconds", ()] == figures["waited"] == pytest.approx(0.05)
    for operation, made in figures["requests"].items():
        assert in_file["last_run_requests", (("operation", operation),)] == made
    ends = datetime.fromisoformat(figures["certificate_ends"]).timestamp()
    assert in_file["certificate_expiry_timestamp_seconds", ()] == ends
    assert in_file["state_up", ()] == 1


def test_the_record_says_what_the_report_says(world: NightWorld) -> None:
    summary = eventful(world)
    numbers = written(world, summary)
    done = sum(report.created for report in summary.calendars)
    assert numbers["last_run_events", (("action", "created"), ("outcome", "done"))] == done
    assert numbers["last_run_timetable_events", ()] == summary.events
    assert numbers["last_run_bad_rows_all", ()] == sum((summary.bad_rows or {}).values()) == 1
    assert summary.retries == 1
    assert summary.waited == pytest.approx(0.05)


def test_the_endpoint_follows_the_nights_and_outlives_a_database_that_is_away(world: NightWorld) -> None:
    numbers = served(world)
    assert ("last_run_number", ()) not in next(numbers)
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    assert next(numbers)["last_run_number", ()] == 1
    world.night()
    assert next(numbers)["last_run_number", ()] == 2
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    assert next(numbers)["state_up", ()] == 0
    numbers.close()  # type: ignore[attr-defined]  # a generator, and so the endpoint is closed


def test_a_run_without_a_record_stands_in_the_file_all_the_same(world: NightWorld) -> None:
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    (world.folder / "certificate.pem").unlink()
    summary = world.night()
    assert summary.run is None
    numbers = written(world, summary)
    assert numbers["last_run_exit_code", ()] == summary.exit_code == 2
    assert numbers["last_success_timestamp_seconds", ()] > 0


def test_the_file_is_replaced_in_one_step_and_the_node_exporter_may_read_it(world: NightWorld) -> None:
    world.calendar("COMP101")
    world.timetable(weekly())
    path = world.folder / "metrics.prom"
    path.write_text("old")
    with path.open() as reader:
        written(world, world.night())
        assert reader.read() == "old"
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444
    assert [left.name for left in world.folder.glob("metrics.prom*")] == ["metrics.prom"]


def test_the_night_that_is_typed_writes_the_file(world: NightWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)
    world.database.unlink()
    assert typed("run", "-q") == 4
    assert parsed((world.folder / "metrics.prom").read_text())["last_run_exit_code", ()] == 4


def test_a_port_that_is_taken_is_said(world: NightWorld) -> None:
    settings = load(world.configuration, {}).settings
    endpoint = serve_metrics(settings, os.environ)
    assert endpoint is not None
    port = endpoint.address.rpartition(":")[2].partition("/")[0]
    with closing(endpoint):
        taken = load(world.configuration, {"TIMETABLE_SYNC_METRICS__LISTEN": f"127.0.0.1:{port}"}).settings
        with pytest.raises(UsageError, match=f"nothing can listen at 127.0.0.1:{port}"):
            serve_metrics(taken, os.environ)


@pytest.mark.parametrize("address", ["0.0.0.0:9464", "metrics.example.ac.uk:80", "127.0.0.1", "127.0.0.1:99999"])
def test_other_machines_are_never_answered(world: NightWorld, address: str) -> None:
    with pytest.raises(UsageError, match="this very machine"):
        load(world.configuration, {"TIMETABLE_SYNC_METRICS__LISTEN": address})
