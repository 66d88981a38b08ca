"""How far the night is, on a terminal and elsewhere."""

import io
from threading import Thread

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from timetable_sync.apply.progress import Silent
from timetable_sync.cli.progress import OnTerminal, progress


def watched() -> tuple[OnTerminal, Progress]:
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    shown = Progress(*columns, console=Console(file=io.StringIO(), width=120), auto_refresh=False)
    return OnTerminal(shown), shown


def line(shown: Progress) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(shown.get_renderable())
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_a_phase_is_shown_with_its_steps() -> None:
    watcher, shown = watched()
    watcher.phase("reading calendars", 12)
    watcher.step()
    watcher.step(4)
    assert line(shown) == "reading calendars 5/12"


def test_a_phase_of_unknown_length_counts() -> None:
    watcher, shown = watched()
    watcher.phase("reading the timetable", None)
    watcher.step(1_000)
    assert line(shown) == "reading the timetable 1000/?"


def test_waiting_is_told_until_the_next_step() -> None:
    watcher, shown = watched()
    watcher.phase("writing", 2)
    watcher.waiting(30.4, "the service is [busy]")
    assert line(shown) == "writing 0/2 waiting 30 s: the service is [busy]"
    watcher.step()
    assert line(shown) == "writing 1/2"


def test_the_next_phase_takes_the_last_ones_place() -> None:
    watcher, shown = watched()
    watcher.phase("reading calendars", 12)
    watcher.phase("writing", 3)
    assert line(shown) == "writing 0/3"


def test_steps_before_any_phase_are_no_error() -> None:
    watcher, shown = watched()
    watcher.step()
    watcher.waiting(1, "nothing")
    assert line(shown) == ""


def test_steps_from_several_threads_all_count() -> None:
    watcher, shown = watched()
    watcher.phase("writing", 800)

    def hundred_steps() -> None:
        for _ in range(100):
            watcher.step()

    threads = [Thread(target=hundred_steps) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert line(shown) == "writing 800/800"


def test_nobody_is_bothered_where_there_is_no_terminal() -> None:
    with progress(wanted=True) as watcher:
        assert isinstance(watcher, Silent)
