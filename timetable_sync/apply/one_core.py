"""A night on one core: its threads take turns at the interpreter, and each turn on another core begins with cold caches.

Python's threads work one at a time (https://docs.python.org/3/glossary.html#term-global-interpreter-lock); they are there because
most of a request is waiting. Spread over cores they hand the interpreter from one to the other many times a request. On two cores a
look at a stamp took up to twice the CPU time that it takes on one, and the night no less time by the clock (docs/performance.md). Other
programs are moved out of the way by the system's scheduler, which may put them on any core; but not another night that is kept on the
same one, so it can be switched off.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

_log = structlog.stdlib.get_logger(__name__)

#: Its field 39 is the core that the thread is on: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
_THREAD = Path("/proc/thread-self/stat")
_CORE, _BEFORE_STATE = 39, 3


@contextmanager
def on_one_core(wanted: bool = True) -> Iterator[None]:
    """This thread, and those that it starts, stay on one core: the one that it is on now. Left, this thread may go where it could before.

    Only Linux lets a thread be kept so. Elsewhere, where the system refuses, and unless it is ``wanted``, nothing is changed.
    """
    allowed = _allowed() if wanted else set[int]()
    if len(allowed) < 2:
        yield
        return
    try:
        os.sched_setaffinity(0, {_present(allowed)})
    except OSError as error:
        _log.debug("not kept on one core", reason=str(error))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)


def _allowed() -> set[int]:
    """The cores that this thread may be on; none where that cannot be told or changed."""
    if sys.platform != "linux":
        return set()
    with suppress(OSError):
        return os.sched_getaffinity(0)
    return set()


def _present(allowed: set[int]) -> int:
    """The core that this thread is on."""
    with suppress(OSError, ValueError, IndexError):
        # The second field is a name in brackets, in which anything may stand.
        core = int(_THREAD.read_text("utf-8", "replace").rpartition(")")[2].split()[_CORE - _BEFORE_STATE])
        if core in allowed:
            return core
    return min(allowed)
