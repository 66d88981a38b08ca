"""Work that is done after its request was given up, as by a server whose answer was lost; and answers that are held back."""

import asyncio
from collections.abc import Callable

from aiohttp import web

#: Seconds between two looks whether whoever asked is still there: aiohttp tells a handler of that only by cancelling it.
_LOOKS = 0.02


class Later:
    """What is put off. Of one event loop."""

    def __init__(self) -> None:
        self._pending: dict[asyncio.Handle, Callable[[], None]] = {}

    def put_off(self, seconds: float | None, work: Callable[[], None]) -> None:
        """``work`` is done ``seconds`` from now, or before by :meth:`catch_up`; None is by that alone."""

        def due() -> None:
            del self._pending[handle]
            work()

        loop = asyncio.get_running_loop()
        handle = asyncio.Handle(due, (), loop) if seconds is None else loop.call_later(seconds, due)
        self._pending[handle] = work

    def catch_up(self) -> int:
        """Do at once all that is put off, in its order. Gives how much that was."""
        pending, self._pending = self._pending, {}
        for handle, work in pending.items():
            handle.cancel()
            work()
        return len(pending)


class Held:
    """Answers that are held back until whoever asked has gone, or :meth:`let_go` is called, however long that is. Of one event loop.

    ``silent`` and ``dripping`` count them: those of which nothing comes any more, and those that go on coming and do not end.
    """

    def __init__(self) -> None:
        self.silent = self.dripping = 0
        self._let_go = 0

    async def hold(self, request: web.Request) -> None:
        """Say nothing until then."""
        self.silent += 1
        turn = self._let_go
        while _is_there(request) and turn == self._let_go:
            await asyncio.sleep(_LOOKS)

    async def drip(self, request: web.Request, stream: web.StreamResponse, payload: bytes) -> None:
        """Send it in single bytes, and never the last of them, until then."""
        self.dripping += 1
        turn, at = self._let_go, 0
        while _is_there(request) and turn == self._let_go:
            if at < len(payload) - 1:
                await stream.write(payload[at : at + 1])
                at += 1
            await asyncio.sleep(_LOOKS)

    def let_go(self) -> None:
        """All that are held now."""
        self._let_go += 1


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
