"""Tells whoever watches how far a run is, and measures how long each part of it took."""

import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

log = structlog.stdlib.get_logger(__name__)

#: The part of a run in which its queries are answered.
READING_THE_TIMETABLE: Final = "reading the timetable"


class Progress(Protocol):
    """Told by a run where it is. All methods may be called from several threads."""

    def phase(self, name: str, total: int | None) -> None:
        """A part of the night begins; ``total`` is how many steps it has, None where nobody knows yet."""
        ...

    def step(self, count: int = 1) -> None:
        """So many steps more are done."""
        ...

    def waiting(self, seconds: float, why: str) -> None:
        """The service asked us to wait, or we do before we try again."""
        ...


class Silent:
    """Nobody watches."""

    def phase(self, name: str, total: int | None) -> None:
        """Nothing to say."""

    def step(self, count: int = 1) -> None:
        """Nothing to say."""

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing to say."""


class Phases:
    """A progress that also holds a watch; ``clock`` counts seconds."""

    def __init__(self, watcher: Progress, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._watcher = watcher
        self._clock = clock
        self._done: dict[str, float] = {}
        self._name = ""
        self._since = 0.0

    def phase(self, name: str, total: int | None) -> None:
        """The last part is over, this one begins."""
        self._end()
        self._name, self._since = name, self._clock()
        log.info(name, **({} if total is None else {"of": total}))
        self._watcher.phase(name, total)

    def step(self, count: int = 1) -> None:
        """Handed on."""
        self._watcher.step(count)

    def waiting(self, seconds: float, why: str) -> None:
        """Handed on."""
        self._watcher.waiting(seconds, why)

    def seconds(self) -> dict[str, float]:
        """Seconds by part, in their order; the last one up to now."""
        self._end()
        return dict(self._done)

    def _end(self) -> None:
        if self._name:
            now = self._clock()
            self._done[self._name] = self._done.get(self._name, 0.0) + now - self._since
            self._since = now
