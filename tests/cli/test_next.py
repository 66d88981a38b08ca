"""``timetable-sync next``, as it is typed."""

import json
from pathlib import Path

import pytest

from timetable_sync.cli.app import exit_code_of


def configured(folder: Path, schedule: str) -> None:
    path = folder / "timetable-sync.toml"
    path.write_text(f"{path.read_text('utf-8')}[schedule]\n{schedule}\n", "utf-8")


def test_it_shows_what_comes_also_when_the_clocks_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(folder, 'cron = "30 1 * * *"\njitter = "10 minutes"')
    assert exit_code_of(["next", "--from", "2027-03-26T12:00", "--count", "3"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "30 1 * * *   in Europe/London" in said.out
    assert "each put off by up to 10 minutes, by chance" in said.out
    first, second, third = said.out.splitlines()[-3:]
    assert "27 Mar 2027 01:30" in first
    assert "28 Mar 2027 02:30" in second
    assert "01:30:00" in second
    assert second.endswith("the clocks go forward: there is no 01:30 that day")
    assert "29 Mar 2027 01:30" in third
    assert "00:30:00" in third


def test_several_expressions_come_in_their_order_and_json_tells_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(folder, 'cron = ["0 2 * * *", "0 13 * * sun"]\ntime_zone = "Europe/Berlin"')
    assert exit_code_of(["next", "--from", "2026-10-24T12:00", "-n", "3", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["cron"], told["time_zone"]) == (1, ["0 2 * * *", "0 13 * * sun"], "Europe/Berlin")
    assert [start["at"] for start in told["starts"]] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T13:00:00+01:00",
        "2026-10-26T02:00:00+01:00",
    ]
    assert [start["oddity"] for start in told["starts"]] == ["comes twice", None, None]


def test_a_schedule_that_never_comes_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(folder, 'cron = "0 2 30 feb *"')
    assert exit_code_of(["next"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "never"


def test_what_is_no_time_is_refused_by_its_option(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["next", "--from", "tomorrow"]) == 2
    assert '--from: "tomorrow" is not a time' in capsys.readouterr().err
