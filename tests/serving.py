"""A server of a test: it serves from a thread of its own for as long as the test is within it."""

import threading
from socketserver import BaseServer
from types import TracebackType
from typing import Self


class Serving:
    """A context manager; ``_server`` is to be set before it is entered."""

    _server: BaseServer

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
