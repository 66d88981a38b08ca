"""What only a process of its own can show: signals, closed pipes, encodings, terminals."""

import os
import pty
import signal
import time
from pathlib import Path

import pytest

from tests.cli.command_line import started

MADE_UP = """
import threading, time, timetable_sync.cli.run as run
from tests.reports import summaries
"""
ORDINARY = MADE_UP + "run.run_night = lambda *_, **__: summaries.ordinary()"
NASTY = MADE_UP + "run.run_night = lambda *_, **__: summaries.nasty()"
BUSY = (
    MADE_UP
    + """
def night(loaded, request, *, progress, stop, begun):
    progress.phase("writing", 3)
    progress.step()
    progress.waiting(30, "the service is busy")
    open("begun", "w").close()
    stop.wait(60)
    return summaries.summary(cut_short="it was asked to end", exit_code=1)
run.run_night = night
"""
)
STUBBORN = (
    MADE_UP
    + """
def night(loaded, request, *, progress, stop, begun):
    threading.Thread(target=time.sleep, args=(60,)).start()
    open("begun", "w").close()
    stop.wait(60)
    open("asked", "w").close()
    time.sleep(60)
run.run_night = night
"""
)


def until(path: Path) -> None:
    for _ in range(1_200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_night_in_good_order_and_it_is_reported(number: signal.Signals, folder: Path) -> None:
    process = started(BUSY, "run", "--report", "a.txt", cwd=folder)
    until(folder / "begun")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cut short: it was asked to end" in out
    assert err == "\ntimetable-sync: ending after what is in flight; once more ends at once\n"
    assert "it was asked to end" in (folder / "a.txt").read_text("utf-8")


def test_a_second_signal_ends_at_once_with_a_word_whatever_is_at_work(folder: Path) -> None:
    process = started(STUBBORN, "run", cwd=folder)
    until(folder / "begun")
    process.send_signal(signal.SIGINT)
    until(folder / "asked")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.endswith("timetable-sync: ended at once; the next night will find what is done and what is not\n")
    assert "Traceback" not in err


def test_a_reader_that_went_away_is_no_error_and_loses_no_report(folder: Path) -> None:
    process = started(ORDINARY, "run", "--report", "a.html", cwd=folder)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(60) == 0
    assert (folder / "a.html").exists()


def test_a_terminal_that_does_not_speak_unicode_gets_what_it_can_show(folder: Path) -> None:
    process = started(NASTY, "run", "-v", "--report", "a.txt", cwd=folder, environment={"PYTHONIOENCODING": "ascii:strict"})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert out.isascii()
    assert "<script>" in out


def test_without_a_terminal_there_is_no_progress(folder: Path) -> None:
    process = started(ORDINARY, "run", cwd=folder)
    assert process.communicate(timeout=60)[1] == ""


def test_on_a_terminal_there_is_progress_and_afterwards_none_of_it_is_left(folder: Path) -> None:
    ours, theirs = pty.openpty()
    process = started(BUSY, "run", cwd=folder, stderr=theirs, environment={"TERM": "xterm", "COLUMNS": "120"})
    os.close(theirs)
    until(folder / "begun")
    shown = b""
    while b"waiting 30 s: the service is busy" not in shown:
        shown += os.read(ours, 65_536)
    assert b"writing" in shown
    assert b"1/3" in shown
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.read().startswith("Night of")
    assert process.wait(60) == 1
    os.close(ours)


def test_the_module_can_be_run_like_the_script(folder: Path) -> None:
    process = started("import runpy; sys.argv[1:] = ['--version']; runpy.run_module('timetable_sync', run_name='__main__')", cwd=folder)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("timetable-sync ")
