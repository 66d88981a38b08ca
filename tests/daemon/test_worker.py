"""The daemon's patience with a night: a process that says what it is told to, and the clock by which it is judged."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, read
from timetable_sync.daemon.job import Job
from timetable_sync.daemon.worker import Ending, Worker

ROOT = Path(__file__).resolve().parents[2]
DUE = datetime(2026, 11, 24, 2, tzinfo=UTC)

#: In place of a night: hands on what it finds in ``says``, and ends as told. Python imports this before all else.
NIGHT = """
import os, sys, time
if "--by-daemon" in sys.orig_argv:
    os.set_blocking(0, False)
    heard = b""
    with open("says", "rb", buffering=0) as says:
        while b"hung" not in heard and not os.path.exists("end"):
            if not os.path.exists("deaf"):
                heard += sys.stdin.buffer.raw.read(65536) or b""
            os.write(1, says.read())
            time.sleep(0.01)
    os.write(1, b'{"exit_code": 1, "run": 7, "said": "it was told that it hangs"}\\n' if b"hung" in heard else b"")
    os._exit(1)
"""


class Night:
    """A worker with such a night; ``now`` is its clock, in seconds."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.now = 0.0
        (folder / "sitecustomize.py").write_text(NIGHT, "utf-8")
        (folder / "says").touch()
        self._loaded = read(folder, SHORTEST + more)
        self.worker: Worker | None = None

    def begin(self) -> Worker:
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        self.worker = Worker(Job(self._loaded, DUE), [], {**os.environ, "PYTHONPATH": path}, clock=lambda: self.now)
        return self.worker

    def says(self, *lines: str, until: str) -> None:
        """It tells these; returns once the worker's status has these words."""
        with (self.folder / "says").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        assert self.worker is not None
        worker = self.worker
        self.wait(lambda: worker.look() is None and until in worker.status)

    @staticmethod
    def wait(what: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end
            time.sleep(0.01)

    def ended(self) -> Ending:
        assert self.worker is not None
        while (ending := self.worker.look()) is None:
            time.sleep(0.01)
        return ending

    def at(self, moment: float) -> None:
        """It is so late; looked at every half minute till then, as the daemon's loop does."""
        assert self.worker is not None
        while self.now < moment:
            self.now = min(moment, self.now + 30)
            self.worker.look()

    def end(self) -> None:
        (self.folder / "end").touch()
        if self.worker is not None:
            self.worker.kill()


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    monkeypatch.chdir(tmp_path)
    made = Night(tmp_path)
    yield made
    made.end()


WAITS = '{"waiting": 2400, "why": "Exchange is busy"}'


def test_patience_that_was_granted_lasts_until_it_is_over_whatever_is_told_meanwhile(night: Night) -> None:
    worker = night.begin()
    night.says(WAITS, until="waiting 2400 s")
    # Its other threads get on, one waits for a moment, another part begins.
    night.says(
        '{"steps": 1}', '{"waiting": 5, "why": "another"}', '{"phase": "writing", "total": 3}', '{"steps": 2}', until="writing 2 of 3"
    )
    night.at(2400 + 1799)
    assert worker.lively
    night.at(2400 + 1801)
    assert worker.hung
    assert night.ended() == Ending(1, 7, "it was told that it hangs")


def test_the_patience_begins_anew_with_each_sign_of_life(night: Night) -> None:
    worker = night.begin()
    night.at(1700)
    night.says('{"phase": "writing", "total": 3}', until="writing")
    night.at(1700 + 1799)
    assert not worker.hung
    night.at(1700 + 1801)
    assert worker.hung


def test_a_query_may_be_silent_for_as_long_as_it_may_take(night: Night) -> None:
    worker = night.begin()
    night.says('{"phase": "reading the timetable", "total": null}', until="reading the timetable")
    night.at(600 + 1799)
    assert not worker.hung
    night.says('{"phase": "writing", "total": 3}', until="writing")
    night.at(600 + 1799 + 1801)
    assert worker.hung


def test_what_stood_still_together_with_the_daemon_is_not_taken_for_hung(night: Night) -> None:
    worker = night.begin()
    night.says('{"phase": "writing", "total": 3}', until="writing")
    night.now += 7200  # the machine was paused: nobody looked
    assert worker.look() is None
    assert not worker.hung
    night.at(night.now + 1801)
    assert worker.hung


def test_one_that_does_not_even_take_its_order_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deaf").touch()
    # More than a pipe takes at once.
    night = Night(tmp_path, f'\n[event]\nbody = "{"x" * 300_000}"\n')
    try:
        worker = night.begin()
        assert worker.look() is None
        night.at(1801)
        assert worker.hung
        night.at(1801 + 151)
        assert night.ended().exit_code == -9
    finally:
        night.end()
