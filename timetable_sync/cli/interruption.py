"""Ctrl-C and SIGTERM: the first asks the night to end after the batches in flight, the second ends it at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: 128 + SIGINT, as shells have it.
EXIT_CODE = 130

_FIRST = b"\ntimetable-sync: ending after what is in flight; once more ends at once\n"
_SECOND = b"\x1b[?25h\ntimetable-sync: ended at once; the next night will find what is done and what is not\n"


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """While it lasts, signals set ``stop``. Only in the main thread; elsewhere it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupted(_: int, __: FrameType | None) -> None:
        # Straight to the descriptor: the interrupted code may hold the locks of streams, of the log or of the progress bar.
        if stop.is_set():
            _say(_SECOND if os.isatty(2) else _SECOND.removeprefix(b"\x1b[?25h"))
            # Worker threads would be waited for by any gentler way out; the calendars' markers make this safe at any point.
            os._exit(EXIT_CODE)
        stop.set()
        _say(_FIRST)

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(message: bytes) -> None:
    with suppress(OSError):
        os.write(2, message)
