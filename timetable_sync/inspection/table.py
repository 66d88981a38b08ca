"""Tables in plain text. Pure: cells in, lines out."""

from collections.abc import Iterator, Sequence

from timetable_sync.reporting.legible import legible

_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), longest: int = 48) -> Iterator[str]:
    """A line for the headings and one a row. Columns in ``right`` stand to the right; cells are cut at ``longest``, but the last."""
    last = len(headings) - 1
    cells = [[_fitted(cell, longest if at < last else 0) for at, cell in enumerate(row)] for row in (headings, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(headings))]
    for row in cells:
        placed = [cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
        yield _GAP.join(placed).rstrip()


def _fitted(cell: str, longest: int) -> str:
    text = legible(cell)
    return text if not longest or len(text) <= longest else text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
