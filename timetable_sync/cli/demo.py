"""``timetable-sync demo``: everything once, on this machine. Thin: the demo tells its own story; here it is only seen that it ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from timetable_sync.demo.folder import DEFAULT, DemoFolder
from timetable_sync.demo.processes import refuse_without_its_extra
from timetable_sync.demo.screen import Screen
from timetable_sync.demo.story import tell


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where to put it all: a new folder, or an earlier demo's.")
    ] = DEFAULT,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sandbox running at the end, until Ctrl-C, to go on by hand.")] = False,
) -> None:
    """Everything once, on this machine, with nothing else needed: a made-up college, a local Exchange, three nights.

    Checks by itself that the calendars are what it says they are. Takes under a minute, and leaves nothing running.

    Example: timetable-sync demo --folder /tmp/demo
    """
    refuse_without_its_extra()
    screen = Screen()
    with _ended_by_signals():
        tell(DemoFolder(folder), screen, partial(_wait, screen) if keep else None)


def _wait(screen: Screen, url: str) -> None:
    """Until Ctrl-C, which is then no mishap."""
    try:
        screen.title(f"The sandbox goes on at {url} until Ctrl-C.")
        threading.Event().wait()
    except KeyboardInterrupt:
        screen.title("The sandbox has ended.")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While it lasts, SIGTERM and a closed terminal end us as Ctrl-C does: by way of everything that has to be ended first."""
    names = ("SIGTERM", "SIGHUP")
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ended(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, ended) for name in names if (number := getattr(signal, name, None)) is not None}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
