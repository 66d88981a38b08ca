"""A night's threads share one core, and nobody else is bound by it."""

import os
import sys
import threading
from pathlib import Path

import pytest

from timetable_sync.apply import one_core
from timetable_sync.apply.one_core import on_one_core

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread be kept on a core")
several = pytest.mark.skipif(
    sys.platform == "linux" and len(os.sched_getaffinity(0)) < 2, reason="this machine lets the tests use one core only"
)


def _of_a_thread() -> set[int]:
    found: list[set[int]] = []
    thread = threading.Thread(target=lambda: found.append(os.sched_getaffinity(0)))
    thread.start()
    thread.join()
    return found[0]


@linux
@several
def test_this_thread_and_those_it_starts_share_one_core() -> None:
    before = os.sched_getaffinity(0)
    with on_one_core():
        within = os.sched_getaffinity(0)
        assert len(within) == 1
        assert within <= before
        assert _of_a_thread() == within


@linux
def test_it_may_go_where_it_could_before_also_after_an_error() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(RuntimeError, match="the night broke off"), on_one_core():
        raise RuntimeError("the night broke off")
    assert os.sched_getaffinity(0) == before
    assert _of_a_thread() == before


@linux
@several
def test_threads_that_were_there_before_are_left_alone() -> None:
    told, looked = threading.Event(), threading.Event()
    found: list[set[int]] = []

    def look() -> None:
        told.wait(10)
        found.append(os.sched_getaffinity(0))
        looked.set()

    thread = threading.Thread(target=look)
    before = os.sched_getaffinity(0)
    thread.start()
    with on_one_core():
        told.set()
        assert looked.wait(10)
    thread.join()
    assert found == [before]


@linux
def test_a_system_that_refuses_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not here")

    before = os.sched_getaffinity(0)
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with on_one_core():
        assert os.sched_getaffinity(0) == before
    monkeypatch.setattr(os, "sched_getaffinity", refuse)
    with on_one_core():
        pass


def test_a_system_that_knows_nothing_of_it_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with on_one_core():
        pass


@linux
def test_where_the_core_cannot_be_told_any_allowed_one_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    monkeypatch.setattr(one_core, "_THREAD", Path(tmp_path) / "missing")
    allowed = os.sched_getaffinity(0)
    with on_one_core():
        assert os.sched_getaffinity(0) == {min(allowed)}


@linux
def test_whoever_does_not_want_it_keeps_all_cores() -> None:
    before = os.sched_getaffinity(0)
    with on_one_core(False):
        assert os.sched_getaffinity(0) == before
