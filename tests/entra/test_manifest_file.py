"""A manifest's file is replaced in one step, with its mode, and the old one is kept."""

import errno
import os
from pathlib import Path

import pytest

from timetable_sync.entra.manifest_file import read_manifest_text, replace_manifest
from timetable_sync.errors import UsageError


def test_the_old_file_is_kept_under_a_name_of_its_own_each_time(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_bytes(b"one\r\n")
    file.chmod(0o640)
    assert replace_manifest(file, "two") == tmp_path / "manifest.json.before"
    assert replace_manifest(file, "three\n") == tmp_path / "manifest.json.before-2"
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("three\n", 0o640)
    assert (tmp_path / "manifest.json.before").read_bytes() == b"one\r\n"
    assert (tmp_path / "manifest.json.before-2").read_text() == "two"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("one")
    (tmp_path / "link.json").symlink_to("real.json")
    replace_manifest(tmp_path / "link.json", "two")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "two"


@pytest.mark.parametrize("broken", ["fsync", "link", "replace"])
def test_where_it_cannot_be_written_it_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text("one")

    def failing(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if broken == "link":  # then a copy is kept
        monkeypatch.setattr(os, "link", failing)
        assert replace_manifest(file, "two").read_text() == "one"
        return
    monkeypatch.setattr(os, broken, failing)
    with pytest.raises(UsageError, match="No space left on device"):
        replace_manifest(file, "two")
    assert file.read_text() == "one"
    assert not list(tmp_path.glob(".manifest*"))


def test_what_cannot_be_read_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "utf16.json").write_text("{}", "utf-16")
    for name, says in (("none.json", "cannot be read"), ("utf16.json", "is not UTF-8 text"), (".", "cannot be read")):
        with pytest.raises(UsageError, match=says):
            read_manifest_text(tmp_path / name)
