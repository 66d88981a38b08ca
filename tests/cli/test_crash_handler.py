"""A process that dies in a way nobody foresaw leaves one redacted line, and no core dump."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import os, resource, sys, threading
from timetable_sync import logs
from timetable_sync.cli.crash_handler import watch_last_words
from timetable_sync.redaction import keep_out
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
logs.configure(int(sys.argv[1]))
keep_out("canary-of-the-process")
"""
WATCHED = "watch_last_words()\n"


def end_of(script: str, folder: Path, verbosity: int = 0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(verbosity)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("dying", "words"),
    [
        (
            "thread = threading.Thread(target=lambda: int('canary-of-the-process')); thread.start(); thread.join()",
            "unexpected error in a thread",
        ),
        (
            "class It:\n  def __del__(self): raise ValueError('canary-of-the-process')\nIt(); raise SystemExit(0)",
            "unexpected error in passing",
        ),
        ("class End(BaseException): pass\nraise End('canary-of-the-process')", "unexpected End: [redacted]"),
    ],
)
@pytest.mark.parametrize("verbosity", [0, 3])
def test_last_words_hold_no_secret(tmp_path: Path, dying: str, words: str, verbosity: int) -> None:
    with end_of(BEGIN + WATCHED + dying, tmp_path, verbosity) as process:
        _, said = process.communicate(timeout=60)

    assert words in said
    assert "[redacted]" in said
    assert "canary-of-the-process" not in said
    assert ("Traceback" in said) is (verbosity == 3)


@pytest.mark.skipif(not hasattr(os, "WCOREDUMP"), reason="not here: the system tells no core dumps")
def test_no_core_dump_is_left_behind(tmp_path: Path) -> None:
    with end_of(BEGIN + WATCHED + "os.abort()", tmp_path) as process:
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT

    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "WCOREDUMP"), reason="not here: the system tells no core dumps")
def test_without_that_there_would_be_one(tmp_path: Path) -> None:
    """Else the test above shows nothing."""
    with end_of(BEGIN + "os.abort()", tmp_path) as process:
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
    if not os.WCOREDUMP(status):
        pytest.skip("not here: this machine keeps no core dumps of anything")

    assert os.WTERMSIG(status) == signal.SIGABRT
