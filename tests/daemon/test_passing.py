"""What passes ends no daemon: it is said, tried again, told where it lasts, and the night that was due is run."""

import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.listeners import listener
from tests.daemon.house import DaemonProcess, House, until
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.long]

SOON = "import timetable_sync.daemon.daemon as daemon; daemon.AGAIN = 0.5\n"
OFTEN = "*/3 * * * * *"
IN_THE_WAY = "something is in the way"


def due_soon(house: House, daemon: DaemonProcess, **more: str) -> None:
    """A night is due in some seconds, and not again."""
    once = datetime.now(UTC) + timedelta(seconds=4)
    more["schedule"] = f'time_zone = "UTC"\n{more.get("schedule", "")}'
    house.configure(f"{once:%S %M %H} * * *", **more)
    daemon.signal(signal.SIGHUP)
    daemon.wait_for("new configuration")


def done(house: House, daemon: DaemonProcess, *, code: int = 0) -> None:
    until(lambda: house.finished() and house.finished()[-1].exit_code == code)
    assert house.titles() == ["Logic"] * 4
    assert daemon.process.poll() is None
    assert daemon.end() == 0
    assert "Traceback" not in daemon.said()


def with_a_password(house: House) -> Path:
    """The state database gets one: SQLite does not mind, and it is read like any other."""
    text = house.configuration.read_text("utf-8")
    house.configuration.write_text(text.replace("[state]\n", '[state]\npassword = { file = "password.txt" }\n'), "utf-8")
    password = house.folder / "password.txt"
    password.touch(0o600)
    password.write_text("open sesame", "utf-8")
    return password


def test_a_password_that_cannot_be_read_for_a_moment_costs_no_night_and_people_are_told_where_that_lasts(house: House) -> None:
    password = with_a_password(house)
    script = f"{SOON}import timetable_sync.daemon.problems as troubles; troubles.LASTS = 1.0\n"
    with listener() as heard, DaemonProcess(house, script=script) as daemon:
        daemon.wait_for("ready")
        more = f'[webhook]\naddress = "{heard.address}/hook"\n'
        once = datetime.now(UTC) + timedelta(seconds=6)
        house.configure(f"{once:%S %M %H} * * *", schedule='time_zone = "UTC"', more=more)
        with_a_password(house)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("new configuration")
        away = password.rename(house.folder / "away.txt")
        said = daemon.wait_for(IN_THE_WAY)
        assert "password.txt cannot be read: No such file or directory" in said
        until(lambda: heard.posts)
        time.sleep(2)
        assert len(heard.posts) == 1, "it is told once"
        assert b"no night can be begun" in heard.posts[0][2]
        assert daemon.said().count(IN_THE_WAY) == 1, "and said once"
        away.rename(password)
        done(house, daemon)
        assert "what was in the way is over" in daemon.said()


def test_a_password_that_cannot_be_read_yet_is_waited_for_and_one_that_never_can_is_refused(house: House) -> None:
    password = with_a_password(house)
    away = password.rename(house.folder / "away.txt")
    with DaemonProcess(house, script=SOON) as daemon:
        daemon.wait_for(IN_THE_WAY)
        away.rename(password)
        daemon.wait_for("ready")
        assert daemon.end() == 0
    password.chmod(0o644)
    with DaemonProcess(house, script=SOON) as daemon:
        assert daemon.process.wait(30) == 2
        assert "others can read or change" in daemon.said()


def test_a_night_that_cannot_read_its_key_or_keep_its_report_is_begun_again_until_it_can(house: House) -> None:
    key = house.folder / "timetable-sync-key.pem"
    with DaemonProcess(house, script=SOON) as daemon:
        daemon.wait_for("ready")
        away = key.rename(house.folder / "away.pem")
        (house.folder / "reports").write_text("no folder", "utf-8")
        due_soon(house, daemon, more='[report]\ndirectory = "reports/here"\n')
        until(lambda: daemon.said().count("report.directory") >= 3)
        (house.folder / "reports").unlink()
        until(lambda: "timetable-sync-key.pem" in daemon.said())
        away.rename(key)
        done(house, daemon)
        assert "given up" not in daemon.said()


#: No process can be started for as long as the file is there.
NO_MORE_PROCESSES = """
import errno, os, subprocess
_popen = subprocess.Popen
def refused(*given, **named):
    if os.path.exists("full"):
        raise OSError(errno.{what}, os.strerror(errno.{what}))
    return _popen(*given, **named)
subprocess.Popen = refused
"""


@pytest.mark.parametrize("what", ["EAGAIN", "ENOMEM"])
def test_a_machine_that_lets_no_process_be_started_is_asked_again(house: House, what: str) -> None:
    (house.folder / "full").touch()
    with DaemonProcess(house, script=NO_MORE_PROCESSES.format(what=what) + SOON) as daemon:
        daemon.wait_for("ready")
        due_soon(house, daemon)
        daemon.wait_for(IN_THE_WAY)
        # One that somebody asks for is not forgotten either.
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for("asked for a night now")
        (house.folder / "full").unlink()
        until(lambda: len(house.finished()) == 2)
        assert [run.due is None for run in house.finished()] == [True, False]
        done(house, daemon)


