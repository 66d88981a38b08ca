"""The folder of kept reports: one of every run, only our own old ones removed, and calendars that were forgotten struck out of them."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.reports import summaries
from timetable_sync.errors import UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.reports.archive import keep, names, prepare, remove_old, strike_out
from timetable_sync.reports.summary import CalendarReport, Status, Trouble

NOW = datetime(2026, 11, 24, 2, 4, tzinfo=UTC)
KEEP = timedelta(days=60)


def aged(path: Path, days: float) -> Path:
    path.write_text("report")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_a_run_is_kept_as_page_and_document_named_by_source_date_and_number(tmp_path: Path) -> None:
    paths = keep(summaries.ordinary(), tmp_path)
    assert [path.name for path in paths] == ["timetable_2026-11-24_02-00-04_run-318.html", "timetable_2026-11-24_02-00-04_run-318.json"]
    assert all(path.stat().st_size > 1_000 for path in paths)


def test_a_run_without_a_number_is_named_by_its_time_alone() -> None:
    assert names(replace(summaries.failed(), run=None))[0] == "timetable_2026-11-24_02-00-04.html"


def test_names_are_in_local_time() -> None:
    summer = replace(summaries.quiet(), started=datetime(2026, 7, 1, 1, 0, tzinfo=UTC))
    assert names(summer)[0].startswith("timetable_2026-07-01_02-00-00")


def test_reports_older_than_asked_are_removed_and_younger_ones_stay(tmp_path: Path) -> None:
    old = aged(tmp_path / "timetable_2026-09-20_02-00-04_run-260.html", 61)
    young = aged(tmp_path / "timetable_2026-09-28_02-00-04_run-268.html", 59)
    assert remove_old(tmp_path, "timetable", KEEP, NOW) == [old]
    assert [*tmp_path.iterdir()] == [young]


@pytest.mark.parametrize(
    "name",
    [
        "notes.html",
        "timetable_2026-09-20_02-00-04_run-260.html.bak",
        "my-timetable_2026-09-20_02-00-04_run-260.html",
        "exams_2026-09-20_02-00-04_run-260.html",
        "timetable_2026-09-20.html",
        "timetable_2026-09-20_02-00-04_run-260.pdf",
        "timetable_2026-09-20_02-00-04_run-x.html",
    ],
)
def test_what_is_not_of_this_sources_own_naming_is_never_removed(name: str, tmp_path: Path) -> None:
    other = aged(tmp_path / name, 4_000)
    assert remove_old(tmp_path, "timetable", KEEP, NOW) == []
    assert other.exists()


def test_a_source_with_signs_of_patterns_in_its_name_does_not_match_others(tmp_path: Path) -> None:
    other = aged(tmp_path / "aXb_2026-09-20_02-00-04_run-1.html", 4_000)
    remove_old(tmp_path, "a.b", KEEP, NOW)
    assert other.exists()


def test_links_and_folders_of_our_naming_are_left_alone(tmp_path: Path) -> None:
    target = aged(tmp_path / "elsewhere.txt", 4_000)
    link = tmp_path / "timetable_2026-09-20_02-00-04_run-260.html"
    link.symlink_to(target)
    folder = tmp_path / "timetable_2026-09-20_02-00-04_run-261.html"
    folder.mkdir()
    assert remove_old(tmp_path, "timetable", timedelta(0), datetime.now(UTC) + timedelta(days=1)) == []
    assert link.is_symlink()
    assert folder.is_dir()


def test_keeping_longer_than_time_has_existed_removes_nothing(tmp_path: Path) -> None:
    report = aged(tmp_path / "timetable_2026-09-20_02-00-04_run-260.html", 4_000)
    assert remove_old(tmp_path, "timetable", timedelta(days=365_000_0), NOW) == []
    assert report.exists()


def test_the_folder_is_made_if_it_is_not_there(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"report\.directory"):
        prepare(tmp_path / "file" / "reports")


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
