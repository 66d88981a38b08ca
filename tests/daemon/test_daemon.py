"""The daemon as a process, with a schedule of seconds, against the sandbox."""

import os
import signal
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.daemon.house import FAR, DaemonProcess, House, Systemd, until
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.long]

OFTEN = "*/4 * * * * *"


def test_it_runs_by_the_schedule_makes_up_once_for_what_it_missed_and_is_told_of_new_configurations(house: House) -> None:
    house.configure(OFTEN)
    with DaemonProcess(house) as daemon:
        until(lambda: len(house.finished()) >= 2)
        assert house.titles() == ["Logic"] * 4
        assert daemon.end() == 0
    before = house.finished()
    # The last may have been at work when the daemon was asked to end.
    assert all(run.exit_code == 0 and run.due is not None for run in before[:2])
    assert len({run.due for run in before}) == len(before), "each start has one night"
    last = before[-1].finished
    assert last is not None

    # It is off for two starts and more; the schedule is such that the next start does not come while we look.
    until(lambda: (datetime.now(UTC) - last).total_seconds() > 9)
    house.lessons(2, "Set theory")
    with DaemonProcess(house) as daemon:
        daemon.wait_for("the night is over")
        caught_up = house.finished()[len(before)]
        assert caught_up.due is not None
        assert last < caught_up.due <= caught_up.started
        missed = (caught_up.due - last) // timedelta(seconds=4)
        assert missed >= 1, "of several that were missed, the last"
        assert house.titles() == ["Set theory"] * 4
        assert house.finished()[len(before) :][:1] == [caught_up]

        # A configuration that is wrong changes nothing.
        house.configuration.write_text(house.configuration.read_text("utf-8").replace("query =", "qeury ="), "utf-8")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("the new configuration is refused, the old one stays")
        many = len(house.finished())
        until(lambda: len(house.finished()) > many)

        # A good one is taken.
        house.configure(FAR, more='[event]\nsubject = "New: {{ title }}"\n')
        daemon.signal(signal.SIGHUP)
        assert "1 Jan" in daemon.wait_for("new configuration, from the next night on")
        until(lambda: all(run.finished for run in house.runs()))
        many = len(house.finished())
        daemon.signal(signal.SIGUSR1)
        until(lambda: len(house.finished()) > many)
        asked_for = house.finished()[-1]
        assert (asked_for.due, asked_for.exit_code) == (None, 0)
        assert house.titles() == ["New: Set theory"] * 4
        assert daemon.end() == 0
        assert "Traceback" not in daemon.said()


def test_a_long_night_is_left_alone_by_the_next_start_ends_in_time_when_asked_to_and_the_next_night_finishes_it(
    tmp_path: Path, sandbox: SandboxProcess, systemd: Systemd
) -> None:
    house = House(tmp_path, sandbox, modules=[f"COMP{number}" for number in range(101, 121)])
    house.configure(OFTEN)
    sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 0.7, "count": 0})
    with DaemonProcess(house, environment=systemd.environment) as daemon:
        daemon.wait_for("the night is still at work and is left alone")
        systemd.wait_for("STATUS=night of ")
        until(lambda: len(house.titles()) >= 4)
        begun = datetime.now(UTC)
        assert daemon.end() == 0
        assert datetime.now(UTC) - begun < timedelta(seconds=10)
        assert any(line.startswith("STATUS=night of") and "writing" in line for line in systemd.listen())
    (cut,) = house.runs()
    stands = len(house.titles())
    assert cut.exit_code == 1
    assert cut.finished is not None
    assert 4 <= stands < 40
    assert house.written() == {cut.id: stands}
    assert house.ask("SELECT count(*) FROM ledger") == [(stands,)]

    sandbox.client.clear_faults()
    with DaemonProcess(house) as daemon:
        until(lambda: len(house.finished()) >= 2)
        assert daemon.end() == 0
    assert house.titles() == ["Logic"] * 40
    finished = house.finished()[1]
    assert finished.exit_code == 0
    assert house.written() == {cut.id: stands, finished.id: 40 - stands}
    assert all(one.finished is not None and one.finished <= later.started for one, later in pairwise(house.finished()))


#: Every night is killed as it begins, for as long as the file is there. Python imports this before all else.
KILLS = """
import os, signal, sys
if "--by-daemon" in sys.orig_argv and os.path.exists("deadly"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_night_that_crashes_is_begun_again_and_given_up_after_three_times_but_the_next_start_is_not(house: House) -> None:
    (house.folder / "sitecustomize.py").write_text(KILLS, "utf-8")
    (house.folder / "deadly").touch()
    path = os.pathsep.join([str(house.folder), house.environment()["PYTHONPATH"]])
    soon = "import timetable_sync.daemon.daemon as daemon; daemon.AGAIN = 0.5"
    with DaemonProcess(house, environment={"PYTHONPATH": path}, script=soon) as daemon:
        daemon.wait_for("ready")
        once = datetime.now(UTC) + timedelta(seconds=8)
        house.configure(f"{once:%S %M %H} * * *", schedule='time_zone = "UTC"')
        daemon.signal(signal.SIGHUP)
        said = daemon.wait_for("the night is given up")
        assert said.count("killed by signal 9") == 3
        assert house.runs() == []

        (house.folder / "deadly").unlink()
        house.configure(OFTEN)
        daemon.signal(signal.SIGHUP)
        until(house.finished)
        assert house.titles() == ["Logic"] * 4
        assert daemon.end() == 0
