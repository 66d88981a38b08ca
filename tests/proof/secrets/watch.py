"""Looks at a process and its children while they live: their words, their environment, and what lies in the folder for temporary files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_EVERY = 0.02


class Seen:
    """By place, all that was ever there."""

    def __init__(self) -> None:
        self.words: dict[str, bytes] = {}
        self.environments: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.processes: set[int] = set()


@contextmanager
def watching(pid: int, temporary: Path) -> Iterator[Seen]:
    """As often as can be, until it ends."""
    seen, over = Seen(), threading.Event()

    def look() -> None:
        while not over.is_set():
            _look(seen, pid, temporary)
            over.wait(_EVERY)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
        _look(seen, pid, temporary)


def _look(seen: Seen, pid: int, temporary: Path) -> None:
    for number in _family(pid):
        with suppress(OSError):
            words, environment = Path(f"/proc/{number}/cmdline").read_bytes(), Path(f"/proc/{number}/environ").read_bytes()
            seen.processes.add(number)
            # A process that was just forked has its parent's for a moment.
            seen.words[f"the words of process {number}: {len(words)}"] = words
            seen.environments[f"the environment of process {number}: {len(environment)}"] = environment
    for path in temporary.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                seen.files[f"the temporary file {path.name}, {path.stat().st_size} bytes"] = path.read_bytes() + path.name.encode()


def _family(pid: int) -> list[int]:
    """The process, and all that come of it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                parents[int(folder.name)] = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    family = [pid]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family
