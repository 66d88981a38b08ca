"""An Exchange and an Entra ID on a real socket that nobody of ours wrote for: built from the schemas and the documentation alone.

It shares nothing with the sandbox. Every request is held against the schemas and what the documentation demands; what is wrong
stands in ``violations``. ``troubles`` are laid down before a request and happen once each.
"""

import gzip
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from lxml import etree

from tests.calendars.ews.other_exchange.demands import NS, complaints
from tests.calendars.ews.other_exchange.habits import Habits
from tests.calendars.ews.other_exchange.mailbox import Mailbox
from tests.calendars.ews.other_exchange.operations import Operations
from tests.calendars.ews.other_exchange.tokens import Tokens
from tests.calendars.ews.other_exchange.writing_down import Hand
from tests.serving import Serving


@dataclass
class Trouble:
    """What happens to the next request of ``operation`` ("*": any), once; ``after`` it was carried out, or instead."""

    operation: str
    status: int = 500
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    drop: bool = False


Said = tuple[int, bytes, dict[str, str]]


class OtherExchange(Serving):
    """A context manager. ``mailboxes`` by address; an address that is not among them has none."""

    def __init__(self, habits: Habits, schema_folder: Path, certificate: x509.Certificate, client: str) -> None:
        self.habits = habits
        self.hand = Hand(habits)
        self.operations = Operations(habits)
        self.mailboxes: dict[str, Mailbox] = {}
        self.tokens = Tokens(certificate, client)
        self.violations: list[str] = []
        self.troubles: list[Trouble] = []
        self.asked: Counter[str] = Counter()
        self.strangers: list[dict[str, str]] = []
        #: Mailboxes that the front end does not find the way to, and what it says to whoever asks for them.
        self.astray: dict[str, Said] = {}
        self._schemas = schema_folder
        self._lock = threading.Lock()
        self._answers = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def said(self, path: str, headers: dict[str, str], body: bytes) -> Said | None:
        """What is answered; None to hang up."""
        with self._lock:
            if path.endswith("/oauth2/v2.0/token"):
                found = list(self.tokens.complaints(self.url + path, body))
                self.violations += found
                return (
                    (400, b'{"error":"invalid_client"}', {}) if found else (200, self.tokens.token(), {"Content-Type": "application/json"})
                )
            if path != "/EWS/Exchange.asmx":
                self.strangers.append(headers)
                return 404, b"", {}
            return self._exchange(headers, body)

    def _exchange(self, headers: dict[str, str], body: bytes) -> Said | None:
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens.good:
            return 401, b"", {"WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"'}
        root = etree.fromstring(body)
        self.violations += complaints(root, headers, self._schemas)
        request = root.find("s:Body", NS)[0]  # type: ignore[index]  # else it had been invalid
        operation = etree.QName(request).localname
        self.asked[operation] += 1
        trouble = next((one for one in self.troubles if one.operation in ("*", operation)), None)
        if trouble is not None:
            self.troubles.remove(trouble)
            if not trouble.after:
                return None if trouble.drop else (trouble.status, trouble.body, trouble.headers)
        address = root.findtext("s:Header/t:ExchangeImpersonation/t:ConnectingSID/t:SmtpAddress", "", NS)
        if address in self.astray:
            return self.astray[address]
        mailbox = self.mailboxes.get(address)
        refused = "ErrorNonExistentMailbox" if mailbox is None else mailbox.refuses
        if mailbox is None or refused:
            said: Said = (500, self.hand.fault(refused), {})
        else:
            said = (200, self.operations.answer(request, mailbox), {})
        if trouble is not None:
            return None if trouble.drop else (trouble.status, trouble.body, trouble.headers)
        return said

    def hangs_up(self) -> bool:
        """Whether the connection is closed after this answer, without a word."""
        self._answers += 1
        return bool(self.habits.hang_up) and self._answers % self.habits.hang_up == 0


def _handler(exchange: OtherExchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = exchange.said(self.path, dict(self.headers.items()), body)
            if said is None:
                self.close_connection = True
                return
            status, answer, headers = said
            given = {"Content-Type": "text/xml; charset=utf-8", "X-FEServer": "AM0PR01CA0001", "request-id": "1"} | headers
            encoding = exchange.habits.encoding
            if "gzip" in encoding and "gzip" in self.headers.get("Accept-Encoding", ""):
                answer, given["Content-Encoding"] = gzip.compress(answer), "gzip"
            self.send_response(status)
            for name, value in given.items():
                self.send_header(name, value)
            if "chunked" in encoding:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                _in_chunks(self.wfile.write, answer)
            else:
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            self.close_connection = self.close_connection or exchange.hangs_up()

        def do_GET(self) -> None:
            exchange.strangers.append(dict(self.headers.items()))
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _in_chunks(write: Callable[[bytes], object], answer: bytes) -> None:
    for at in range(0, len(answer), 700):
        part = answer[at : at + 700]
        write(f"{len(part):x};ext=1\r\n".encode() + part + b"\r\n")
    write(b"0\r\n\r\n")
