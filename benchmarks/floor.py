"""The least that it can take: requests as ready-made bytes over kept-alive connections, as many at once; answers are thrown away.

Arguments: a file for notes, host, port, how many at once, the file of requests (each after four bytes of its length). Requests to
one mailbox are sent one after another, as nobody may write to one twice at a time.
"""

import json
import re
import socket
import sys
import threading
import time
from collections import deque
from pathlib import Path

from benchmarks.peak import peak_megabytes

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_MAILBOX = re.compile(rb"x-anchormailbox: *([^\r]+)", re.IGNORECASE)


def _requests(file: Path) -> list[deque[bytes]]:
    """One queue a mailbox."""
    content, at = file.read_bytes(), 0
    found: dict[bytes, deque[bytes]] = {}
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        request = content[at + 4 : at + 4 + length]
        at += 4 + length
        anchor = _MAILBOX.search(request)
        found.setdefault(anchor[1] if anchor else b"", deque()).append(request)
    return list(found.values())


class _Senders:
    def __init__(self, host: str, port: int, requests: list[deque[bytes]]) -> None:
        self._where = (host, port)
        self._waiting = deque(requests)
        self._lock = threading.Lock()

    def work(self) -> None:
        """Until nothing waits: take a mailbox, send its next request, put it back."""
        with socket.create_connection(self._where) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                with self._lock:
                    if not self._waiting:
                        return
                    mailbox = self._waiting.popleft()
                connection.sendall(mailbox.popleft())
                _discard(connection)
                if mailbox:
                    with self._lock:
                        self._waiting.append(mailbox)


def _discard(connection: socket.socket) -> None:
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65_536)
        if not more:
            raise ConnectionError("the server hung up")
        received += more
    length = _LENGTH.search(received)
    left = (int(length[1]) if length else 0) - (len(received) - end - 4)
    while left > 0:
        left -= len(connection.recv(min(left, 1_048_576)))


def _main() -> None:
    notes, host, port, at_once, file = sys.argv[1:]
    begun, start = time.time(), time.process_time()
    senders = _Senders(host, int(port), _requests(Path(file)))
    threads = [threading.Thread(target=senders.work) for _ in range(int(at_once))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {"peak": peak_megabytes(), "phases": {"start": start}, "begun": begun, "at_once": len(threads)}
    Path(notes).write_text(json.dumps(told))


if __name__ == "__main__":
    _main()
