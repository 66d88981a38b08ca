"""Whether a process lives, and never a guess."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from timetable_sync.state.process import Process, surely_dead, this_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux's /proc tells; elsewhere nothing is concluded")


@pytest.fixture
def ours() -> Process:
    return this_process()


def test_we_are_alive(ours: Process) -> None:
    assert ours.pid == os.getpid()
    assert ours.place
    assert ours.born
    assert not surely_dead(ours)


def test_a_process_that_was_killed_is_dead_even_before_its_parent_knows(ours: Process) -> None:
    child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True);import time;time.sleep(60)"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    fields = child_stat(child.pid)
    there = replace(ours, pid=child.pid, born=fields)
    assert not surely_dead(there)
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, not collected: a zombie
    assert surely_dead(there)
    child.wait()
    child.stdout.close()
    assert surely_dead(there)


def child_stat(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - as anyone would look it up
        return stat.read().rpartition(")")[2].split()[19]


def test_an_id_that_was_given_out_again_is_not_the_old_process(ours: Process) -> None:
    assert surely_dead(replace(ours, born="1"))


def test_of_another_machine_boot_or_container_nothing_is_concluded(ours: Process) -> None:
    assert not surely_dead(replace(ours, pid=2**22 - 1, place="another boot pid:[1]"))
    assert not surely_dead(replace(ours, pid=2**22 - 1, place=""))
    assert not surely_dead(replace(ours, pid=2**22 - 1, born=""))


def test_a_process_of_somebody_else_is_not_taken_for_dead(ours: Process) -> None:
    assert not surely_dead(replace(ours, pid=1, born=child_stat(1)))
