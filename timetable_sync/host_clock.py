"""A clock of this host that nobody sets, and what tells whether another process read the same one.

The wall clock steps: by NTP, by hand, after a battery died. Seconds since the machine booted, sleep included, do not
(https://man7.org/linux/man-pages/man2/clock_gettime.2.html, CLOCK_BOOTTIME); but they mean something to another process only within
the same boot and time namespace (https://man7.org/linux/man-pages/man7/time_namespaces.7.html).
"""

import time
from pathlib import Path


def seconds() -> float:
    """Since this machine booted, sleep included where there is such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def boot() -> str:
    """This boot's own name; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def name() -> str:
    """What those have in common whose seconds are the same; empty where the system does not tell."""
    booted = boot()
    try:
        return f"{booted} {Path('/proc/self/ns/time').readlink()}" if booted else ""
    except FileNotFoundError:
        return booted  # before Linux 5.6 there is one time for all
    except OSError:
        return ""
