"""How far a night is, where somebody watches. Says nothing where nobody does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from timetable_sync.applying.progress import Progress as Watcher
from timetable_sync.applying.progress import Silent


@contextmanager
def progress(*, wanted: bool) -> Iterator[Watcher]:
    """A bar on standard error where that is a terminal and it is ``wanted``, and silence otherwise."""
    if not (wanted and sys.stderr.isatty()):
        yield Silent()
        return
    from timetable_sync.cli.progress_bar import progress_bar  # noqa: PLC0415 - rich takes long to load

    with progress_bar() as watcher:
        yield watcher
