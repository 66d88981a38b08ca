"""A real forward proxy in threads of the test's own: CONNECT and plain, and everything that such a thing can do wrong.

It leads made-up names to addresses of this machine and nowhere else. With a certificate for them it looks into its tunnels, as many
networks' proxies do; else it only passes bytes.
"""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from os import dup
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import BinaryIO, Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.serving import Serving


@dataclass
class Fault:
    """What the proxy does wrong, and with which requests: ``count`` (0: all) from the ``nth`` on that fits ``operation`` and ``mailbox``.

    ``what``: the connection is "cut", or "reset" (so that not even what was sent before is sure to arrive); the request is answered by
    ``status``, or by what is "garbled"; or the proxy stays "silent" until whoever asks has had enough. ``when``: before anything is passed
    on, after the server's answer has come, or when half of its "head" or of its "body" was passed back. ``operation`` "CONNECT" is a tunnel
    that is asked for, ``mailbox`` its host; there, "after" is when the tunnel stands, and before TLS does.
    """

    what: Literal["cut", "reset", "status", "garbled", "silent"]
    when: Literal["before", "after", "head", "body"] = "before"
    status: int = 502
    operation: str = "*"
    mailbox: str = "*"
    nth: int = 1
    count: int = 1
    seen: int = 0
    struck: int = 0

    def strikes(self, operation: str, mailbox: str) -> bool:
        """Whether a request meets it; counts the request."""
        apart = "CONNECT" in (operation, self.operation) and operation != self.operation
        if apart or not fnmatchcase(operation, self.operation) or not fnmatchcase(mailbox, self.mailbox):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.count and self.struck >= self.count):
            return False
        self.struck += 1
        return True


@dataclass
class Request:
    """One request as it came to the proxy."""

    method: str
    target: str
    headers: list[bytes]
    body: bytes

    @classmethod
    def read(cls, client: socket.socket) -> "Request | None":
        """The next one; None where none comes any more. Nobody who waits for the answer to one sends another."""
        with client.makefile("rb") as file:
            return cls._read(file)

    @classmethod
    def _read(cls, file: BinaryIO) -> "Request | None":
        first = file.readline()
        headers = list(iter(file.readline, b"\r\n")) if first.strip() else []
        if not first.strip():
            return None
        method, target, _ = first.decode("latin-1").split()
        found = cls(method, target, headers, b"")
        found.body = file.read(int(found.header("Content-Length") or 0))
        return found

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        found = (line.partition(b":") for line in self.headers)
        return next((value.strip().decode("latin-1") for key, _, value in found if key.decode("latin-1").lower() == name.lower()), "")

    @property
    def operation(self) -> str:
        """As Exchange calls it, or "token", or nothing."""
        if urlsplit(self.target).path.endswith("/token"):
            return "token"
        found = re.search(rb"Body[^>]*>\s*<(?:\w+:)?(\w+)", self.body)
        return found[1].decode() if found else ""

    def for_server(self) -> bytes:
        """As a server is to have it: without what is for the proxy alone, and with what the proxy adds."""
        parts = urlsplit(self.target)
        first = f"{self.method} {parts.path}{'?' if parts.query else ''}{parts.query} HTTP/1.1\r\n".encode("latin-1")
        kept = [line for line in self.headers if not line.lower().startswith(b"proxy-")]
        return b"".join([first, *kept, b"Via: 1.1 proxy\r\n\r\n", self.body])


