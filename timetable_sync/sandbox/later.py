"""Work that is done after its request was given up: as a server does whose answer was lost, or whose proxy lost patience."""

import asyncio
from collections.abc import Callable


class Later:
    """What is put off. Of one event loop."""

    def __init__(self) -> None:
        self._pending: dict[asyncio.TimerHandle, Callable[[], None]] = {}

    def put_off(self, seconds: float, work: Callable[[], None]) -> None:
        """``work`` is done ``seconds`` from now, or before by :meth:`catch_up`."""

        def due() -> None:
            del self._pending[handle]
            work()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._pending[handle] = work

    def catch_up(self) -> int:
        """Do at once all that is put off, in its order. Gives how much that was."""
        pending, self._pending = self._pending, {}
        for handle, work in pending.items():
            handle.cancel()
            work()
        return len(pending)
