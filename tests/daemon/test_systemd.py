"""What the daemon, as a process, tells systemd; and when it does not."""

import signal
import time

import pytest

from tests.daemon.house import PATIENCE, DaemonProcess, House, Systemd

pytestmark = pytest.mark.slow

#: The scheduler's own thread is stuck in a job, as soon as the first start comes.
HANGS = """
import sys, time
from timetable_sync.daemon.daemon import Daemon
def hang(self):
    print("the scheduler hangs", file=sys.stderr, flush=True)
    time.sleep(3600)
Daemon._start_has_come = hang
"""
IMPATIENT = "import timetable_sync.daemon.daemon as daemon; daemon.AGAIN = 1.0"


def test_it_is_ready_only_once_configuration_databases_and_schedule_stand(house: House, systemd: Systemd) -> None:
    timetable = house.folder / "timetable.db"
    timetable.rename(house.folder / "away.db")
    with DaemonProcess(house, environment=systemd.environment, script=IMPATIENT) as daemon:
        assert "not ready yet" in systemd.wait_for("STATUS=")
        # A new configuration makes nobody ready either.
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("new configuration, from the next night on")
        assert not {"READY=1", "WATCHDOG=1", "RELOADING=1"} & set(systemd.listen())

        (house.folder / "away.db").rename(timetable)
        systemd.wait_for("READY=1")
        assert "1 Jan" in systemd.wait_for("STATUS=next start")
        for _ in range(3):
            systemd.wait_for("WATCHDOG=1", 8)

        before = time.monotonic_ns() // 1000
        daemon.signal(signal.SIGHUP)
        systemd.wait_for("RELOADING=1")
        assert int(systemd.wait_for("MONOTONIC_USEC=").partition("=")[2]) >= before
        systemd.wait_for("READY=1")

        daemon.signal(signal.SIGTERM)
        systemd.wait_for("STOPPING=1")
        assert daemon.process.wait(20) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("qeury = 1", "qeury"),
        ('cron = "0 2 30 2 *"', "schedule.cron never comes"),
    ],
)
def test_a_configuration_that_cannot_be_used_ends_it_in_a_line_and_never_ready(
    house: House, systemd: Systemd, wrong: str, said: str
) -> None:
    text = house.configuration.read_text("utf-8")
    house.configuration.write_text("\n".join(wrong if line.startswith("cron =") else line for line in text.splitlines()), "utf-8")
    with DaemonProcess(house, environment=systemd.environment) as daemon:
        assert daemon.process.wait(PATIENCE) == 2
        assert said in daemon.said()
        assert "Traceback" not in daemon.said()
    assert systemd.listen() == []


def test_the_watchdog_hears_nothing_more_once_the_scheduler_hangs(house: House, systemd: Systemd) -> None:
    house.configure("*/3 * * * * *")
    with DaemonProcess(house, environment=systemd.environment, script=HANGS) as daemon:
        systemd.wait_for("WATCHDOG=1")
        daemon.wait_for("the scheduler hangs")
        systemd.listen()
        assert systemd.listen(5) == []
        assert daemon.process.poll() is None


def test_a_night_that_hangs_is_ended_and_begun_again_while_the_watchdog_is_told_that_this_is_so(house: House, systemd: Systemd) -> None:
    house.configure(schedule='stalled = "8 seconds"\nstop_within = "1 second"', lease="3 seconds")
    house.sandbox.client.set_fault({"what": "latency", "seconds": 18})
    with DaemonProcess(house, environment=systemd.environment) as daemon:
        daemon.wait_for("ready")
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for("the night hangs and is ended")
        systemd.listen()
        daemon.wait_for("killed by signal 9")
        systemd.wait_for("WATCHDOG=1", 8)
        # The lease runs out with the night that was killed; the next is asked for, and does it.
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for("done, 4 created")
        assert house.titles() == ["Logic"] * 4
        assert daemon.end() == 0
