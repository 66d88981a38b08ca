"""Time-outs that do not depend on how busy the machine is: a request's time is over when its answer is held back, and not before.

The sandbox, or the proxy, says how many answers it has held back so far. What is asked for while that number grows has waited for as long
as its time-out lets it, by our own clock at once; what only takes its time has not.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter

from timetable_sync.network.adapter import VerifyingAdapter

#: Seconds between two looks.
_LOOKS = 0.02

#: Later than any time-out.
_OVER = 1e9


class _Asking(threading.local):
    """What a thread asks for: ``before`` is how many answers had been held back when it began; None while it asks for nothing."""

    before: tuple[int, int] | None = None
    sending = False


@contextmanager
def only_held_answers_time_out(held: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """Within it, the product's requests time out when ``held`` gives more than it did: answers that fell silent, and that never end.

    For one request at a time: it is not known whose answer is held back.
    """
    asking = _Asking()
    send, send_any = VerifyingAdapter.send, HTTPAdapter.send
    readinto, do_handshake = socket.SocketIO.readinto, ssl.SSLSocket.do_handshake

    def grown(which: int) -> bool:
        before, asking.before = asking.before, None
        try:
            return before is not None and held()[which] > before[which]
        finally:
            asking.before = before

    def sent(adapter: VerifyingAdapter, *given: Any, **named: Any) -> requests.Response:
        asking.before, asking.sending = None, True
        asking.before = held()
        try:
            return send(adapter, *given, **named)
        finally:
            asking.sending = False

    def sent_by_any(adapter: HTTPAdapter, *given: Any, **named: Any) -> requests.Response:
        if not isinstance(adapter, VerifyingAdapter):
            # It is the test that asks.
            asking.before = None
        return send_any(adapter, *given, **named)

    def read(stream: socket.SocketIO, buffer: Any) -> int | None:
        one: socket.socket = stream._sock  # type: ignore[attr-defined]  # nobody else has it
        if asking.before is None or one.gettimeout() is None:
            return readinto(stream, buffer)
        timeout = one.gettimeout()
        one.settimeout(_LOOKS)
        try:
            # Not by looking whether something has come: of TLS that may be no byte of an answer, as a session's ticket is none.
            while True:
                try:
                    return one.recv_into(buffer)
                except TimeoutError:
                    if grown(0):
                        raise
        finally:
            one.settimeout(timeout)

    def shaken(one: ssl.SSLSocket, block: bool = False) -> None:
        timeout = one.gettimeout()
        if asking.before is None or not timeout:
            return do_handshake(one, block)
        one.settimeout(_LOOKS)
        try:
            while True:
                try:
                    return do_handshake(one, block)
                except TimeoutError:
                    if grown(0):
                        raise
        finally:
            one.settimeout(timeout)

    class Clock:
        """An answer's whole time is over when it drips."""

        @staticmethod
        def monotonic() -> float:
            return _OVER if not asking.sending and grown(1) else 0.0

    with (
        patch.object(VerifyingAdapter, "send", sent),
        patch.object(HTTPAdapter, "send", sent_by_any),
        patch.object(socket.SocketIO, "readinto", read),
        patch.object(ssl.SSLSocket, "do_handshake", shaken),
        patch("timetable_sync.network.adapter.time", Clock),
    ):
        yield
