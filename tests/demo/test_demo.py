"""The demo as a person types it: it succeeds, it fails when something is not so, and it never leaves anything running."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from timetable_sync.demo import timetable
from timetable_sync.demo.folder import DemoFolder
from timetable_sync.demo.screen import Screen
from timetable_sync.demo.story import tell
from timetable_sync.errors import TimetableSyncError

WITHOUT_AIOHTTP = "import sys; sys.modules['aiohttp'] = None; from timetable_sync.cli.app import main; main()"


def demo(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "timetable_sync", "demo", "--folder", str(folder), *arguments]


def nobody_listens(text: str) -> bool:
    """Whether the sandbox that ``text`` speaks of has ended."""
    found = re.search(r"http://127\.0\.0\.1:\d+", text)
    assert found, text
    address = urlsplit(found[0])
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname or "", address.port or 0)) != 0


@pytest.mark.slow
def test_the_demo_succeeds_and_with_keep_its_sandbox_stays_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    # Settings of the person's own, and a proxy, are none of the demo's business.
    environment = os.environ | {"TIMETABLE_SYNC_WINDOW__FUTURE": "1 day", "http_proxy": "http://127.0.0.1:9"}
    process = subprocess.Popen(
        demo(folder, "--keep"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env=environment,
    )
    seen = _until("until Ctrl-C", process)
    assert "✗" not in seen
    assert seen.count("✓") == 13
    assert "\x1b" not in seen
    for name in ("plan.html", "plan.json", "timetable-sync.toml", "timetable.sql", "manifest.json", "README.txt"):
        assert (folder / name).stat().st_size, name
    assert len([*(folder / "reports").glob("*.html")]) == 3
    assert not nobody_listens(seen)
    os.killpg(process.pid, signal.SIGINT)
    _, complained = process.communicate(timeout=60)
    assert (process.returncode, complained) == (0, "")
    assert nobody_listens(seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "to_all", "code"),
    [
        pytest.param(signal.SIGINT, True, 130, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, False, 143, id="SIGTERM"),
        pytest.param(signal.SIGHUP, True, 129, id="the terminal is closed"),
    ],
)
def test_a_demo_that_is_ended_in_the_middle_leaves_nothing_running(tmp_path: Path, number: signal.Signals, to_all: bool, code: int) -> None:
    process = subprocess.Popen(
        demo(tmp_path / "demo"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    seen = _until("$ timetable-sync run", process)
    if to_all:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Everything above" not in rest
    assert nobody_listens(seen)


@pytest.mark.slow
def test_the_demo_fails_when_the_calendars_are_not_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(timetable.CLEAN, "Genetics", "Genetics, in another hand")
    out = io.StringIO()
    with pytest.raises(TimetableSyncError, match="it is not so that the 14 calendars hold exactly the timetable"):
        tell(DemoFolder(tmp_path / "demo"), Screen(Console(file=out, width=120)))
    assert "BIO102 Lecture: Genetics on" in out.getvalue()
    assert "more like these" in out.getvalue()
    assert nobody_listens(out.getvalue())


def test_without_the_sandboxs_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_AIOHTTP, "demo", "--folder", str(tmp_path / "demo")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "timetable-sync: the demo needs the sandbox, which is not installed here",
        "  Install it: pip install 'timetable-sync[sandbox]'",
    ]
    assert not (tmp_path / "demo").exists()


def test_a_foreign_folder_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    ended = subprocess.run(demo(tmp_path), capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is not empty and was not made by a demo" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def _until(wanted: str, process: subprocess.Popen[str]) -> str:
    """All that the process says up to the line with ``wanted`` in it."""
    seen: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(line)
        if wanted in line:
            return "".join(seen)
    rest, complained = process.communicate(timeout=60)
    raise AssertionError("".join(seen) + rest + complained)
