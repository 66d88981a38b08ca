"""HTTP/1.1 by hand: one POST after the other over a kept-alive connection; an answer is held back as long as the set latency."""

import asyncio
import gzip
import re
from email.utils import formatdate

from benchmarks.exchange.control import Control

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_REASONS = {200: "OK", 404: "Not Found", 500: "Internal Server Error"}


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end])
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        status, kind, content, held = self._control.answer(head, body)
        encoding = ""
        if self._control.gzip and b"gzip" in head and kind.startswith("text/xml"):
            content, encoding = gzip.compress(content, 1), "Content-Encoding: gzip\r\n"
        start = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nDate: {formatdate(usegmt=True)}\r\n"
            f"{encoding}Content-Length: {len(content)}\r\n\r\n"
        )
        answer = start.encode() + content
        if held:
            self._control.came(len(head) + 4 + len(body), len(answer))
        if held and self._control.latency:
            asyncio.get_running_loop().call_later(self._control.latency, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
