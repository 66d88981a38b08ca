"""Kept reports lose what they say of calendars that were forgotten, and nothing else."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reports import summaries
from timetable_sync.model.calendar import Calendar
from timetable_sync.reports.archive import keep, strike_out
from timetable_sync.reports.summary import CalendarReport, Status, Trouble


def texts(folder: Path) -> dict[str, str]:
    return {path.suffix: path.read_text("utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["COMP101", "PHYS110", "GONE1", "COMP999", "LATE700", "TRIAL1", "PLAN1", "MATH103"])
def test_a_calendar_of_whatever_status_is_taken_out_and_the_others_stand_as_they_were(tmp_path: Path, name: str) -> None:
    night = summaries.everything()
    keep(night, tmp_path)
    before = texts(tmp_path)
    assert len(strike_out(tmp_path, "timetable", [summaries.calendar(name)])) == 2
    after = texts(tmp_path)
    told, old = json.loads(after[".json"]), json.loads(before[".json"])
    assert told["calendars"] == [one for one in old["calendars"] if one["name"] != name]
    assert [one["calendar"] for one in told["held"]] == [one["calendar"] for one in old["held"] if name.lower() not in str(one["calendar"])]
    assert (told["figures"], told["run"]) == (old["figures"], old["run"])
    for text in after.values():
        assert summaries.calendar(name).address not in text
    assert f"<bdi>{name}</bdi>" in before[".html"]
    assert f"<bdi>{name}</bdi>" not in after[".html"]
    for other in night.calendars:
        if other.calendar.name != name:
            assert f"<bdi>{other.calendar.name}</bdi>" in after[".html"]
    assert after[".html"].count("<li") - after[".html"].count("</li>") == 0
    assert after[".html"].count("<details") == after[".html"].count("</details>")


def test_a_calendar_that_is_called_in_markup_is_found_too(tmp_path: Path) -> None:
    odd = Calendar("o'neill&co@groups.example.ac.uk", 'O\'Neill <b>"&amp;"</b>')
    night = replace(
        summaries.quiet(), calendars=(*summaries.unchanged(3), CalendarReport(odd, Status.FAILED, trouble=Trouble("no mailbox")))
    )
    keep(night, tmp_path)
    strike_out(tmp_path, "timetable", [odd])
    for text in texts(tmp_path).values():
        assert "Neill" not in text
        assert "no mailbox" not in text
        assert "MATH102" in text


def test_what_has_nothing_of_them_is_not_written_and_keeps_every_letter_and_its_age(tmp_path: Path) -> None:
    paths = keep(summaries.everything(), tmp_path)
    for path in paths:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = texts(tmp_path)
    assert strike_out(tmp_path, "timetable", [Calendar("another@groups.example.ac.uk", "ANOTHER")]) == []
    assert strike_out(tmp_path, "another", [summaries.calendar("COMP101")]) == []
    assert texts(tmp_path) == before
    strike_out(tmp_path, "timetable", [summaries.calendar("COMP101")])
    assert {path.stat().st_mtime for path in paths} == {1_000_000_000}


def test_what_is_no_report_of_ours_stays_as_it_is(tmp_path: Path) -> None:
    address = summaries.calendar("COMP101").address
    for name, text in (("timetable_2026-11-24_02-00-04_run-318.json", f"[{address}"), ("notes.html", address)):
        (tmp_path / name).write_text(text, "utf-8")
    elsewhere = tmp_path / "elsewhere.json"
    keep(summaries.everything(), tmp_path)
    report = tmp_path / "timetable_2026-11-24_02-00-04_run-318.json"
    report.rename(elsewhere)
    report.symlink_to(elsewhere)
    strike_out(tmp_path, "timetable", [summaries.calendar("COMP101")])
    assert address in elsewhere.read_text("utf-8")
    assert address in (tmp_path / "notes.html").read_text("utf-8")
    assert strike_out(tmp_path / "not there", "timetable", [summaries.calendar("COMP101")]) == []
