"""Starts the sandbox and says where it listens; names the extra to install where its web server is missing."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from timetable_sync.errors import UsageError


def start(
    *,
    host: str,
    port: int,
    state: Path | None,
    ready: Path | None,
    first: Sequence[tuple[str, dict[str, Any]]] = (),
    then: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError where it cannot.

    ``first`` are calls of the control API that are made before it listens; ``then`` is told the address once it does.
    """
    try:
        from timetable_sync.sandbox.server import serve  # noqa: PLC0415 - aiohttp is an extra: it may be missing
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        raise UsageError(
            "the sandbox needs aiohttp, which is not installed here",
            "Install it with: pip install 'timetable-sync[sandbox]'",
        ) from error

    def announce(url: str) -> None:
        _announce(url)
        if then is not None:
            then(url)

    serve(host=host, port=port, state=state, ready=ready, announce=announce, first=first)


def _announce(url: str) -> None:
    sys.stdout.write(f"sandbox: Entra ID and Exchange at {url} (EWS: {url}/EWS/Exchange.asmx); Ctrl-C ends it\n")
    sys.stdout.flush()
