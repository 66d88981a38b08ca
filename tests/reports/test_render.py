"""Which report goes where: by ending, checked before the run, written in one step."""

import json
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from tests.reports import summaries
from timetable_sync.errors import UsageError
from timetable_sync.reports import render as rendering
from timetable_sync.reports.render import Kind, check_target, kind_of, render, write_report


@pytest.mark.parametrize(
    ("kind", "start"), [("text", "Night of "), ("json", '{"schema": 4'), ("markdown", "## Night"), ("html", "<!doctype html>")]
)
def test_each_kind_is_rendered(kind: Kind, start: str) -> None:
    assert render(summaries.ordinary(), kind).startswith(start)


@pytest.mark.parametrize("name", ["a.html", "a.json", "a.md", "a.txt", "A.HTML"])
def test_the_ending_says_what_is_written(name: str, tmp_path: Path) -> None:
    write_report(summaries.ordinary(), tmp_path / name)
    assert (tmp_path / name).read_text("utf-8") == render(summaries.ordinary(), kind_of(Path(name)))


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.html.gz", ".html"])
def test_an_unknown_ending_is_a_usage_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ending") as caught:
        check_target(tmp_path / name)
    assert ".html" in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        check_target(tmp_path / "none" / "a.html")


def test_a_folder_in_a_reports_place_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        check_target(tmp_path / "a.html")


def test_a_folder_that_may_not_be_written_to_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="may not be written to"):
        check_target(tmp_path / "a.html")


def test_checking_a_place_leaves_nothing_there(tmp_path: Path) -> None:
    check_target(tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_an_older_report_is_replaced_in_one_step_and_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("the old one")

    def breaks(_: object, out: object) -> None:
        out.write('{"half":')  # type: ignore[attr-defined]  # any stream will do
        assert path.read_text() == "the old one"
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(rendering._WRITERS, "json", breaks)
    with pytest.raises(OSError, match="No space left"):
        write_report(summaries.quiet(), path)
    assert path.read_text() == "the old one"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_report_has_the_rights_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_report(summaries.quiet(), tmp_path / "a.txt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("kind", ["text", "json", "markdown", "html"])
def test_lone_surrogates_and_control_characters_crash_no_renderer(kind: Kind) -> None:
    assert render(summaries.nasty(), kind).encode("utf-8")


@pytest.mark.parametrize("ending", ["html", "json", "md", "txt"])
def test_nasty_texts_can_be_written_to_files(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    write_report(summaries.nasty(), path)
    assert path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("ending", ["json", "html"])
def test_a_long_report_takes_no_second_copy_in_memory(ending: str, tmp_path: Path) -> None:
    run = summaries.long(3_000, 4)
    path = tmp_path / f"a.{ending}"
    write_report(summaries.quiet(), path)
    tracemalloc.start()
    try:
        write_report(run, path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 1_000_000
    assert peak < path.stat().st_size / 2


def test_json_of_many_changes_has_them_all(tmp_path: Path) -> None:
    write_report(summaries.long(2_000, 5), tmp_path / "a.json")
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert report["figures"]["changes"]["total"] == sum(len(calendar["changes"]) for calendar in report["calendars"]) == 2_000
