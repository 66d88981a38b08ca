"""A relay between a night and the sandbox that strikes the night at one of its requests, and keeps requests back as the service may.

What it keeps back is carried out by the service once as much time has passed as the service took for it. That time passes where a night
says that it waits for it (:data:`PAUSES`), and costs none: so nothing here depends on how fast the machine is.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

_OPERATION = re.compile(rb"<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)")
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)

#: Operations that change something in a calendar.
WRITES = ("CreateItem", "UpdateItem", "DeleteItem")

#: The environment variable with the URL at which a night says for how many seconds it is about to wait.
PAUSES = "SAYS_ITS_PAUSES_TO"
_PAUSE = re.compile(rb"POST /pause/([\d.]+) ")
PAUSE = "a pause"

#: So long, in seconds, the service may go on with what it was sent: the time-out and a minute, less what a slow machine may take.
LONGEST = 170.0


class Moment(StrEnum):
    """When, in the life of a request."""

    LOST = "before the service got it"
    LATE = "before the service got it, which does the work as late as it may"
    BEFORE = "before the work, which is then done"
    AFTER = "after the work"
    DURING = "during the answer"
    ANSWERED = "after the answer"


@dataclass
class Order:
    """Kill at the ``nth`` request (0: at none) of those that are let pass from now on. ``hit`` is the operation that it struck.

    Where the night ``lives`` on after what is done to it, its connection does so too, but for a request whose answer is missing.
    """

    nth: int
    moment: Moment
    kill: Callable[[], None]
    lives: bool = False
    lateness: float = LONGEST
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
        self._passed = 0.0
        self._late: list[tuple[float, bytes]] = []
        #: Told of the seconds of each pause before they have passed.
        self.pausing: Callable[[float], None] = lambda _: None
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

    def lets_pass(self, seconds: float) -> None:
        """So much time passes: what is due by then, the service carries out."""
        with self._lock:
            self._passed += seconds
            due = [asked for at, asked in self._late if at <= self._now()]
            self._late = [one for one in self._late if one[0] > self._now()]
        for asked in due:
            with socket.create_connection(self._to, timeout=120) as far:
                far.sendall(asked)
                _message(far)

    def lets_all_be_done(self) -> None:
        """All that the service was sent."""
        self.quiet()
        self.lets_pass(2 * LONGEST)

    def forgets(self) -> None:
        """What is kept back is never carried out."""
        with self._lock:
            self._late = []

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
                near.sendall(self._answer(far, asked))
                return True
            return self._struck_there(near, far, asked, order)
        finally:
            with self._lock:
                self._busy -= 1

    def _struck_there(self, near: socket.socket, far: socket.socket, asked: bytes, order: Order) -> bool:
        """Whether the connection lives on."""
        if _PAUSE.match(asked):
            order.kill()
            near.sendall(self._answer(far, asked))
            return True
        if order.moment is Moment.LATE:
            with self._lock:
                self._late.append((self._now() + order.lateness, asked))
        if order.moment in (Moment.LOST, Moment.LATE):
            order.kill()
            return False
        if order.moment is Moment.BEFORE:
            order.kill()
        answer = self._answer(far, asked)
        if order.moment is Moment.AFTER:
            order.kill()
        if order.moment is Moment.DURING:
            near.sendall(answer[: len(answer) // 2])
            order.kill()
            return False
        if order.lives or order.moment is Moment.ANSWERED:
            near.sendall(answer)
        if order.moment is Moment.ANSWERED:
            order.kill()
        return order.lives

    def _answer(self, far: socket.socket, asked: bytes) -> bytes:
        if pause := _PAUSE.match(asked):
            self.pausing(float(pause[1]))
            self.lets_pass(float(pause[1]))
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        far.sendall(asked)
        return _message(far) or b""

    def _now(self) -> float:
        return time.monotonic() + self._passed


def _operation(asked: bytes) -> str:
    if found := _OPERATION.search(asked):
        return found[1].decode()
    if _PAUSE.match(asked):
        return PAUSE
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
