"""Tables of facts: framed and coloured on a terminal, plain columns where they are piped or the terminal wants none."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from timetable_sync.cli.output import tell, tell_text, wants_colour
from timetable_sync.reports.sanitize import legible

#: By the first word of a cell's text.
_COLOURS = {
    "done": "green",
    "yes": "green",
    "failed": "red",
    "failed:": "red",
    "killed": "red",
    "killed:": "red",
    "some": "red",
    "cut": "red",
    "held": "yellow",
    "something": "yellow",
    "at": "cyan",
    "working": "cyan",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; numbers stand to the ``right``; ``telling`` cells are coloured by their first word."""

    head: str
    right: bool = False
    telling: bool = False


def tell_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
    """One table to standard output. Cells may be raw timetable text."""
    cells = [[legible(cell) for cell in row] for row in rows]
    if wants_colour():
        _framed(columns, cells)
    else:
        _plain(columns, cells, indent)


def tell_lines(*lines: str) -> None:
    """Lines to standard output, made fit to be shown; an empty one is an empty line."""
    text = "".join(legible(line).rstrip() + "\n" for line in lines)
    tell_text(text)


def tell_heading(line: str) -> None:
    """A line that stands out on a terminal."""
    text = legible(line)
    tell_text((f"\x1b[1m{text}\x1b[0m" if wants_colour() else text) + "\n")


def _framed(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.head, justify="right" if column.right else "left", overflow="fold", no_wrap=column.right)
    for row in rows:
        styled = [
            Text(cell, style=_COLOURS.get(cell.partition(" ")[0].rstrip(","), "") if column.telling else "")
            for column, cell in zip(columns, row, strict=True)
        ]
        table.add_row(*styled)
    tell(lambda out: Console(file=out).print(table))


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]], indent: int) -> None:
    everything = [[column.head for column in columns], *rows]
    widths = [max(len(row[place]) for row in everything) for place in range(len(columns))]
    lines = []
    for row in everything:
        padded = [
            cell.rjust(width) if column.right else cell.ljust(width) for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        lines.append(" " * indent + "  ".join(padded).rstrip() + "\n")
    tell(lambda out: out.writelines(lines))
