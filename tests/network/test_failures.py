"""Whether anything of a request had left when it failed: seen on real sockets, without a proxy. With one: tests/calendars/ews."""

import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from timetable_sync.network.adapter import session_by, was_unsent


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
