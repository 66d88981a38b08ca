"""The way out: by a proxy that notes what came by, with the server verified; and whether anything of a failed request had left."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest
import requests

from tests.forward_proxy import ForwardProxy
from timetable_sync.config.sections.run import Network
from timetable_sync.errors import UsageError
from timetable_sync.network import adapter
from timetable_sync.network.adapter import AnswerTooLong, VerifyingAdapter, session_by, was_unsent
from timetable_sync.network.proxy import proxy_address


class Proxy:
    """A proxy for http that answers everything itself, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Proxy-Authorization", "")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy()
    thread = threading.Thread(target=running.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def test_a_configured_proxy_is_gone_by_and_wins_over_the_environments(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert session_by(proxy.url).get("http://mail.example.test/x", timeout=5).status_code == 200
    assert proxy.asked == [("http://mail.example.test/x", "")]


def test_without_one_the_environments_counts_as_in_requests(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert session_by(None).get("http://mail.example.test/x", timeout=5).status_code == 200
    assert [path for path, _ in proxy.asked] == ["http://mail.example.test/x"]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_what_no_proxy_names_and_this_machine_are_reached_without_it(name: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, "localhost.localdomain")
    # Straight to what listens there; by way of a proxy the path would be the whole address.
    assert session_by("http://127.0.0.1:9").get(f"{proxy.url}/straight", timeout=5).status_code == 200
    assert proxy.asked == [("/straight", "")]


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "configured"])
@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_this_very_machine_is_never_asked_by_way_of_a_proxy(name: str, scheme: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(one, raising=False)
    nobody = f"{scheme}://127.0.0.1:9"
    if name != "configured":
        monkeypatch.setenv(name, nobody)
    session = session_by(nobody if name == "configured" else None)
    hosts = ("127.0.0.1", "localhost", "LOCALHOST", "127.1", "[::ffff:127.0.0.1]")
    for host in hosts:
        assert session.get(f"http://{host}:{proxy.server.server_address[1]}/x", timeout=5).status_code == 200
    # By way of a proxy each would be a whole address.
    assert [path for path, _ in proxy.asked] == ["/x"] * len(hosts)


@pytest.mark.parametrize("host", ["a.localhost", "[::1]", "[::ffff:127.9.9.9]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_for_this_very_machine_comes_to_a_proxy_even_where_nobody_listens_there(
    host: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(one, raising=False)
    with ForwardProxy({}) as proxy:
        for one in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(one, proxy.url)
        for session in (session_by(None), session_by(proxy.url)):
            with pytest.raises(requests.ConnectionError):
                session.get(f"{scheme}://{host}:9/", timeout=5)
        assert proxy.asked == []


def test_the_proxys_user_signs_in_with_the_referenced_password(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    network = Network.model_validate({"proxy": proxy.url.replace("//", "//me@"), "proxy_password": {"env": "PROXY"}})
    address = proxy_address(network, {"PROXY": "p@ss:/word"})
    assert address is not None
    assert session_by(address).get("http://mail.example.test/x", timeout=5).status_code == 200
    assert proxy.asked[0][1] == "Basic bWU6cEBzczovd29yZA=="  # me:p@ss:/word


def test_a_password_needs_a_user() -> None:
    network = Network.model_validate({"proxy": "http://proxy.example:3128", "proxy_password": {"env": "PROXY"}})
    with pytest.raises(UsageError, match="names no user"):
        proxy_address(network, {"PROXY": "canary"})


def test_the_environment_cannot_turn_verification_off_or_replace_our_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def send(self: object, request: object, **options: object) -> None:
        seen.append(options["verify"])
        raise ConnectionError

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/elsewhere.pem")
    for bundle, verify in ((Path("/ours.pem"), True), (None, False)):
        session = session_by(None, bundle)
        session.verify = verify
        with pytest.raises(ConnectionError):
            session.get("https://mail.example.test/", timeout=5)
    assert seen[0] == "/ours.pem"
    assert seen[1] in (True, "/elsewhere.pem")
    assert isinstance(session.get_adapter("https://x"), VerifyingAdapter)


@pytest.fixture
def odd() -> Iterator[str]:
    """A server whose answers nobody wants: /packed unpacks to far more than it is, /nowhere points to what is no address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = gzip.compress(bytes(10_000_000)) if self.path == "/packed" else b""
            self.send_response(200 if body else 302)
            self.send_header("Location" if not body else "Content-Encoding", "https://[::nowhere" if not body else "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_answer_that_grows_beyond_all_bounds_is_not_read_to_its_end(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(session_by(None).get(f"{odd}/packed", timeout=5).content) == 10_000_000
    monkeypatch.setattr(adapter, "LONGEST_ANSWER", 1_000_000)
    with pytest.raises(AnswerTooLong):
        session_by(None).get(f"{odd}/packed", timeout=5)


def test_a_redirect_to_what_is_no_address_is_an_answer_like_others(odd: str) -> None:
    assert session_by(None).get(f"{odd}/nowhere", timeout=5, allow_redirects=False).status_code == 302
    # And where somebody forgets to forbid it, nothing is followed either.
    assert session_by(None).get(f"{odd}/nowhere", timeout=5).status_code == 302


class Dripping:
    """A server whose answer comes byte by byte, each well within any time-out, and at last to its end."""

    def __init__(self, length: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                with suppress(OSError):  # who asked has gone
                    for _ in range(length):
                        self.wfile.write(b"x")
                        time.sleep(0.02)

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_an_answer_that_drips_in_is_whole_if_it_comes_to_an_end() -> None:
    with Dripping(5) as server:
        assert session_by(None).get(server.url, timeout=5).content == b"xxxxx"


def test_an_answer_that_drips_in_for_ever_is_given_up() -> None:
    with Dripping(100_000) as server:
        began = time.monotonic()
        with pytest.raises(requests.Timeout):
            session_by(None).get(server.url, timeout=0.2)
        assert time.monotonic() - began < 10


def test_a_session_reaches_one_server_after_another_and_again_after_it_was_closed(proxy: Proxy) -> None:
    other = Proxy()
    threading.Thread(target=other.server.serve_forever, args=(0.01,), daemon=True).start()
    session = session_by(None)
    for url in (proxy.url, other.url, proxy.url):
        assert session.get(f"{url}/x", timeout=5).status_code == 200
    session.close()
    assert session.get(f"{proxy.url}/x", timeout=5).status_code == 200
    assert ([path for path, _ in proxy.asked], [path for path, _ in other.asked]) == (["/x", "/x", "/x"], ["/x"])
    other.server.shutdown()
    other.server.server_close()


def test_to_one_server_the_connections_are_the_same_and_after_closing_others() -> None:
    way = VerifyingAdapter()
    request = requests.Request("GET", "http://127.0.0.1:9/x").prepare()
    pool = way.get_connection_with_tls_context(request, True)
    assert way.get_connection_with_tls_context(request, True) is pool
    way.close()
    second = way.get_connection_with_tls_context(request, True)
    assert second is not pool
    assert way.get_connection_with_tls_context(request, True, proxies={"http": "http://127.0.0.1:8"}) is not second


def test_connections_that_were_closed_behind_its_back_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    way = VerifyingAdapter()
    request = requests.Request("GET", "http://127.0.0.1:9/x").prepare()
    pool = way.get_connection_with_tls_context(request, True)
    remembered = way._latest
    way.close()
    pool.close()
    monkeypatch.setattr(way, "_latest", remembered)
    assert way.get_connection_with_tls_context(request, True) is not pool


class Closing:
    """A server that closes each connection: at once, or when it has been asked."""

    def __init__(self) -> None:
        self.reads = True
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with client:
                if self.reads:
                    client.recv(65536)


@pytest.fixture
def closing() -> Iterator[Closing]:
    server = Closing()
    yield server
    server.server.close()


def failure(url: str) -> requests.RequestException:
    with pytest.raises(requests.RequestException) as failed:
        session_by(None).post(url, data=b"x", timeout=5)
    return failed.value


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert was_unsent(failure(f"http://127.0.0.1:{unused.getsockname()[1]}/"))
        assert was_unsent(failure(f"https://127.0.0.1:{unused.getsockname()[1]}/"))


def test_a_name_that_nobody_knows_is_sent_nothing() -> None:
    assert was_unsent(failure("https://nobody.invalid/"))


def test_a_connection_that_breaks_off_may_have_carried_it(closing: Closing) -> None:
    assert not was_unsent(failure(f"http://127.0.0.1:{closing.port}/"))


@pytest.mark.parametrize("reads", [True, False])
def test_one_that_breaks_off_before_tls_stands_has_not(closing: Closing, reads: bool) -> None:
    closing.reads = reads
    assert was_unsent(failure(f"https://127.0.0.1:{closing.port}/"))


def test_what_befell_an_earlier_request_says_nothing_of_this_one(closing: Closing) -> None:
    try:
        session_by(None).get("http://nobody.invalid/", timeout=5)
    except requests.RequestException as earlier:
        assert was_unsent(earlier)
        later = failure(f"http://127.0.0.1:{closing.port}/")
    assert not was_unsent(later)
