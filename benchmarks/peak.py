"""The most memory that this process ever held, told by itself at its end."""

import resource
import sys
from contextlib import suppress
from pathlib import Path


def peak_megabytes() -> float:
    """Megabytes (10^6 bytes). Linux tells it of this program alone; ``getrusage`` also of what stood in its place before exec."""
    with suppress(OSError, StopIteration):
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6
