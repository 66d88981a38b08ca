"""What the demo prints: a few lines, with colours on a terminal and plain elsewhere. Knows nothing of what it prints."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text


class Screen:
    """Facts on standard output; what is being waited for on standard error, and only on a terminal."""

    def __init__(self, out: Console | None = None, err: Console | None = None) -> None:
        self._out = out or Console(highlight=False, soft_wrap=True)
        self._err = err or Console(stderr=True)
        utf8 = (self._out.encoding or "").lower().startswith("utf")
        self._tick, self._cross, self._bar, self._dot = ("✓", "✗", "│", "·") if utf8 else ("ok", "WRONG", "|", "-")

    def title(self, text: str) -> None:
        """A headline, with an empty line before it."""
        self._print()
        self._print((text, "bold"))

    def fact(self, name: str, text: str) -> None:
        """One line of a list of facts."""
        self._print(f"  {name:<17}", text)

    def item(self, text: str) -> None:
        """One thing that happened."""
        self._print(f"  {self._dot} ", text)

    def typed(self, arguments: Sequence[str]) -> None:
        """A command as a person would type it."""
        self._print("  $ ", (" ".join(["timetable-sync", *arguments]), "bold cyan"))

    def quoted(self, text: str) -> None:
        """What a command printed."""
        for line in text.splitlines():
            self._print((f"  {self._bar} " if line else f"  {self._bar}", "dim"), line)

    def held(self, text: str) -> None:
        """Something was checked and is so."""
        self._print((f"  {self._tick} ", "bold green"), text)

    def wrong(self, text: str) -> None:
        """Something was checked and is not so."""
        self._print((f"  {self._cross} ", "bold red"), text)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """While it lasts, say that we are at it, where somebody watches."""
        if not (self._err.is_terminal and sys.stderr.isatty()):
            yield
            return
        with self._err.status(f"{text} …", spinner="line"):
            yield

    def _print(self, *parts: str | tuple[str, str]) -> None:
        self._out.print(Text.assemble(*parts))


def shown(path: Path) -> str:
    """``path`` as it is shortest to type from here."""
    absolute, here = path.resolve(), Path.cwd().resolve()
    return os.path.relpath(absolute, here) if absolute.is_relative_to(here) else str(absolute)