class ForwardProxy(Serving):
    """A context manager. ``routes`` has by host name the port of this machine that is meant; ``certificate`` is as own_authority's.

    ``asked`` has the first lines of what it was asked, with the password that came along; ``passed`` the operations that were passed on.
    """

    def __init__(self, routes: Mapping[str, int], certificate: Path | None = None) -> None:
        self.routes = routes
        self.asked: list[tuple[str, str]] = []
        self.passed: list[str] = []
        self.faults: list[Fault] = []
        #: Whether connections are kept for a next request; else each request has one of its own.
        self.keeps = True
        #: How often it fell silent.
        self.held = 0
        self._lock = threading.Lock()
        self._inside: ssl.SSLContext | None = None
        if certificate is not None:
            self._inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._inside.load_cert_chain(certificate)
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    proxy._serve(self.request)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _met(self, operation: str, mailbox: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self.faults if fault.strikes(operation, mailbox)), None)

    def _note(self, request: Request) -> None:
        with self._lock:
            self.asked.append((f"{request.method} {request.target}", request.header("Proxy-Authorization")))

    def _serve(self, client: socket.socket) -> None:
        # Else a piece of an answer may wait until the piece before it is acknowledged (RFC 1122, 4.2.3.2 and 4.2.3.4).
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = Request.read(client)
        if request is None:
            return
        if request.method != "CONNECT":
            self._carry(client, request)
            return
        self._note(request)
        host = request.target.rpartition(":")[0]
        fault = self._met("CONNECT", host)
        if fault is not None and fault.when == "before":
            self._fail(client, fault)
            return
        if host not in self.routes:
            client.sendall(_refusal(502))
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if fault is not None:
            self._fail(client, fault)
        elif self._inside is not None:
            with self._inside.wrap_socket(client, server_side=True) as inner:
                self._carry(inner, None, host)
        else:
            with socket.create_connection(("127.0.0.1", self.routes[host])) as server:
                back = threading.Thread(target=_pour, args=(server, client), daemon=True)
                back.start()
                _pour(client, server)
                back.join()

    def _carry(self, client: socket.socket, request: Request | None, host: str = "") -> None:
        """Request after request of a connection, the first of which may have been read already."""
        server: socket.socket | None = None
        try:
            while request := request or Request.read(client):
                if not host:
                    self._note(request)
                port = self.routes.get(host or urlsplit(request.target).hostname or "")
                if port is None:
                    client.sendall(_refusal(502))
                    return
                server = server or socket.create_connection(("127.0.0.1", port))
                if not self._passed_on(client, server, request, tls=bool(host)):
                    return
                request = None
        finally:
            if server is not None:
                server.close()

    def _passed_on(self, client: socket.socket, server: socket.socket, request: Request, *, tls: bool) -> bool:
        """Whether the connection is good for another request."""
        fault = self._met(request.operation, request.header("X-AnchorMailbox"))
        if fault is not None and fault.when == "before":
            return self._fail(client, fault)
        if tls:
            request.headers.append(b"X-Forwarded-Proto: https\r\n")
        with self._lock:
            self.passed.append(request.operation)
        server.sendall(request.for_server())
        if fault is not None:
            head, *body = _answer(server)
            if fault.when != "after":
                inside = b"".join(body)
                client.sendall(head[: len(head) // 2] if fault.when == "head" else head + inside[: len(inside) // 2])
            return self._fail(client, fault)
        try:
            for piece in _answer(server, keeps=self.keeps):
                client.sendall(piece)
        except ConnectionError:
            # What befell the server's connection befalls the client's.
            _reset(client)
            return False
        return self.keeps

    def _fail(self, client: socket.socket, fault: Fault) -> bool:
        if fault.what == "status":
            client.sendall(_refusal(fault.status))
        elif fault.what == "reset":
            _reset(client)
        elif fault.what == "garbled":
            # Within a tunnel past TLS, as whoever spoils it there has no key.
            with socket.socket(fileno=dup(client.fileno())) as bare:
                bare.sendall(b"\x17\x03\x03\x00\x10not what it was.\r\n\r\n")
        elif fault.what == "silent":
            with self._lock:
                self.held += 1
            while client.recv(65536):
                pass
        return False


def _answer(server: socket.socket, *, keeps: bool = True) -> Iterator[bytes]:
    """A server's answer as it comes. Raises ConnectionError where it does not come to its end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = server.recv(1)
        if not byte:
            raise ConnectionResetError
        head += byte
    yield head if keeps else head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    left = int(found[1]) if found else 0
    while left:
        piece = server.recv(min(left, 65536))
        if not piece:
            raise ConnectionResetError
        left -= len(piece)
        yield piece


def _refusal(status: int) -> bytes:
    body = f"<html><body><h1>{status}</h1>The proxy answered.</body></html>".encode()
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return head.encode() + (b"Proxy-Authenticate: Basic realm=x\r\n" if status == 407 else b"") + b"\r\n" + body


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def own_authority(folder: Path, *names: str) -> Path:
    """A certificate for these host names that is its own authority, with its key: one file."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the network's own authority")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "authority.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path
