"""What this process may leave behind when it dies in a way that nobody foresaw: one redacted line, and no picture of its memory.

The memory of a night holds the key and its tokens, so the system is to keep no core dump of it. Python's own last words are tracebacks
with whatever an error says, past the log and its redaction: of threads, of destructors, and of what is no Exception.
"""

import sys
import threading
from types import TracebackType
from typing import Any

import structlog

from timetable_sync.cli.output import complain

log = structlog.stdlib.get_logger(__name__)

_Error = type[BaseException]


def watch_last_words() -> None:
    """From now on, for this process; its children inherit that they leave no core dump."""
    _without_core_dumps()
    sys.excepthook = _of_the_process
    threading.excepthook = _of_a_thread
    sys.unraisablehook = _of_nobody


def _without_core_dumps() -> None:
    """A limit of 1 byte: below what a dump takes, and to Linux also the sign that none is piped to a program, for which 0 is no limit.

    https://man7.org/linux/man-pages/man5/core.5.html; do_coredump() in fs/coredump.c. Who needs a dump raises it: prlimit --core.
    """
    try:
        import resource  # noqa: PLC0415 - Unix has it
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    wanted = 1 if sys.platform == "linux" and hard != 0 else 0
    resource.setrlimit(resource.RLIMIT_CORE, (wanted, hard))


def _of_the_process(kind: _Error, error: BaseException, trace: TracebackType | None) -> None:
    log.debug("unexpected error", exc_info=(kind, error, trace))
    complain(f"unexpected {kind.__name__}: {str(error).strip() or 'no further words'}")


def _of_a_thread(given: Any) -> None:
    """A ``threading.ExceptHookArgs``. A thread that is asked to end does so without a word, as is Python's way."""
    if given.exc_type is not SystemExit:
        where = "" if given.thread is None else given.thread.name
        log.error("unexpected error in a thread", thread=where, exc_info=(given.exc_type, given.exc_value, given.exc_traceback))


def _of_nobody(given: Any) -> None:
    """A ``sys.UnraisableHookArgs``: of a destructor or a callback, where nobody could catch it.

    Its object is not shown, as a repr may say anything.
    """
    log.warning("unexpected error in passing", exc_info=(given.exc_type, given.exc_value, given.exc_traceback))
