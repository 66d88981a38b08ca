"""How far a night is, as a line on a terminal's standard error. Says nothing where nobody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from timetable_sync.apply.progress import Progress as Watcher
from timetable_sync.apply.progress import Silent


class OnTerminal:
    """Shows the phase of the night; rich's own lock makes it safe to call from several threads."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def phase(self, name: str, total: int | None) -> None:
        """The last phase's line gives way to this one's."""
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._task = self._shown.add_task(escape(name), total=total, note="")

    def step(self, count: int = 1) -> None:
        """So many steps more; whatever we waited for is over."""
        if self._task is not None:
            self._shown.update(self._task, advance=count, note="")

    def waiting(self, seconds: float, why: str) -> None:
        """Beside the bar, until the next step."""
        if self._task is not None:
            self._shown.update(self._task, note=f"waiting {seconds:.0f} s: {escape(why)}")


@contextmanager
def progress(*, wanted: bool) -> Iterator[Watcher]:
    """A bar on standard error where that is a terminal and it is ``wanted``, and silence otherwise."""
    if not (wanted and sys.stderr.isatty()):
        yield Silent()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as shown:
        yield OnTerminal(shown)
