"""Certificates made on the spot, and a token endpoint that answers as a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.entra.making import CLIENT, TENANT, Endpoint, Made, make
from timetable_sync.config.sections.entra import Entra


@pytest.fixture(scope="session")
def made() -> Made:
    return make()


@pytest.fixture(scope="session")
def other() -> Made:
    return make("another")


@pytest.fixture(scope="session")
def elliptic() -> Made:
    return make("elliptic", key=ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes], dict[str, str]]:
    """Writes a file that only we can read, and gives the reference to it."""

    def write(name: str, data: bytes) -> dict[str, str]:
        path = tmp_path / name
        path.write_bytes(data)
        path.chmod(0o600)
        return {"file": str(path)}

    return write


@pytest.fixture
def entra(written: Callable[[str, bytes], dict[str, str]], made: Made) -> Callable[..., Entra]:
    """A configuration; what a test says overrides it."""

    def build(**changes: Any) -> Entra:
        fields: dict[str, Any] = {
            "tenant": TENANT,
            "client": CLIENT,
            "certificate": written("certificate.pem", made.pem),
            "key": written("key.pem", made.key_pem()),
        }
        return Entra.model_validate(fields | changes)

    return build


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    known = Endpoint("")
    known.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            known.forms.append({name: values[0] for name, values in parse_qs(body).items()})
            known.paths.append(self.path)
            known.headers.append(dict(self.headers))
            known.gate.wait(30)
            status, answer, headers = known.replies.pop(0) if len(known.replies) > 1 else known.replies[0]
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response_only(status)
            for name, value in {"Date": "Tue, 24 Nov 2026 02:00:00 GMT", "Content-Type": "application/json"}.items():
                if name not in headers:
                    self.send_header(name, value)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield known
    known.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()
