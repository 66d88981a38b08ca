"""Which process holds a lease, and whether it still lives: as far as this machine can tell, and never by guessing.

A process id alone says little: ids are used again, and mean something else in each container. So a holder is named by the machine's
boot, its namespaces of process ids and of time, its id and the moment it started, which a namespace of time shifts
(https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22).
Where Linux's /proc is not to be had, nothing is concluded and the lease's time decides.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from timetable_sync import host_clock


@dataclass(frozen=True, slots=True)
class Process:
    """``place`` names boot and namespaces, ``born`` the start within them; both are empty where they cannot be known."""

    host: str
    pid: int
    place: str
    born: str


def this_process() -> Process:
    """The one that asks."""
    pid = os.getpid()
    return Process(socket.gethostname(), pid, _place(), _born(pid) or "")


def surely_dead(process: Process) -> bool:
    """Whether it lived where we live, and does no longer. False wherever that is not certain."""
    if not process.place or not process.born or process.place != _place():
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it exists, and belongs to someone else
    born = _born(process.pid)
    # None: /proc hides other users' processes (hidepid), and it may well live. Empty: dead, and not yet collected by its parent.
    return born is not None and born != process.born


def surely_alive(process: Process) -> bool:
    """Whether it lives where we live, be it paused. False wherever that is not certain."""
    place = set(process.place.split())  # before schema 0005 it did not name the namespace of time
    return bool(place and process.born) and place <= set(_place().split()) and _born(process.pid) == process.born


def _place() -> str:
    clock = host_clock.name()
    try:
        return f"{clock} {Path('/proc/self/ns/pid').readlink()}" if clock else ""
    except OSError:
        return ""


def _born(pid: int) -> str | None:
    """The start in clock ticks since boot; empty for a zombie; None where /proc does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it, in brackets, may hold blanks and brackets
    if len(fields) < 20:
        return None
    return "" if fields[0] in ("Z", "X") else fields[19]
