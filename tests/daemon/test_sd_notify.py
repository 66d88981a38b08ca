"""What is told to systemd, taken from a real socket."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemon.house import Systemd
from timetable_sync.daemon.sd_notify import Notifier


@pytest.fixture(params=[False, True], ids=["a socket with a file", "an abstract socket"])
def other_end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path, abstract=request.param)
    yield systemd
    systemd.close()


def test_it_tells_on_either_kind_of_socket(other_end: Systemd) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": other_end.environment["NOTIFY_SOCKET"]})
    notifier.ready("next start at two")
    notifier.alive()
    notifier.stopping("ending")
    assert other_end.listen() == ["READY=1", "STATUS=next start at two", "WATCHDOG=1", "STOPPING=1", "STATUS=ending"]


def test_a_reload_says_when_it_began_by_the_clock_that_systemd_compares_with(systemd: Systemd) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Notifier(systemd.environment).reloading()
    reloading, moment = systemd.listen()
    assert reloading == "RELOADING=1"
    assert before <= int(moment.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_status_is_one_line_and_told_when_it_is_another_than_before(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environment)
    notifier.status("writing\nREADY=1")
    notifier.status("writing\nREADY=1")
    notifier.status("done")
    assert systemd.listen() == ["STATUS=writing READY=1", "STATUS=done"]


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "300000000"}, timedelta(minutes=5)),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "7"}, timedelta(minutes=5)),
        ({"WATCHDOG_USEC": "300000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_whom_the_environment_names(environ: dict[str, str], watchdog: timedelta | None) -> None:
    assert Notifier(environ, pid=7).watchdog == watchdog


def test_nobody_there_is_no_trouble(tmp_path: Path) -> None:
    Notifier({}).ready("fine")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("fine")
