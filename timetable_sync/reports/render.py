"""A summary as text, JSON, Markdown or HTML, in memory or in a file. Which is told by the file's ending."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Final, Literal, TextIO

from timetable_sync.errors import UsageError
from timetable_sync.reports import html, json_report, markdown, text
from timetable_sync.reports.summary import RunSummary

Kind = Literal["text", "json", "markdown", "html"]

_ENDINGS: Final[dict[str, Kind]] = {".html": "html", ".json": "json", ".md": "markdown", ".txt": "text"}
_WRITERS: Final[dict[Kind, Callable[[RunSummary, TextIO], None]]] = {
    "text": text.write,
    "json": json_report.write,
    "markdown": markdown.write,
    "html": html.write,
}


def render(summary: RunSummary, kind: Kind) -> str:
    """The whole report, every change in it. A long one is better written to a file, as that takes no second copy in memory."""
    out = StringIO()
    _WRITERS[kind](summary, out)
    return out.getvalue()


def kind_of(path: Path) -> Kind:
    """What a report at ``path`` is, by its ending. Raises UsageError for an unknown one."""
    try:
        return _ENDINGS[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"a report cannot be written to {path}: its ending says not what it is to be",
            "End its name with .html, .json, .md or .txt.",
        ) from None


def check_target(path: Path) -> None:
    """Raises UsageError if a report could not be written to ``path``; meant for before the run, when nothing is lost yet."""
    kind_of(path)
    if path.is_dir():
        raise UsageError(f"a report cannot be written to {path}: it is a folder", "Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"a report cannot be written to {path}: there is no folder {path.parent}", "Make the folder, or name another one.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"a report cannot be written to {path}: the folder {path.parent} may not be written to",
            "Name another folder, or let this user write there.",
        )


def write_report(summary: RunSummary, path: Path) -> None:
    """Write the report to ``path`` in one step: whoever reads it sees the old one or the whole new one.

    Raises UsageError for an unknown ending and OSError where the file cannot be written.
    """
    kind = kind_of(path)
    with replacing(path) as out:
        _WRITERS[kind](summary, out)


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A file to write to, which stands at ``path`` once all is written. Raises OSError, and then all is as it was."""
    # Opened here rather than by tempfile, whose files only their owner may read: a report has the rights that the umask gives it.
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with part.open("x", encoding="utf-8", newline="\n", errors="replace") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
