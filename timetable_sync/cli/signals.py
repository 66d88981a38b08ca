"""Ctrl-C and SIGTERM: the first asks the night to end after the batches in flight, the second ends it at once.

Python runs a signal's handler in the main thread, between two of its instructions: never while that thread waits in a database driver
written in C, such as SQLite's in the midst of a long query. So the handlers do nothing, and a thread listens to the byte that Python's
own part of every handler, which runs at once, writes for it (``signal.set_wakeup_fd``).
"""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: 128 + SIGINT, as shells have it.
EXIT_CODE = 130

_ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
_FIRST = b"\ntimetable-sync: ending after what is in flight; once more ends at once\n"
_SECOND = b"\x1b[?25h\ntimetable-sync: ended at once; the next night will find what is done and what is not\n"


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """While it lasts, signals set ``stop``. Only in the main thread; elsewhere it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, listened = socket.socketpair()
    ours.setblocking(False)
    listener = threading.Thread(target=_listen, args=(listened, stop), name="signals", daemon=True)
    listener.start()
    wakeup_before = signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _woken) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        ours.close()
        listener.join()
        listened.close()


def _woken(_: int, __: FrameType | None) -> None:
    """There has to be a handler for a byte to be written."""


def _listen(wakened: socket.socket, stop: threading.Event) -> None:
    while numbers := wakened.recv(1):
        if numbers[0] not in _ENDING:
            continue
        # Straight to the descriptor: whoever was interrupted may hold the locks of streams, of the log or of the progress bar.
        if stop.is_set():
            _say(_SECOND if os.isatty(2) else _SECOND.removeprefix(b"\x1b[?25h"))
            # Worker threads would be waited for by any gentler way out; the calendars' markers make this safe at any point.
            os._exit(EXIT_CODE)
        stop.set()
        _say(_FIRST)


def _say(message: bytes) -> None:
    with suppress(OSError):
        os.write(2, message)
