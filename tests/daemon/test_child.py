"""A night's side of the line to its daemon."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.command_line import typed
from timetable_sync.daemon.child import DaemonLine


def test_what_a_night_tells_comes_as_lines_of_json() -> None:
    ear, mouth = os.pipe()
    line = DaemonLine(mouth)
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
    line = DaemonLine(mouth)
    for number in range(5000):
        line.phase(f"phase {number} with a name that fills the pipe", None)
    os.close(ear)
    line.phase("writing", 1)
    os.close(mouth)


@pytest.mark.parametrize("order", [b"", b"\n", b"hello\n", b"{}\n", b"[]\n"])
def test_who_types_what_is_for_the_daemon_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], order: bytes
) -> None:
    (tmp_path / "order").write_bytes(order)
    with (tmp_path / "order").open() as typed_in:
        monkeypatch.setattr("sys.stdin", typed_in)
        assert typed("run", "--by-daemon") == 2
    said = capsys.readouterr().err
    assert "--by-daemon is for the daemon" in said
    assert "Traceback" not in said
