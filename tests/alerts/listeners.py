"""A real mail server and a real HTTP listener, each in a thread of the test's own; they keep what they were sent."""

import asyncio
import email
import email.policy
import json
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP


class _Inbox:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return "451 4.3.0 try again later"
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 taken"


@dataclass
class MailServer:
    port: int
    inbox: _Inbox

    @property
    def letters(self) -> list[EmailMessage]:
        return self.inbox.letters

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]

    def text(self, at: int = -1) -> str:
        body = self.letters[at].get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@contextmanager
def mail_server(from_the_first_byte: ssl.SSLContext | None = None, **options: Any) -> Iterator[MailServer]:
    """``options`` are those of aiosmtpd's SMTP. With a context it speaks nothing but TLS (RFC 8314, 3.3)."""
    inbox, loop = _Inbox(), asyncio.new_event_loop()
    # It warns of its own use of a name that it means to drop.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    made = loop.create_server(lambda: SMTP(inbox, hostname="test", loop=loop, **options), "127.0.0.1", 0, ssl=from_the_first_byte)
    server = loop.run_until_complete(made)
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield MailServer(server.sockets[0].getsockname()[1], inbox)
    finally:
        server.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


@dataclass
class Listener:
    port: int
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.posts]

    def json(self, at: int = -1) -> Any:
        return json.loads(self.posts[at][2])


@contextmanager
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.posts.append((self.path, dict(self.headers), body))
            self.send_response(heard.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listener(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
