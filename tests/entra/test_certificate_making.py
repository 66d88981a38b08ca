"""A new certificate's folder appears whole or not at all, and its key is its owner's alone from the first byte on."""

import errno
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from timetable_sync.entra import certificate_making
from timetable_sync.entra.certificate_making import NewCertificate, make_certificate, write_certificate
from timetable_sync.errors import UsageError


@pytest.fixture(scope="module")
def made() -> NewCertificate:
    return make_certificate(subject="night", bits=2048, days=30, now=datetime.now(UTC))


def test_the_key_is_made_so_that_nobody_else_can_read_it_even_while_it_is_written(
    tmp_path: Path, made: NewCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    real = os.fsync

    def seen(handle: int) -> None:
        modes.append(os.fstat(handle).st_mode & 0o777)
        real(handle)

    monkeypatch.setattr(os, "fsync", seen)
    before = os.umask(0)
    try:
        files = write_certificate(tmp_path / "new", made)
    finally:
        os.umask(before)
    assert modes[0] == 0o600
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert files.folder.stat().st_mode & 0o777 == 0o700
    assert files.key.read_bytes() == made.key_pem


@pytest.mark.parametrize("at", range(1, 7))
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, made: NewCertificate, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    calls = 0

    def failing(real: object) -> object:
        def call(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **named)  # type: ignore[operator]  # one of os's own functions

        return call

    for name in ("open", "fsync"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    with pytest.raises(UsageError, match="No space left on device"):
        write_certificate(tmp_path / "new", made)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_stands_there_is_never_touched(tmp_path: Path, made: NewCertificate, kind: str) -> None:
    place = tmp_path / "new"
    if kind == "file":
        place.write_text("mine")
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="nothing is ever overwritten"):
        write_certificate(place, made)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_appears_at_the_last_moment_is_not_overwritten(
    tmp_path: Path, made: NewCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = certificate_making._force

    def raced(folder: Path) -> None:
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "new" / "mine").write_text("mine")
        real(folder)

    monkeypatch.setattr(certificate_making, "_force", raced)
    with pytest.raises(UsageError, match="cannot be written"):
        write_certificate(tmp_path / "new", made)
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "mine"]


def test_what_a_killed_call_left_is_cleared_away_by_the_next_one(tmp_path: Path, made: NewCertificate) -> None:
    left, fresh = tmp_path / ".new.unfinished-old", tmp_path / ".new.unfinished-fresh"
    for folder in (left, fresh):
        folder.mkdir()
        (folder / "certificate-key.pem").write_text("half a key")
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    write_certificate(tmp_path / "new", made)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new.unfinished-fresh", "new"]
