"""The demo's folder: never somebody's files."""

import stat
from pathlib import Path

import pytest

from timetable_sync.demo.folder import DemoFolder
from timetable_sync.demo.registration import make_certificate
from timetable_sync.errors import UsageError


def test_a_folder_with_something_else_in_it_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not empty and was not made by a demo"):
        DemoFolder(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_taken_and_one_that_is_not_there_is_made(tmp_path: Path) -> None:
    DemoFolder(tmp_path).prepare()
    DemoFolder(tmp_path / "new" / "one").prepare()
    assert (tmp_path / "new" / "one" / "README.txt").exists()


def test_an_earlier_demo_is_cleared_away_but_not_what_somebody_put_beside_it(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.prepare()
    folder.state.write_text("old")
    (tmp_path / "state.db-wal").write_text("old")
    (folder.reports / "old.html").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    folder.prepare()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.txt", "notes.txt", "reports"]


def test_a_file_in_the_folders_place_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used") as caught:
        DemoFolder(tmp_path / "file").prepare()
    assert "\n" not in caught.value.message


def test_nobody_else_can_read_the_key(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.prepare()
    make_certificate(folder.certificate, folder.key)
    assert stat.S_IMODE(folder.key.stat().st_mode) == 0o600
