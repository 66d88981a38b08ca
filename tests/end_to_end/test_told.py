"""Alerts and metrics of nights that are typed: a failure that lasts three nights is told once, and once that it is over."""

import json
import sqlite3
from datetime import datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.alerts.listeners import listener, mail_server
from tests.end_to_end.installation import Installation
from tests.sandbox_process import make_certificate, ready_app

NOW = ("--now", "2026-10-13T02:00")


@pytest.mark.slow
def test_a_failure_of_three_nights_is_told_once_and_once_that_it_is_over_and_metrics_follow_the_record(installation: Installation) -> None:
    client, folder = installation.sandbox.client, installation.folder
    with mail_server() as mail, listener() as web:
        installation.environment |= {
            "TIMETABLE_SYNC_MAIL__SERVER": "127.0.0.1",
            "TIMETABLE_SYNC_MAIL__PORT": str(mail.port),
            "TIMETABLE_SYNC_MAIL__SECURITY": "none",
            "TIMETABLE_SYNC_MAIL__SENDER": "timetable-sync@example.ac.uk",
            "TIMETABLE_SYNC_MAIL__TO": '["team@example.ac.uk"]',
            "TIMETABLE_SYNC_WEBHOOK__ADDRESS": f"{web.address}/hook",
            "TIMETABLE_SYNC_METRICS__TEXTFILE": str(folder / "metrics.prom"),
        }
        ready_app(client, make_certificate(folder / "another"))
        for _ in range(3):
            assert installation.run(*NOW, "--quiet").returncode == 3
        assert mail.subjects == ["timetable-sync: the run failed"]
        assert web.paths == ["/hook"]
        assert "AADSTS700027" in mail.text()

        ready_app(client, make_certificate(folder))
        for _ in range(2):
            night = installation.run(*NOW, "--quiet")
            assert (night.returncode, night.stdout, night.stderr) == (0, "", "")
        assert mail.subjects[1:] == ["timetable-sync: over: the run failed"]
        assert web.paths == ["/hook", "/hook"]

    with sqlite3.connect(installation.state) as database:
        number, record = database.execute("SELECT id, summary FROM run ORDER BY id DESC LIMIT 1").fetchone()
    figures = json.loads(record)
    found = {
        (sample.name.removeprefix("timetable_sync_"), sample.labels.get("operation", "")): sample.value
        for family in text_string_to_metric_families((folder / "metrics.prom").read_text("utf-8"))
        for sample in family.samples
    }
    assert found["last_run_number", ""] == number == 5
    assert found["last_run_exit_code", ""] == 0
    for which in ("token", "certificate"):
        assert found[f"{which}_expiry_timestamp_seconds", ""] == datetime.fromisoformat(figures[f"{which}_ends"]).timestamp()
    assert {operation: made for (name, operation), made in found.items() if name == "last_run_requests"} == figures["requests"]
    assert figures["requests"]["token"] == 1
