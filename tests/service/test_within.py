"""A night's side of the line to its daemon."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from timetable_sync.service.within import Line


def test_what_a_night_tells_comes_as_lines_of_json() -> None:
    ear, mouth = os.pipe()
    line = Line(mouth)
    line.phase("writing", 40)
    line.step()
    line.waiting(12.5, "Exchange is busy")
    line.ended(5, 318, "exit code 5, nothing written, 1 calendar held")
    os.close(mouth)
    with os.fdopen(ear) as told:
        assert [json.loads(one) for one in told] == [
            {"phase": "writing", "total": 40},
            {"steps": 1},
            {"waiting": 12.5, "why": "Exchange is busy"},
            {"exit_code": 5, "run": 318, "said": "exit code 5, nothing written, 1 calendar held"},
        ]


def test_a_daemon_that_does_not_read_or_is_gone_holds_up_no_night() -> None:
    ear, mouth = os.pipe()
    line = Line(mouth)
    for number in range(5000):
        line.phase(f"phase {number} with a name that fills the pipe", None)
    os.close(ear)
    line.phase("writing", 1)
    os.close(mouth)


@pytest.mark.parametrize("order", [b"", b"\n", b"hello\n", b"{}\n", b"[]\n"])
def test_who_types_what_is_for_the_daemon_is_told_so(tmp_path: Path, order: bytes) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "timetable_sync", "run", "--by-daemon"],
        input=order,
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert b"--by-daemon is for the daemon" in ended.stderr
    assert b"Traceback" not in ended.stderr
