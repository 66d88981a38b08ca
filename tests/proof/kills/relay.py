"""A relay between a night and the sandbox that kills the night at one of its requests, and says nothing more to it."""

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

_OPERATION = re.compile(rb"<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)")
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


class Moment(StrEnum):
    """When, in the life of a request."""

    LOST = "before the service got it"
    BEFORE = "before the work, which is then done"
    AFTER = "after the work"
    DURING = "during the answer"
    ANSWERED = "after the answer"


@dataclass
class Order:
    """Kill at the ``nth`` request (0: at none) of those that are let pass from now on. ``hit`` is the operation that it struck."""

    nth: int
    moment: Moment
    kill: Callable[[], None]
    seen: int = 0
    hit: str = ""
    passed: list[str] = field(default_factory=list)


class Relay:
    """Listens on a port of its own and hands on to ``port``; a connection there for each here."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._lock = threading.Lock()
        self._busy = 0
        self._order: Order | None = None
        #: What went wrong in the relay itself: then nothing that it says is worth anything.
        self.broken = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def arm(self, order: Order) -> None:
        """From now on this holds."""
        with self._lock:
            self._order = order

    def quiet(self) -> None:
        """Returns when the service has answered all that it was asked. Raises RuntimeError where the relay is broken."""
        while True:
            if self.broken:
                raise RuntimeError(self.broken)
            with self._lock:
                if not self._busy:
                    return
            time.sleep(0.002)

    def close(self) -> None:
        """No more connections."""
        self._listening.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far: socket.socket | None = None
            try:
                while (asked := _message(near)) is not None:
                    if far is None:
                        far = socket.create_connection(self._to, timeout=120)
                        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if not self._handed_on(near, far, asked):
                        return
            except OSError:
                return  # the night is dead, or has enough
            except Exception as error:
                self.broken = f"{type(error).__name__}: {error}"
                raise
            finally:
                if far is not None:
                    far.close()

    def _handed_on(self, near: socket.socket, far: socket.socket, asked: bytes) -> bool:
        """Whether the night may go on."""
        with self._lock:
            self._busy += 1
            order, due = self._order, False
            if order is not None:
                order.seen += 1
                due = order.seen == order.nth
                order.passed.append(_operation(asked))
                order.hit = order.passed[-1] if due else order.hit
        try:
            if order is None or not due:
                far.sendall(asked)
                near.sendall(_message(far) or b"")
                return True
            self._killed_there(near, far, asked, order)
            return False
        finally:
            with self._lock:
                self._busy -= 1

    @staticmethod
    def _killed_there(near: socket.socket, far: socket.socket, asked: bytes, order: Order) -> None:
        if order.moment is Moment.LOST:
            order.kill()
            return
        if order.moment is Moment.BEFORE:
            order.kill()
        far.sendall(asked)
        answer = _message(far) or b""
        if order.moment is Moment.BEFORE:
            return
        if order.moment is Moment.DURING:
            near.sendall(answer[: len(answer) // 2])
        if order.moment is Moment.ANSWERED:
            near.sendall(answer)
        order.kill()


def _operation(asked: bytes) -> str:
    if found := _OPERATION.search(asked):
        return found[1].decode()
    return asked.split(b" ", 2)[1].decode().rpartition("/")[2]


def _message(one: socket.socket) -> bytes | None:
    """A whole HTTP message; None where the connection ended. Lengths are given, on either side: chunks would be a mistake in here."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = one.recv(65_536)
        if not more:
            return None
        data += more
    head = data.partition(b"\r\n\r\n")[0]
    found = _LENGTH.search(head)
    whole = len(head) + 4 + (int(found[1]) if found else 0)
    if found is None and (b"chunked" in head.lower()):
        raise RuntimeError("a message in chunks")
    while len(data) < whole:
        more = one.recv(65_536)
        if not more:
            return None
        data += more
    return data
