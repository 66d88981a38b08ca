"""What is asked of the process: EWS and tokens by the clients, everything else by who measures, in JSON."""

import base64
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.exchange.operations import Store, busy, operation_of
from benchmarks.exchange.seed import read_seed

Reply = tuple[int, str, bytes, bool]
_XML, _JSON = "text/xml; charset=utf-8", "application/json"


class Control:
    """Counts and records what comes; allows as many EWS requests in each second as it is told, 0 for any number."""

    def __init__(self) -> None:
        self.store = Store()
        self.latency = 0.0
        self.gzip = False
        self._limit = 0
        self._record = False
        self._recorded: list[bytes] = []
        self._counts: Counter[str] = Counter()
        self._second, self._in_it = 0, 0
        self._first = self._last = 0.0

    def came(self, received: int, sent: int) -> None:
        """So many bytes, for the client's account."""
        self._counts["bytes_in"] += received
        self._counts["bytes_out"] += sent

    def answer(self, head: bytes, body: bytes) -> Reply:
        """Status, content type, content, and whether it is a client's matter, and so is counted and held back."""
        path = head.split(b" ", 2)[1].decode()
        if path == "/EWS/Exchange.asmx":
            return self._ews(head, body)
        if path.endswith("/oauth2/v2.0/token"):
            self._counts["token"] += 1
            token = {"token_type": "Bearer", "expires_in": 86_399, "ext_expires_in": 86_399, "access_token": _TOKEN}
            return 200, _JSON, json.dumps(token).encode(), True
        if path == "/control":
            return 200, _JSON, json.dumps(self._told(json.loads(body))).encode(), False
        return 404, _JSON, b"{}", False

    def _ews(self, head: bytes, body: bytes) -> Reply:
        if self._record:
            self._recorded.append(head + b"\r\n\r\n" + body)
        operation = operation_of(body)
        self._last = time.monotonic()
        self._first = self._first or self._last
        if (wait := self._too_many()) > 0:
            self._counts["busy"] += 1
            return 500, _XML, busy(wait), True
        self._counts[operation] += 1
        return 200, _XML, self.store.answer(operation, body), True

    def _too_many(self) -> int:
        """Milliseconds until there is room again, 0 where there is."""
        if not self._limit:
            return 0
        now = time.monotonic()
        if int(now) != self._second:
            self._second, self._in_it = int(now), 0
        if self._in_it < self._limit:
            self._in_it += 1
            return 0
        return max(1, round((self._second + 1 - now) * 1000))

    def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        """Set what ``order`` names, do what it says; gives what was counted since it was last told to begin anew."""
        counted, span = dict(self._counts), int(self._last) - int(self._first) + 1
        self.latency = float(order.get("latency", self.latency))
        self.gzip = bool(order.get("gzip", self.gzip))
        self._limit = int(order.get("limit", self._limit))
        if order.get("clear"):
            self.store = Store()
        if "seed" in order:
            read_seed(self.store, Path(order["seed"]))
        if order.get("mark"):
            self.store.mark()
        if order.get("restore"):
            self.store.restore()
        if "write" in order:
            Path(order["write"]).write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in self._recorded))
        if order.get("anew"):
            self._counts.clear()
            self._first = self._last = 0.0
            self._recorded = []
            self._record = bool(order.get("record"))
        return {
            "counts": counted,
            # In how many seconds of the clock EWS was asked: as many times was the limit allowed.
            "span": span,
            "items": sum(len(mailbox.items) for mailbox in self.store.mailboxes.values()),
            "mailboxes": len(self.store.mailboxes),
        }


def _token() -> str:
    """As long as Entra ID's. Its roles are read by the client, its signature by nobody."""

    def part(of: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).decode().rstrip("=")

    claims = {"aud": "https://outlook.office365.com", "roles": ["full_access_as_app"], "exp": 4_102_444_800, "x": "x" * 900}
    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.{'x' * 342}"


_TOKEN = _token()