def test_a_configuration_that_cannot_be_read_for_a_moment_is_taken_once_it_can(house: House) -> None:
    with DaemonProcess(house, script=SOON) as daemon:
        daemon.wait_for("ready")
        house.configure(OFTEN)
        away = house.configuration.rename(house.folder / "away.toml")
        daemon.signal(signal.SIGHUP)
        assert "cannot be read: No such file" in daemon.wait_for("the new configuration is refused, the old one stays")
        time.sleep(2)
        assert daemon.said().count("the new configuration is refused") == 1
        away.rename(house.configuration)
        daemon.wait_for("new configuration, from the next night on")
        done(house, daemon)


def test_a_port_for_metrics_that_somebody_has_keeps_no_night_from_being_run(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        house.configure(OFTEN, more=f'[metrics]\nlisten = "127.0.0.1:{somebody.getsockname()[1]}"\n')
        with DaemonProcess(house, script=SOON) as daemon:
            assert "nothing can listen at" in daemon.wait_for("no metrics")
            done(house, daemon)


#: The loop trips over a mistake for as long as the file is there.
TRIPS = """
import os
import timetable_sync.daemon.daemon as daemon
_tell = daemon.Daemon._tell
def tell(self):
    if os.path.exists("stone"):
        raise ZeroDivisionError("somebody's mistake")
    _tell(self)
daemon.Daemon._tell = tell
"""


def test_a_mistake_of_ours_in_the_loop_ends_neither_the_daemon_nor_its_nights(house: House) -> None:
    with DaemonProcess(house, script=TRIPS + SOON) as daemon:
        daemon.wait_for("ready")
        (house.folder / "stone").touch()
        daemon.wait_for("ZeroDivisionError: somebody's mistake")
        house.configure(OFTEN)
        daemon.signal(signal.SIGHUP)
        done(house, daemon)


#: The daemon's clock, and its scheduler's, are so many seconds ahead as the file says. Its nights have a clock of their own.
WRONG_CLOCK = """
import datetime, time
import apscheduler.schedulers.base as base
import timetable_sync.daemon.daemon as daemon
_time = time.time
def ahead():
    with open("ahead") as file:
        return float(file.read() or 0)
time.time = lambda: _time() + ahead()
class Ahead(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=ahead())
daemon.datetime = base.datetime = Ahead
"""
YEAR = 365 * 86_400


def test_a_clock_that_was_a_year_ahead_and_is_set_right_costs_no_night(house: House) -> None:
    (house.folder / "ahead").write_text(str(YEAR))
    house.configure(OFTEN)
    with DaemonProcess(house, script=WRONG_CLOCK + SOON) as daemon:
        until(lambda: any(run.due is not None and run.due - run.started > timedelta(days=300) for run in house.finished()))
        (house.folder / "ahead").write_text("0")
        assert f"by={-YEAR:+.0f}" in daemon.wait_for("the clock was set").replace('"', "")
        until(lambda: any(run.due is not None and abs(run.due - run.started) < timedelta(minutes=1) for run in house.finished()))
        assert daemon.end() == 0


def test_a_night_that_hangs_counts_for_nothing_and_is_begun_again_though_it_ended_in_good_order(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    house = House(tmp_path, sandbox)
    with DaemonProcess(house, script=SOON) as daemon:
        daemon.wait_for("ready")
        sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 20})
        due_soon(house, daemon, schedule='stalled = "9 seconds"\nstop_within = "60 seconds"')
        daemon.wait_for("the night hangs and is ended")
        said = daemon.wait_for("run 1 began it on")
        assert "killed by signal" not in said
        assert "gave no sign of getting on" in said
        done(house, daemon)
        assert house.runs()[0].finished is None
    sandbox.client.clear_faults()


def test_a_night_that_waits_as_it_was_told_to_is_not_taken_for_hung_whatever_its_others_do(tmp_path: Path, sandbox: SandboxProcess) -> None:
    house = House(tmp_path, sandbox)
    with DaemonProcess(house, script=SOON) as daemon:
        daemon.wait_for("ready")
        # Exchange asks for 25 seconds, and answers another calendar two seconds later; one that is silent for nine is hung.
        one, another = house.address("COMP101"), house.address("MATH101")
        sandbox.client.set_fault({"what": "http", "status": 429, "retry_after": 25, "operation": "FindItem", "mailbox": one})
        sandbox.client.set_fault({"what": "latency", "seconds": 2, "operation": "FindItem", "mailbox": another})
        text = 'time_zone = "UTC"\nstalled = "9 seconds"'
        once = datetime.now(UTC) + timedelta(seconds=4)
        house.configure(f"{once:%S %M %H} * * *", schedule=text)
        configuration = house.configuration.read_text("utf-8")
        house.configuration.write_text(configuration.replace("calendars_at_once = 1", "calendars_at_once = 2"), "utf-8")
        daemon.signal(signal.SIGHUP)
        done(house, daemon)
        assert "hangs" not in daemon.said()
    sandbox.client.clear_faults()
